// The editor: one document, edited as a form or as a YAML text, judged by the server as one types.
// Only the pane that is shown can be typed into, and that pane is the document. Before the other pane
// is shown, it is made from this one; if it cannot be made, this one stays. So the two never differ.
// Without this file the YAML text is there, and saving it says what is wrong.

import { Fields } from "./studio-fields.js";

const PAUSE_MS = 400;
const form = document.querySelector("form[data-editor]");
const { schema, dataset, slug, answer, is_unsaved: isUnsaved } = JSON.parse(document.getElementById("editor-data").textContent);
const text = form.elements.namedItem("text");
const panes = { form: document.getElementById("pane-form"), yaml: document.getElementById("pane-yaml") };
const tabs = { form: document.getElementById("tab-form"), yaml: document.getElementById("tab-yaml") };
const summary = document.querySelector("[data-summary]");
const token = form.elements.namedItem("csrfmiddlewaretoken").value;

let doc = answer.document;
let problems = answer.problems;
let active = "yaml";
let isDirty = isUnsaved;
let version = 0; // grows with each change
let known = 0; // the version that the other pane and the judgement are of
let last = answer; // what the server said of it
let timer = null;

// ---- the form ----

const fields = new Fields(schema, () => changed());

function section(title, ...children) {
  const box = document.createElement("section");
  box.className = "card stack";
  const heading = document.createElement("h2");
  heading.textContent = title;
  const body = document.createElement("div");
  body.className = "fields";
  body.append(...children);
  box.append(heading, body);
  return box;
}

function drawForm() {
  const open = new Set([...panes.form.querySelectorAll("details[open]")].map((each) => each.dataset.path));
  fields.fill(schema, doc);
  const basics = [];
  const rest = [];
  for (const [name, part] of Object.entries(schema.properties)) {
    const made = fields.field(part, doc, name, name);
    if (made === null) continue;
    const isPart = made.tagName === "FIELDSET";
    if (isPart) made.querySelector("legend").classList.add("unseen");
    const title = fields.resolved(part, doc[name]).title ?? name;
    if (isPart || Array.isArray(doc[name])) rest.push(section(title, made));
    else basics.push(made);
  }
  const sections = [section("Basics", ...basics), ...rest];
  const jump = document.createElement("nav");
  jump.className = "row jump";
  jump.setAttribute("aria-label", "Sections");
  for (const each of sections) {
    const heading = each.querySelector("h2");
    heading.id = `part-${heading.textContent.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`;
    jump.append(Object.assign(document.createElement("a"), { href: `#${heading.id}`, textContent: heading.textContent }));
  }
  panes.form.replaceChildren(jump, ...sections);
  for (const each of panes.form.querySelectorAll("details")) each.open ||= open.has(each.dataset.path);
}

// ---- what the server says ----

// The field of a path, or the nearest one around it.
function placeOf(path) {
  for (let at = path, last = null; at && at !== last;) {
    const found = panes.form.querySelector(`[data-path="${CSS.escape(at)}"]`);
    if (found) return found;
    last = at;
    at = at.replace(/(\.[^.[\]]+|\[\d+\]|^[^.[\]]+)$/, "");
  }
  return null;
}

async function reveal(place) {
  await open("form");
  if (active !== "form") return;
  for (let at = place; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  const control = place.matches("details") ? place.querySelector("summary") : place.querySelector("input, select, textarea, button, summary");
  (control ?? place).focus();
  place.scrollIntoView({ block: "center" });
}

function markFields() {
  for (const old of panes.form.querySelectorAll("[data-error]")) old.remove();
  for (const old of panes.form.querySelectorAll("[aria-invalid]")) {
    old.removeAttribute("aria-invalid");
    const help = `${old.id}-help`;
    if (document.getElementById(help)) old.setAttribute("aria-describedby", help);
    else old.removeAttribute("aria-describedby");
  }
  for (const [number, problem] of problems.entries()) {
    const place = placeOf(problem.path);
    if (!place) continue;
    const said = document.createElement("p");
    said.className = "field__error";
    said.id = `error-${number}`;
    said.dataset.error = "";
    said.textContent = `Found ${problem.seen}, expected ${problem.expected}.`;
    if (place.tagName === "DETAILS") place.querySelector("summary").after(said);
    else if (place.tagName === "FIELDSET") place.querySelector("legend").after(said);
    else place.append(said);
    const control = place.classList.contains("field") ? place.querySelector("input, select, textarea") : null;
    if (!control) continue;
    control.setAttribute("aria-invalid", "true");
    const help = control.getAttribute("aria-describedby");
    control.setAttribute("aria-describedby", help ? `${said.id} ${help}` : said.id);
  }
}

function summarise() {
  if (!problems.length) {
    summary.replaceChildren(Object.assign(document.createElement("p"), { textContent: "The document is valid." }));
    return;
  }
  const head = document.createElement("p");
  head.append(Object.assign(document.createElement("strong"), { textContent: `${problems.length} to fix` }));
  const list = document.createElement("ul");
  list.className = "plain";
  for (const problem of problems) {
    const row = document.createElement("li");
    const place = placeOf(problem.path);
    const name = document.createElement(place ? "a" : "strong");
    name.textContent = active === "form" ? problem.name : problem.path;
    if (place) {
      name.href = `#f-${problem.path}`;
      name.addEventListener("click", (event) => { event.preventDefault(); reveal(place); });
    }
    row.append(name, `: found ${problem.seen}, expected ${problem.expected}.`);
    list.append(row);
  }
  summary.replaceChildren(head, list);
}

function drawPools(found) {
  const box = document.querySelector("[data-pools]");
  box.replaceChildren(...found.map((pool) => {
    const line = document.createElement("p");
    line.append(Object.assign(document.createElement("strong"), { textContent: pool.name }), " ");
    if (pool.problem) line.append(pool.problem);
    for (const [at, row] of pool.rows.entries()) {
      line.append(`${at ? "; " : ""}${row.kind}${row.stratum ? `, ${row.stratum}` : ""}: ${row.there} there, ${row.needed} needed`);
      if (row.missing) line.append(", ", Object.assign(document.createElement("strong"), { textContent: `${row.missing} missing` }));
    }
    return line;
  }));
}

// What the form cannot show: a text that is no document, or a value of another shape than its field.
function formRefusal(said) {
  if (!Object.keys(said.document).length) return "The form can be shown when the text can be read as a document. See what to fix above.";
  const path = fields.misfit(schema, said.document);
  return path === null ? "" : `The form cannot show the value of ${path || "the document"}. Change it in the text first.`;
}

function take(said) {
  problems = said.problems;
  if (active === "form") text.value = said.text;
  else if (!formRefusal(said)) {
    doc = said.document;
    drawForm();
  }
  markFields();
  summarise();
  drawPools(said.pools);
}

// Ask the server about the document as it is now. Returns its answer; null if the document changed
// meanwhile, undefined if no answer came.
async function judged() {
  const mine = version;
  const body = JSON.stringify(active === "form" ? { dataset, document: doc } : { dataset, text: text.value });
  try {
    const response = await fetch(form.dataset.check, {
      method: "POST", body, headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    });
    if (!response.ok || response.redirected) return undefined;
    const said = await response.json();
    if (mine !== version) return null;
    known = mine;
    last = said;
    take(said);
    return said;
  } catch {
    return undefined; // offline: the text is in this browser, and saving checks it again
  }
}

// ---- nothing typed is lost ----

const KEPT = `studio:${slug}`;

// The document as a text, whichever pane it is edited in. JSON is YAML, too.
const documentText = () => (active === "form" && known !== version ? JSON.stringify(doc, null, 1) : text.value);

function keep(value) {
  try {
    if (value === null) localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, JSON.stringify({ text: value, at: new Date().toISOString() }));
  } catch {
    // No room, or not allowed: the page itself still has everything.
  }
}

function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "null");
  } catch {
    return null;
  }
}

function changed() {
  version += 1;
  isDirty = true;
  keep(documentText());
  clearTimeout(timer);
  timer = setTimeout(judged, PAUSE_MS);
}

function offerKept() {
  const address = new URL(window.location.href);
  if (address.searchParams.has("saved")) {
    keep(null);
    // Else a reload after more typing would look like a save.
    address.searchParams.delete("saved");
    window.history.replaceState(null, "", address);
  }
  const found = kept();
  if (!found || found.text === text.value) return;
  const box = document.querySelector("[data-restore]");
  box.hidden = false;
  box.querySelector("[data-restore-said]").textContent = `On ${found.at.slice(0, 16).replace("T", " at ")} UTC you typed something in this browser that was not saved.`;
  box.querySelector("[data-restore-yes]").addEventListener("click", () => {
    show("yaml");
    text.value = found.text;
    box.hidden = true;
    changed();
  });
  box.querySelector("[data-restore-no]").addEventListener("click", () => {
    keep(null);
    box.hidden = true;
  });
}

window.addEventListener("beforeunload", (event) => {
  if (!isDirty) return;
  event.preventDefault();
  event.returnValue = "unsaved"; // older browsers ask only so
});
form.addEventListener("submit", () => {
  text.value = documentText();
  known = version;
  isDirty = false;
});
// Back from the page that followed, with what was typed still here.
window.addEventListener("pageshow", (event) => { if (event.persisted && kept()) isDirty = true; });
text.addEventListener("input", () => changed());

// ---- the two tabs ----

const refusal = document.querySelector("[data-tab-refusal]");

function show(name) {
  active = name;
  refusal.hidden = true;
  summarise();
  for (const each of Object.keys(panes)) {
    panes[each].hidden = each !== name;
    tabs[each].setAttribute("aria-selected", String(each === name));
    tabs[each].tabIndex = each === name ? 0 : -1;
  }
}

function refuse(words) {
  refusal.textContent = words;
  refusal.hidden = false;
  tabs[active].focus();
}

let opening = ""; // the tab that was pressed last

// Bring the other pane up to date, then show it. Whatever is typed meanwhile is brought along.
async function open(name) {
  opening = name;
  if (name === active) return;
  tabs[name].setAttribute("aria-busy", "true");
  clearTimeout(timer);
  let said = known === version ? last : null;
  while (said === null) said = await judged();
  tabs[name].removeAttribute("aria-busy");
  if (name === active || name !== opening) return; // the other tab was pressed meanwhile
  if (name === "form") {
    const words = said === undefined ? "The server did not answer, so the form cannot be shown now. Your text is still here." : formRefusal(said);
    if (words) return refuse(words);
  } else if (said === undefined) {
    text.value = documentText();
    known = version;
  }
  show(name);
  tabs[name].focus();
}

for (const [name, tab] of Object.entries(tabs)) {
  tab.addEventListener("click", () => open(name));
  tab.addEventListener("keydown", (event) => {
    if (["ArrowLeft", "ArrowRight"].includes(event.key)) open(name === "form" ? "yaml" : "form");
  });
}

document.querySelector("[data-tabs]").hidden = false;
panes.yaml.setAttribute("role", "tabpanel");
panes.yaml.setAttribute("aria-labelledby", "tab-yaml");
if (formRefusal(answer)) {
  show("yaml");
  refusal.textContent = formRefusal(answer);
  refusal.hidden = false;
} else {
  drawForm();
  show("form");
}
markFields();
summarise();
offerKept();
const wanted = decodeURIComponent(window.location.hash.replace(/^#f-/, ""));
if (wanted && placeOf(wanted)) reveal(placeOf(wanted));
