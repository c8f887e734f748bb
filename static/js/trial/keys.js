// Y and N answer or choose, and so do the numbers of classes, where the study says so, and wherever nothing is being typed or enlarged.

import { isLocked } from "./locks.js";

let keyed = null;

export function bindKeys(form) {
  keyed = "keys" in form.dataset ? form : null;
}

document.addEventListener("keydown", (event) => {
  if (!keyed || isLocked() || event.repeat) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.target.matches("input:not([type=radio]), textarea, select")) return;
  keyed.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`)?.click();
});
