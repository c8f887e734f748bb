// What happens on the page, kept until the server has it: with the answer, or, when the page
// is left, by a beacon. The server stores each event once, however often it comes.

const readyAt = performance.now();
let kept = [];
let current = null;

// Whole milliseconds since the page was ready.
export const sinceReady = () => Math.max(0, Math.round(performance.now() - readyAt));

export function log(kind, detail = "") {
  kept.push([kind, sinceReady(), String(detail).slice(0, 200)]);
}

export const pending = () => JSON.stringify(kept);

export function delivered() {
  kept = [];
  if (navigator.webdriver) sessionStorage.setItem("webdriver", "told");
}

function sendBeacon() {
  if (!current || kept.length === 0) return;
  const data = new FormData();
  for (const name of ["csrfmiddlewaretoken", "shown_to", "step"]) {
    data.set(name, current.elements.namedItem(name).value);
  }
  data.set("events", pending());
  navigator.sendBeacon(current.dataset.events, data);
}

export function watch(form) {
  current = form;
  // Once in a tab: a program that steers the browser.
  if (navigator.webdriver && !sessionStorage.getItem("webdriver")) log("webdriver");
}

// Whoever leaves the page hides it too; that is no looking away.
let isLeaving = false;
window.addEventListener("pagehide", () => {
  isLeaving = true;
  sendBeacon();
});
// Some browsers report the focus of a page that has just loaded, which nobody had left.
let isBlurred = false;
window.addEventListener("blur", () => {
  isBlurred = true;
  log("blur");
});
window.addEventListener("focus", () => {
  if (isBlurred) log("focus");
  isBlurred = false;
});
window.addEventListener("offline", () => log("offline"));
document.addEventListener("paste", (event) => log("paste", event.target.name ?? ""));
document.addEventListener("visibilitychange", () => {
  if (isLeaving) return;
  log(document.hidden ? "hidden" : "visible");
  if (document.hidden) sendBeacon(); // a phone may never say that the page goes
});

const sizeNow = () => `${window.innerWidth}x${window.innerHeight}`;
let size = sizeNow();
let resizing;
window.addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = setTimeout(() => {
    if (sizeNow() === size) return; // phones report their first layout too
    size = sizeNow();
    log("resize", size);
  }, 300);
});
