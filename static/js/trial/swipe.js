// On a phone, one pair of photos at a time: a finger swipes, or the two arrows below go on.

import { carry } from "./boxes.js";
import { log } from "./events.js";

const SETTLED_MS = 150;

const listOf = (swipe) => swipe.parentElement.querySelector(".evidence__list");
// In a right-to-left page the list scrolls to negative places.
const at = (list) => Math.round(Math.abs(list.scrollLeft) / Math.max(1, list.clientWidth));

function say(swipe, list) {
  const here = at(list);
  const said = swipe.querySelector("[data-at]");
  const number = String(here + 1);
  if (said.textContent === number) return;
  const pairs = list.querySelectorAll(".pair");
  carry(pairs[Number(said.textContent) - 1], pairs[here]);
  said.textContent = number;
  log("example", number);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-swipe] [data-by]");
  if (!button) return;
  const list = listOf(button.closest("[data-swipe]"));
  const next = list.children[at(list) + Number(button.dataset.by)];
  next?.scrollIntoView({ inline: "start", block: "nearest" });
});

let settling = null;
document.addEventListener(
  "scroll",
  (event) => {
    if (!event.target.matches?.(".evidence__list")) return;
    const list = event.target;
    const swipe = list.parentElement.querySelector("[data-swipe]");
    if (!swipe) return;
    clearTimeout(settling);
    settling = setTimeout(() => say(swipe, list), SETTLED_MS);
  },
  true,
);
