// The form in sections: a list that stays in sight says where one is and where something is to fix.
// What is seldom changed is folded.

import { make } from "./studio-values.js";

const BASICS = "Basics";
const SELDOM = new Set(["format", "seed", "idle_minutes", "max_minutes", "has_score", "translations", "crop"]);
const FOLDED = new Set(["pool", "wording", "device", "analysis"]);

const IN_SIGHT = 1; // sections after the basics that a screen shows at first

let spy = null;

function section(title, body, isFolded) {
  const heading = make("h2", { textContent: title, id: `part-${title.toLowerCase().replaceAll(/[^a-z]+/g, "-")}` });
  if (!isFolded) return make("section", { className: "card stack" }, heading, body);
  const fold = make("details", {}, make("summary", { textContent: `Advanced: ${title.toLowerCase()}` }), body);
  fold.dataset.fold = title;
  return make("section", { className: "card stack" }, heading, fold);
}

const grid = (...children) => make("div", { className: "fields" }, ...children);

export function drawSections(pane, fields, schema, doc) {
  const keyOf = (each) => each.dataset.path ?? each.dataset.fold;
  const open = new Set([...pane.querySelectorAll("details[open]")].map(keyOf));
  const basics = [];
  const seldom = [];
  const rest = [];
  for (const [name, part] of Object.entries(schema.properties)) {
    const whole = fields.resolved(part, doc[name]);
    const isPart = "properties" in whole || Array.isArray(doc[name]);
    if (isPart && !SELDOM.has(name)) {
      rest.push(section(whole.title ?? name, page(fields, part, doc, name, rest.length < IN_SIGHT), FOLDED.has(name)));
      continue;
    }
    const made = fields.field(part, doc, name, name);
    if (made !== null) (SELDOM.has(name) ? seldom : basics).push(made);
  }
  const more = make("details", {}, make("summary", { textContent: "Advanced: seed, time limits, more languages, format" }), grid(...seldom));
  more.dataset.fold = BASICS;
  const sections = [section(BASICS, make("div", { className: "stack" }, grid(...basics), more)), ...rest];
  const list = make("nav", { className: "contents", "aria-label": "Sections" }, ...sections.map(linkOf));
  pane.replaceChildren(list, make("div", { className: "contents__pages" }, ...sections));
  for (const each of pane.querySelectorAll("details")) each.open ||= open.has(keyOf(each));
  follow(list, sections);
}

// The fields of a section, which are drawn later if it is not in sight.
function page(fields, part, doc, name, isInSight) {
  const box = grid();
  const draw = () => {
    const made = fields.field(part, doc, name, name);
    if (made.tagName === "FIELDSET") made.querySelector("legend").classList.add("unseen");
    box.append(made);
  };
  if (isInSight) draw();
  else fields.rest.later(name, box, draw);
  return box;
}

function linkOf(each) {
  const heading = each.querySelector("h2");
  const link = make("a", { href: `#${heading.id}` }, make("span", { textContent: heading.textContent }));
  link.addEventListener("click", () => { const fold = each.querySelector(":scope > details"); if (fold) fold.open = true; });
  return link;
}

// The list marks the section that is being read.
function follow(list, sections) {
  spy?.disconnect();
  const links = new Map(sections.map((each, at) => [each, list.children[at]]));
  spy = new IntersectionObserver((seen) => {
    for (const each of seen) {
      if (!each.isIntersecting) continue;
      for (const link of list.children) link.removeAttribute("aria-current");
      links.get(each.target).setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-10% 0px -80% 0px" });
  for (const each of sections) spy.observe(each);
}

// How many things are to fix in each section.
export function markSections(pane, problems) {
  const list = pane.querySelector(".contents");
  if (!list) return;
  const sections = [...pane.querySelectorAll(".contents__pages > section")];
  for (const [at, each] of sections.entries()) {
    const n = each.querySelectorAll("[data-error]").length;
    list.children[at].querySelector(".badge")?.remove();
    if (n && problems.length) list.children[at].append(make("span", { className: "badge badge--warn", textContent: `${n} to fix` }));
  }
}
