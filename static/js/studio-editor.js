// The editor: one document, edited as a form or as a YAML text, judged by the server as one types.
// Only the pane that is shown can be typed into, and that pane is the document. Before the other pane
// is shown, it is made from this one; if it cannot be made, this one stays. So the two never differ.
// Without this file the YAML text is there, and saving it says what is wrong.

import { Fields } from "./studio-fields.js";
import { drawReadiness, markFields, placeOf, summarise } from "./studio-judgement.js";
import { Live } from "./studio-live.js";
import { Rest } from "./studio-rest.js";
import { drawSections, markSections } from "./studio-sections.js";

const PAUSE_MS = 400;
const form = document.querySelector("form[data-editor]");
const { schema, dataset, slug, answer, preview, is_unsaved: isUnsaved } = JSON.parse(document.getElementById("editor-data").textContent);
const text = form.elements.namedItem("text");
const panes = { form: document.getElementById("pane-form"), yaml: document.getElementById("pane-yaml") };
const tabs = { form: document.getElementById("tab-form"), yaml: document.getElementById("tab-yaml") };
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

const rest = new Rest();
const fields = new Fields(schema, () => changed(), rest);
const live = new Live(document.querySelector("[data-live]"), document.querySelector("[data-live-opener]"), preview);

function drawForm() {
  rest.waiting.clear();
  fields.fill(schema, doc);
  drawSections(panes.form, fields, schema, doc);
}

// ---- what the server says ----

async function reveal(place) {
  await open("form");
  if (active !== "form") return;
  for (let at = place; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  const control = place.matches("details") ? place.querySelector("summary") : place.querySelector("input, select, textarea, button, summary");
  (control ?? place).focus();
  place.scrollIntoView({ block: "center" });
}

function judge() {
  for (const problem of problems) rest.reach(problem.path);
  markFields(panes.form, problems);
  markSections(panes.form, problems);
  summarise(panes.form, last, active === "form", reveal);
}

// Put a proposed value into the document, as if it had been typed.
function use(change) {
  const parts = change.path.split(/[.[\]]+/).filter(Boolean);
  const key = parts.pop();
  let holder = doc;
  for (const part of parts) holder = holder[part];
  holder[key] = change.value;
  drawForm();
  changed();
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
  judge();
  drawReadiness(said, active === "form" ? use : null);
  live.take(said);
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
  summarise(panes.form, last, active === "form", reveal);
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
judge();
drawReadiness(answer, active === "form" ? use : null);
live.take(answer);
offerKept();
const wanted = decodeURIComponent(window.location.hash.replace(/^#f-/, ""));
rest.reach(wanted);
rest.drawAll(panes.form);
if (wanted && placeOf(panes.form, wanted)) reveal(placeOf(panes.form, wanted));
