// The editor: a form and a YAML text of one document, judged by the server as one types.
// Without this file the YAML text is there, and saving it says what is wrong.

import { Fields } from "./studio-fields.js";

const PAUSE_MS = 400;
const form = document.querySelector("form[data-editor]");
const { schema, dataset, slug, answer } = JSON.parse(document.getElementById("editor-data").textContent);
const text = form.elements.namedItem("text");
const panes = { form: document.getElementById("pane-form"), yaml: document.getElementById("pane-yaml") };
const tabs = { form: document.getElementById("tab-form"), yaml: document.getElementById("tab-yaml") };
const summary = document.querySelector("[data-summary]");
const token = form.elements.namedItem("csrfmiddlewaretoken").value;

let doc = answer.document;
let problems = answer.problems;
let active = "form";
let isDirty = false;
let timer = null;
let asked = 0;

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

function reveal(place) {
  show("form");
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
  head.append(Object.assign(document.createElement("strong"), { textContent: `${problems.length} to mend` }));
  const list = document.createElement("ul");
  list.className = "plain";
  for (const problem of problems) {
    const row = document.createElement("li");
    const place = placeOf(problem.path);
    const name = document.createElement(place ? "a" : "strong");
    name.textContent = problem.path;
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
    line.append(Object.assign(document.createElement("strong"), { textContent: pool.classifier }), " ");
    if (pool.problem) line.append(pool.problem);
    for (const [at, row] of pool.rows.entries()) {
      line.append(`${at ? "; " : ""}${row.kind}${row.stratum ? `, ${row.stratum}` : ""}: ${row.there} there, ${row.needed} needed`);
      if (row.missing) line.append(", ", Object.assign(document.createElement("strong"), { textContent: `${row.missing} missing` }));
    }
    return line;
  }));
}

function take(said) {
  problems = said.problems;
  if (active === "form") {
    if (said.text) text.value = said.text;
  } else if (Object.keys(said.document).length) {
    doc = said.document;
    drawForm();
  }
  markFields();
  summarise();
  drawPools(said.pools);
}

async function check() {
  asked += 1;
  const mine = asked;
  const body = JSON.stringify(active === "form" ? { dataset, document: doc } : { dataset, text: text.value });
  try {
    const response = await fetch(form.dataset.check, {
      method: "POST", body, headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    });
    if (mine === asked && response.ok) take(await response.json());
  } catch {
    // Offline: the text is in this browser, and saving checks it again.
  }
}

// ---- nothing typed is lost ----

const KEPT = `studio:${slug}`;

function changed() {
  isDirty = true;
  if (active === "form") text.value = JSON.stringify(doc, null, 1);
  localStorage.setItem(KEPT, JSON.stringify({ text: text.value, at: new Date().toISOString() }));
  clearTimeout(timer);
  timer = setTimeout(check, PAUSE_MS);
}

function offerKept() {
  if (new URLSearchParams(window.location.search).has("saved")) localStorage.removeItem(KEPT);
  const kept = JSON.parse(localStorage.getItem(KEPT) ?? "null");
  if (!kept || kept.text === text.value) return;
  const box = document.querySelector("[data-restore]");
  box.hidden = false;
  box.querySelector("[data-restore-said]").textContent = `This browser kept what you typed on ${kept.at.slice(0, 16).replace("T", " at ")} UTC and did not save.`;
  box.querySelector("[data-restore-yes]").addEventListener("click", () => {
    show("yaml");
    text.value = kept.text;
    box.hidden = true;
    changed();
  });
  box.querySelector("[data-restore-no]").addEventListener("click", () => {
    localStorage.removeItem(KEPT);
    box.hidden = true;
  });
}

window.addEventListener("beforeunload", (event) => { if (isDirty) event.preventDefault(); });
form.addEventListener("submit", () => { isDirty = false; });
text.addEventListener("input", () => changed());

// ---- the two tabs ----

function show(name) {
  active = name;
  for (const each of Object.keys(panes)) {
    panes[each].hidden = each !== name;
    tabs[each].setAttribute("aria-selected", String(each === name));
    tabs[each].tabIndex = each === name ? 0 : -1;
  }
}

for (const [name, tab] of Object.entries(tabs)) {
  tab.addEventListener("click", () => show(name));
  tab.addEventListener("keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const other = name === "form" ? "yaml" : "form";
    show(other);
    tabs[other].focus();
  });
}

document.querySelector("[data-tabs]").hidden = false;
panes.yaml.setAttribute("role", "tabpanel");
panes.yaml.setAttribute("aria-labelledby", "tab-yaml");
if (Object.keys(doc).length) {
  drawForm();
  show("form");
} else {
  show("yaml"); // what cannot be read has no fields
}
markFields();
summarise();
offerKept();
const wanted = decodeURIComponent(window.location.hash.replace(/^#f-/, ""));
if (wanted && placeOf(wanted)) reveal(placeOf(wanted));
