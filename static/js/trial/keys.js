// Y and N answer, where the study says so, and wherever nothing is being typed or enlarged.

import { isLocked } from "./locks.js";

let keyed = null;

export function bindKeys(form) {
  keyed = "keys" in form.dataset ? form : null;
}

document.addEventListener("keydown", (event) => {
  if (!keyed || isLocked() || event.repeat) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.target.matches("input, textarea, select")) return;
  keyed.querySelector(`button[data-key="${CSS.escape(event.key.toLowerCase())}"]`)?.click();
});
