// The parts of the photo that the AI shall compare: a click, a drag, a finger or the keyboard
// selects cells; the server ranks again and the page shows its answer. One request is under way at
// a time, always for the newest selection. What does not come leaves the last answer as it is.

import { say } from "../texts.js";
import { log, sinceReady } from "./events.js";
import { showScripted } from "./scripted.js";

const SIDE = 7;
const STROKE_MS = 150; // a drag asks at most this often
const TIMEOUT_MS = 8000;
const SLOW_MS = 2000;
const WAITS = [1, 2, 4, 8, 15]; // seconds
const isPreview = window.location.pathname.startsWith("/studio/");

export function bindGuide(main, form) {
  const guide = main.querySelector("[data-guide]");
  if (guide && form) new Guide(guide, main, form);
}

class Guide {
  constructor(guide, main, form) {
    Object.assign(this, { guide, main, form });
    this.grid = guide.querySelector(".guide__grid");
    this.cells = [...this.grid.children];
    this.trouble = guide.querySelector("[data-guide-trouble]");
    this.shownMask = this.mask();
    this.shownAt = performance.now();
    this.isAsking = false;
    this.nFailed = 0;
    this.field = document.createElement("input");
    Object.assign(this.field, { type: "hidden", name: "q_mask", value: this.shownMask });
    form.append(this.field);
    this.grid.hidden = false;
    guide.querySelector(".guide__tools").hidden = false;
    this.listen();
  }

  mask() {
    return this.cells.map((cell) => (cell.getAttribute("aria-pressed") === "true" ? "1" : "0")).join("");
  }

  listen() {
    const { grid, guide } = this;
    grid.addEventListener("pointerdown", (event) => this.begin(event));
    grid.addEventListener("pointermove", (event) => this.drag(event));
    for (const name of ["pointerup", "pointercancel"]) {
      window.addEventListener(name, () => this.end());
    }
    // Of a key or a screen reader: no pointer came before it.
    grid.addEventListener("click", (event) => {
      const wasPointer = this.wasPointer;
      this.wasPointer = false;
      if (wasPointer || !event.target.matches(".guide__cell")) return;
      this.set(event.target, event.target.getAttribute("aria-pressed") !== "true");
      this.ask();
    });
    grid.addEventListener("keydown", (event) => this.move(event));
    guide.addEventListener("click", (event) => {
      const button = event.target.closest("[data-all]");
      if (button) this.change(button);
    });
    this.form.addEventListener("submit", () => this.logDwell(), { capture: true });
    window.addEventListener("online", () => this.retryNow?.());
  }

  set(cell, isOn) {
    if ((cell.getAttribute("aria-pressed") === "true") === isOn) return;
    cell.setAttribute("aria-pressed", String(isOn));
    const place = this.cells.indexOf(cell);
    const name = `r${Math.floor(place / SIDE) + 1}c${(place % SIDE) + 1}`;
    log("cell", `${name} ${isOn ? "on" : "off"}`);
  }

  // ---- pointer ----

  begin(event) {
    const cell = event.target.closest(".guide__cell");
    if (!cell || event.button !== 0) return;
    this.wasPointer = true;
    // A finger's events would all go to its first cell.
    if (cell.hasPointerCapture?.(event.pointerId)) cell.releasePointerCapture(event.pointerId);
    this.paints = cell.getAttribute("aria-pressed") !== "true";
    this.isPainting = true;
    this.focusOn(cell, false);
    this.set(cell, this.paints);
    this.askSoon();
  }

  drag(event) {
    if (!this.isPainting) return;
    const cell = document.elementFromPoint(event.clientX, event.clientY)?.closest(".guide__cell");
    if (!cell || cell.parentElement !== this.grid) return;
    this.set(cell, this.paints);
    this.askSoon();
  }

  end() {
    if (!this.isPainting) return;
    this.isPainting = false;
    clearTimeout(this.soon);
    this.soon = null;
    this.ask();
  }

  askSoon() {
    this.soon ??= setTimeout(() => {
      this.soon = null;
      this.ask();
    }, STROKE_MS);
  }

  // ---- keyboard ----

  move(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: SIDE, ArrowUp: -SIDE }[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    const place = this.cells.indexOf(event.target);
    if (place < 0) return;
    event.preventDefault();
    const isInRow = Math.abs(step) === 1;
    const next = place + step;
    if (next < 0 || next >= this.cells.length) return;
    if (isInRow && Math.floor(next / SIDE) !== Math.floor(place / SIDE)) return;
    this.focusOn(this.cells[next], true);
  }

  focusOn(cell, isFocused) {
    for (const each of this.cells) each.tabIndex = each === cell ? 0 : -1;
    if (isFocused) cell.focus();
  }

  change(button) {
    const old = this.mask();
    const { all, mask } = button.dataset;
    const flip = { 0: "1", 1: "0" };
    const next = { reset: "0".repeat(SIDE * SIDE), invert: [...old].map((digit) => flip[digit]).join("") }[all] ?? mask;
    log("mask", all);
    this.cells.forEach((cell, place) => cell.setAttribute("aria-pressed", String(next[place] === "1")));
    this.ask();
  }

  // ---- server ----

  ask() {
    if (this.isAsking || this.mask() === this.shownMask) return;
    if (isPreview) {
      this.say("In the preview nothing is sent. Participants see a new answer here.");
      return;
    }
    this.isAsking = true;
    this.busy(true);
    this.answerFor(this.mask()).finally(() => {
      this.isAsking = false;
      this.busy(false);
      if (this.nFailed === 0) this.ask(); // the selection may have changed meanwhile
    });
  }

  async answerFor(mask) {
    const slow = setTimeout(() => this.say(say("answer-slow")), SLOW_MS);
    try {
      const response = await this.post(mask);
      if (response.status === 410 || response.status === 409) {
        this.say(say("not-current"));
        this.nFailed = WAITS.length; // nothing that another try would change
        return;
      }
      if (!response.ok) throw new Error(String(response.status));
      const answer = document.createElement("template");
      answer.innerHTML = await response.text();
      await this.load(answer.content);
      this.show(answer.content, mask);
      this.nFailed = 0;
    } catch (error) {
      log("rerank_failed", error.message);
      this.fail();
    } finally {
      clearTimeout(slow);
    }
  }

  post(mask) {
    const data = new FormData();
    for (const name of ["csrfmiddlewaretoken", "shown_to", "step"]) {
      data.set(name, this.form.elements.namedItem(name).value);
    }
    data.set("mask", mask);
    data.set("at_ms", String(sinceReady()));
    return fetch(this.guide.dataset.guide, {
      method: "POST",
      body: data,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  }

  // The new photos are in the browser before they replace the old ones.
  load(content) {
    const urls = new Set([...content.querySelectorAll("img")].map((image) => image.getAttribute("src")));
    return Promise.all([...urls].map((url) => {
      const image = new Image();
      image.src = url;
      return image.decode();
    }));
  }

  show(content, mask) {
    this.logDwell();
    for (const name of ["summary", "examples"]) {
      const place = this.main.querySelector(`[data-guide-${name}]`);
      place.replaceChildren(...content.querySelector(`[data-guide-${name}]`).childNodes);
    }
    showScripted(this.main);
    this.shownMask = mask;
    this.field.value = mask;
    this.say("");
  }

  fail() {
    const seconds = WAITS[Math.min(this.nFailed, WAITS.length - 1)];
    this.nFailed += 1;
    this.say(say(navigator.onLine ? "answer-failed" : "offline", { seconds }));
    const again = () => {
      clearTimeout(timer);
      this.retryNow = null;
      this.ask();
    };
    const timer = setTimeout(again, 1000 * seconds);
    this.retryNow = again;
  }

  // How long the answer that is replaced was in view.
  logDwell() {
    const now = performance.now();
    log("dwell", Math.round(now - this.shownAt));
    this.shownAt = now;
  }

  say(words) {
    this.trouble.textContent = words;
  }

  busy(isBusy) {
    const examples = this.main.querySelector("[data-guide-examples]");
    if (isBusy) examples.setAttribute("aria-busy", "true");
    else examples.removeAttribute("aria-busy");
  }
}
