// Matched parts: pointing at a number (or reaching it by Tab and arrows, or tapping it) lights
// the box in the photo and the box in the example together, and dims the others.

import { hideParts, reveal, showParts } from "./lens.js";

function light(pair, number, isFixed = false) {
  pair.dataset.lit = number;
  if (isFixed) pair.dataset.fixed = number;
  mark(pair);
  showParts(pair, number, isFixed);
}

function dim(pair) {
  if (pair.dataset.fixed) {
    pair.dataset.lit = pair.dataset.fixed;
    showParts(pair, pair.dataset.fixed);
  } else {
    delete pair.dataset.lit;
    hideParts(pair);
  }
  mark(pair);
}

function toggle(pair, number) {
  const isOn = pair.dataset.fixed === number;
  delete pair.dataset.fixed;
  if (isOn) dim(pair);
  else light(pair, number, true);
}

function mark(pair) {
  for (const button of pair.querySelectorAll(".number")) {
    button.setAttribute("aria-pressed", String(button.dataset.number === pair.dataset.lit));
  }
}

// The number that was chosen for one example is chosen for the next one too.
export function carry(from, to) {
  const number = from.dataset.fixed;
  if (!number) return;
  toggle(from, number);
  toggle(to, number);
}

const part = (event) => event.target.closest?.(".pair [data-number]");

for (const name of ["pointerover", "focusin"]) {
  document.addEventListener(name, (event) => {
    const found = part(event);
    if (found && event.pointerType !== "touch") light(found.closest(".pair"), found.dataset.number);
  });
}

for (const name of ["pointerout", "focusout"]) {
  document.addEventListener(name, (event) => {
    const found = part(event);
    if (found && event.pointerType !== "touch") dim(found.closest(".pair"));
  });
}

document.addEventListener("click", (event) => {
  const found = part(event);
  if (!found) return;
  const pair = found.closest(".pair");
  // A mouse that presses a box means the photo; a finger, which cannot point, means the box.
  if (found.matches(".box") && event.pointerType === "mouse") {
    found.closest(".photo").querySelector("[data-zoom]")?.click();
  } else {
    toggle(pair, found.dataset.number);
    reveal(pair);
  }
});

// One Tab stop for each example; the arrows go from number to number.
document.addEventListener("keydown", (event) => {
  const ahead = document.documentElement.dir === "rtl" ? -1 : 1; // in the order of the numbers
  const step = { ArrowRight: ahead, ArrowDown: 1, ArrowLeft: -ahead, ArrowUp: -1 }[event.key];
  if (!step || !event.target.matches(".number")) return;
  const all = [...event.target.parentElement.querySelectorAll(".number")];
  const next = all[(all.indexOf(event.target) + step + all.length) % all.length];
  for (const each of all) each.tabIndex = each === next ? 0 : -1;
  next.focus();
  event.preventDefault();
});
