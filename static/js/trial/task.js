// What a task asks for beside two buttons: a search among many classes, a slider, a time limit.
// Without this file the same fields are a list, a number and no limit on the page.

import { say } from "../texts.js";
import { isLocked } from "./locks.js";

// A list of many classes: typing hides what does not fit; Enter and the arrow down go to the list.
function search(form) {
  const box = form.querySelector("[data-search]");
  if (!box) return;
  box.hidden = false;
  const field = box.querySelector("input");
  const said = box.querySelector("[role=status]");
  const labels = [...form.querySelectorAll(".classes label")];
  const fitting = () => labels.filter((label) => !label.hidden);
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const label of labels) {
      const text = label.textContent.toLowerCase();
      label.hidden = !words.every((word) => text.includes(word));
    }
    said.textContent = say("found", { n: fitting().length });
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "ArrowDown") return;
    event.preventDefault(); // Enter would send the form
    const first = fitting()[0]?.querySelector("input");
    if (!first) return;
    first.focus();
    if (event.key === "Enter") first.checked = true;
  });
}

// A scale: the slider writes into the number, and the number moves the slider. The slider alone
// says nothing: what is sent is the number, empty until one of the two is used.
function slide(form) {
  const number = form.querySelector("[data-scale]");
  if (!number) return;
  const slider = document.createElement("input");
  Object.assign(slider, { type: "range", min: number.min, max: number.max, step: "1" });
  slider.setAttribute("aria-label", form.querySelector(`label[for="${number.id}"]`).textContent.trim());
  slider.className = number.value ? "" : "is-unused";
  if (number.value) slider.value = number.value;
  const use = () => {
    slider.className = "";
    number.value = slider.value;
  };
  // A press on the place where it stands changes nothing, and is an answer all the same.
  for (const name of ["input", "pointerup"]) slider.addEventListener(name, use);
  slider.addEventListener("keydown", (event) => {
    if (event.key === " ") use();
  });
  number.addEventListener("input", () => {
    slider.className = number.value ? "" : "is-unused";
    if (number.value) slider.value = number.value;
  });
  number.before(slider);
}

export function bindTask(form) {
  search(form);
  slide(form);
}

let timer = null;

// The time for a trial runs from when the photos are shown. At its end the page sends what is chosen.
export function beginLimit(form) {
  clearTimeout(timer);
  const line = form.querySelector("[data-limit]");
  if (!line) return;
  const until = performance.now() + 1000 * Number(line.dataset.limit);
  const tick = () => {
    if (!form.isConnected) return;
    const left = Math.max(0, Math.ceil((until - performance.now()) / 1000));
    line.textContent = say("limit", { seconds: left });
    line.classList.toggle("limit--short", left <= 5);
    if (left > 0) {
      timer = setTimeout(tick, 200);
    } else if (!isLocked()) {
      sendAsItStands(form);
    }
  };
  tick();
}

function sendAsItStands(form) {
  const over = document.createElement("input");
  Object.assign(over, { type: "hidden", name: "time_over", value: "1" });
  form.append(over);
  form.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
}
