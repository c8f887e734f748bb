// The last page leads back to the recruitment platform by itself: many close it and never hand in.
// The time counts only while the line that says so is on the screen, once the code was, so that
// nobody is taken from a page that is being read; and nobody is taken twice.

import { say } from "./texts.js";

const SAID_AT = [30, 10]; // seconds left that a screen reader tells of; each second would be noise
const TICK_MS = 250;

const box = document.querySelector("[data-leaving]");
const link = document.getElementById("way-back");
const code = document.getElementById("code");
const line = box.querySelector("[role=timer]");
const status = box.querySelector("[role=status]");
const stay = box.querySelector("button");

let left = 1000 * Number(box.dataset.seconds);
let toSay = SAID_AT;
let timer = null;

const seconds = () => Math.max(0, Math.ceil(left / 1000));
const values = () => ({ place: box.dataset.leaving, seconds: seconds() });
const remember = () => sessionStorage.setItem(link.href, "knows the way");

function begin() {
  box.hidden = false;
  tell();
  let isCodeShown = false; // once; the line itself has to stay in sight
  let isLineInSight = false;
  const watch = new IntersectionObserver((changes) => {
    for (const { target, isIntersecting } of changes) {
      if (target === code) isCodeShown ||= isIntersecting;
      else isLineInSight = isIntersecting;
    }
    count(isCodeShown && isLineInSight);
  });
  watch.observe(code);
  watch.observe(box);
  link.addEventListener("click", remember); // who comes back from there wants to be here
  stay.addEventListener("click", () => {
    watch.disconnect();
    count(false);
    remember();
    status.remove();
    stay.remove();
    line.removeAttribute("role");
    line.tabIndex = -1;
    line.textContent = say("stays");
    line.focus();
  });
}

function count(isCounting) {
  if (isCounting === (timer !== null)) return;
  clearInterval(timer);
  timer = null;
  if (!isCounting) return;
  if (!status.textContent) {
    status.textContent = say("taken-back-said", values());
  }
  let last = performance.now();
  timer = setInterval(() => {
    const now = performance.now();
    if (navigator.onLine) left -= now - last;
    last = now;
    tell();
  }, TICK_MS);
}

function tell() {
  line.textContent = say("taken-back", values());
  if (seconds() <= toSay[0]) {
    status.textContent = say("seconds-left", { seconds: toSay[0] });
    toSay = toSay.slice(1);
  }
  if (left > 0) return;
  count(false);
  link.click(); // and no other way: the link keeps its address from the platform
}

// In somebody else's frame it is not ours to lead anywhere.
if (window.top === window.self && !sessionStorage.getItem(link.href)) begin();
