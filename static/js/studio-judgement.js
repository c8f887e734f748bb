// What the server says of a document, shown in the editor: beside the fields, in a list, and
// whether the photos are enough.

import { make } from "./studio-values.js";

// The field of a path, or the nearest one around it.
export function placeOf(pane, path) {
  for (let at = path, last = null; at && at !== last;) {
    const found = pane.querySelector(`[data-path="${CSS.escape(at)}"]`);
    if (found) return found;
    last = at;
    at = at.replace(/(\.[^.[\]]+|\[\d+\]|^[^.[\]]+)$/, "");
  }
  return null;
}

export function markFields(pane, problems) {
  for (const old of pane.querySelectorAll("[data-error]")) old.remove();
  for (const old of pane.querySelectorAll("[aria-invalid]")) {
    old.removeAttribute("aria-invalid");
    const help = `${old.id}-help`;
    if (document.getElementById(help)) old.setAttribute("aria-describedby", help);
    else old.removeAttribute("aria-describedby");
  }
  for (const [number, problem] of problems.entries()) {
    const place = placeOf(pane, problem.path);
    if (!place) continue;
    const said = make("p", { className: "field__error", id: `error-${number}`, textContent: `Found ${problem.seen || "nothing"}, expected ${problem.expected}.` });
    said.dataset.error = "";
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

// The verdict beside the button Save: that of the list, or else that of the photos.
function verdict(problems, readiness) {
  if (problems.length) return [`${problems.length} to fix`, "warn"];
  if (!readiness.said) return ["Fields complete", "ok"];
  return readiness.is_ready ? ["Ready", "ok"] : ["Not ready", "warn"];
}

export function summarise(pane, { problems, readiness }, isForm, reveal) {
  const summary = document.querySelector("[data-summary]");
  const short = document.querySelector("[data-short]");
  const [words, kind] = verdict(problems, readiness);
  short.textContent = words;
  short.className = `badge badge--${kind}`;
  if (!problems.length) {
    summary.replaceChildren(make("p", { textContent: "Every field is filled in as it must be." }));
    return;
  }
  const rows = problems.map((problem) => {
    const place = placeOf(pane, problem.path);
    const name = make(place ? "a" : "strong", { textContent: isForm ? problem.name : problem.path });
    if (place) {
      name.href = `#f-${problem.path}`;
      name.addEventListener("click", (event) => { event.preventDefault(); reveal(place); });
    }
    return make("li", {}, name, `: found ${problem.seen || "nothing"}, expected ${problem.expected}.`);
  });
  const head = make("p", {}, make("strong", { textContent: `${problems.length} to fix` }));
  summary.replaceChildren(head, make("ul", { className: "plain" }, ...rows));
}

// "Not ready: 5 photos too few ... Use 10 a set?" ``use`` takes a proposed change, null without a form.
export function drawReadiness(said, use) {
  const box = document.querySelector("[data-ready]");
  const line = make("p", { className: `ready ready--${said.readiness.is_ready ? "yes" : "no"}` });
  line.append(said.readiness.said);
  const { change } = said.readiness;
  if (change && use) {
    const button = make("button", { type: "button", className: "button button--quiet", textContent: change.words });
    button.addEventListener("click", () => use(change));
    line.append(" ", button);
  } else if (change) line.append(` ${change.words}?`);
  box.replaceChildren(...(said.readiness.said ? [line] : []));
}
