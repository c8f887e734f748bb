// Buttons that wait: for the photos, for the minimum time, for an answer under way. They work
// again when no reason is left.

import { say } from "../texts.js";

const reasons = new Set();

const buttons = (main) => main.querySelectorAll("form[data-send] button[type=submit]");

function apply(main) {
  for (const button of buttons(main)) button.disabled = reasons.size > 0;
}

export const isLocked = () => reasons.size > 0;

export function hold(main, reason) {
  reasons.add(reason);
  apply(main);
}

export function release(main, reason) {
  reasons.delete(reason);
  apply(main);
}

// Counts the seconds of a page's minimum time down, beside the button that waits.
export function waitOut(main) {
  const waiting = main.querySelector("[data-wait]");
  if (!waiting) return;
  const said = document.createElement("p");
  said.className = "wait";
  said.setAttribute("role", "timer");
  waiting.after(said);
  const until = performance.now() + 1000 * Number(waiting.dataset.wait);
  hold(main, "time");
  const tick = () => {
    const left = Math.ceil((until - performance.now()) / 1000);
    said.textContent = left > 0 ? say("wait", { seconds: left }) : "";
    if (left > 0) {
      setTimeout(tick, 250);
    } else {
      release(main, "time");
    }
  };
  tick();
}
