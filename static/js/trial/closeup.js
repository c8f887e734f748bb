// An enlarged photo, looked at closely. Where the study shows whole photos, a wheel, two fingers, keys
// and buttons magnify it; where the study says so, sliders change brightness and contrast. What was
// done is an event.

import { log } from "./events.js";

const MOST = 8; // times as large as the whole photo
const STEP = 1.25;
const REST_MS = 400;
const CLICK_PX = 5; // a pointer that moved further than this did not click
const AS_IT_WAS = { brightness: 100, contrast: 100 };

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const percent = (share) => `${Math.round(100 * share)} %`;

// Brightness and contrast by photo: the same on the page and enlarged, small and large.
const windows = new Map();
const addressOf = (image) => image.src.replace("/photo/large/", "/photo/whole/");
const isPhoto = (image) => !image.matches(".heat");

// A gesture is one event: told when it rests, or when the photo is closed.
const resting = new Map();
function tellAtRest(what, tell) {
  clearTimeout(resting.get(what)?.timer);
  const now = () => {
    resting.delete(what);
    tell();
  };
  resting.set(what, { now, timer: setTimeout(now, REST_MS) });
}

function tellAll() {
  for (const { now, timer } of [...resting.values()]) {
    clearTimeout(timer);
    now();
  }
}

class Closeup {
  constructor(frame) {
    this.frame = frame;
    Object.assign(this, { scale: 1, x: 0, y: 0, pointers: new Map(), moved: 0 });
    this.inner = document.createElement("div");
    this.inner.className = "closeup";
    this.inner.append(...frame.childNodes);
    frame.append(this.inner);
    frame.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    frame.addEventListener("pointerdown", (event) => this.begin(event));
    frame.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) {
      frame.addEventListener(name, (event) => this.pointers.delete(event.pointerId));
    }
    frame.addEventListener("click", (event) => {
      if (this.moved > CLICK_PX) event.stopPropagation(); // a drag does not close the photo
    });
    frame.addEventListener("dragstart", (event) => event.preventDefault());
  }

  get side() {
    return this.frame.clientWidth;
  }

  at(event) {
    const box = this.frame.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  wheel(event) {
    event.preventDefault();
    const speed = event.ctrlKey ? 0.01 : 0.002; // a pinch on a touchpad comes in small steps
    this.magnify(Math.exp(-event.deltaY * speed), this.at(event));
  }

  begin(event) {
    if (this.pointers.size === 0) this.moved = 0;
    this.pointers.set(event.pointerId, this.at(event));
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = this.at(event);
    const way = { x: now.x - before.x, y: now.y - before.y };
    this.moved += Math.hypot(way.x, way.y);
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.pointers.set(event.pointerId, now);
    if (other) {
      const apart = (place) => Math.max(Math.hypot(place.x - other.x, place.y - other.y), 1);
      const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
      this.magnify(apart(now) / apart(before), middle);
    } else if (this.scale > 1) {
      if (this.moved > CLICK_PX) this.frame.setPointerCapture?.(event.pointerId);
      this.pan(way.x, way.y);
    }
  }

  magnify(factor, place = { x: this.side / 2, y: this.side / 2 }) {
    const next = clamp(this.scale * factor, 1, MOST);
    this.x = place.x - ((place.x - this.x) * next) / this.scale;
    this.y = place.y - ((place.y - this.y) * next) / this.scale;
    this.scale = next;
    this.show();
  }

  pan(x, y) {
    this.x += x;
    this.y += y;
    this.show();
  }

  show() {
    const least = this.side * (1 - this.scale);
    this.x = clamp(this.x, least, 0);
    this.y = clamp(this.y, least, 0);
    this.inner.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
    this.frame.classList.toggle("is-magnified", this.scale > 1);
    const said = this.said(); // now: a closed photo has no size
    tellAtRest(this, () => log("magnify", said));
  }

  // How much larger, and which place of the photo's square is in the middle.
  said() {
    const middle = (offset) => percent((this.side / 2 - offset) / (this.scale * this.side));
    return `${nameOf(this.frame)}: ${this.scale.toFixed(2)}x at ${middle(this.x)}, ${middle(this.y)}`;
  }
}

function nameOf(frame) {
  const pair = frame.closest(".pair")?.dataset.name;
  const alt = frame.querySelector("img").alt || "photo";
  return pair ? `${pair}, ${alt}` : alt;
}

// ---- brightness and contrast ----

function filterOf(address) {
  const { brightness, contrast } = windows.get(address) ?? AS_IT_WAS;
  return brightness === 100 && contrast === 100 ? "" : `brightness(${brightness}%) contrast(${contrast}%)`;
}

function develop() {
  for (const image of document.querySelectorAll(".photo img")) {
    if (isPhoto(image)) image.style.filter = filterOf(addressOf(image));
  }
}

function bindWindow(dialog, tools) {
  const sliders = [...tools.querySelectorAll("[data-closeup-window]")];
  if (sliders.length === 0) return;
  const photos = [...dialog.querySelectorAll(".photo img")].filter(isPhoto);
  const chosen = { ...(windows.get(addressOf(photos[0])) ?? AS_IT_WAS) };
  const show = () => {
    for (const slider of sliders) slider.value = chosen[slider.dataset.closeupWindow];
    for (const photo of photos) windows.set(addressOf(photo), { ...chosen });
    develop();
  };
  const tell = () => tellAtRest("window", () => {
    const name = nameOf(photos[0].closest(".photo__frame"));
    log("window", `${name}: brightness ${chosen.brightness} %, contrast ${chosen.contrast} %`);
  });
  for (const slider of sliders) {
    slider.addEventListener("input", () => {
      chosen[slider.dataset.closeupWindow] = Number(slider.value);
      show();
      tell();
    });
  }
  tools.querySelector("[data-closeup-reset]").addEventListener("click", () => {
    Object.assign(chosen, AS_IT_WAS);
    show();
    tell();
  });
  show();
}

// ---- the dialog ----

// The large photo replaces the small one once it is there; if it does not come, the small one stays.
function enlarge(image) {
  const source = image.getAttribute("src");
  const large = new Image();
  large.src = source.replace("/photo/whole/", "/photo/large/");
  if (large.getAttribute("src") === source) return;
  large.decode().then(() => { image.src = large.src; }, () => log("image_failed", "enlarged"));
}

function bindKeys(dialog, closeups) {
  dialog.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input")) return;
    const factor = { "+": STEP, "=": STEP, "-": 1 / STEP, 0: 1 / MOST }[event.key];
    const way = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (factor) for (const each of closeups) each.magnify(factor);
    else if (way && closeups.some((each) => each.scale > 1)) {
      for (const each of closeups) each.pan((way[0] * each.side) / 8, (way[1] * each.side) / 8);
    } else return;
    event.preventDefault();
  };
}

function begin(dialog, template) {
  const tools = template.content.cloneNode(true).firstElementChild;
  tools.addEventListener("click", (event) => event.stopPropagation()); // a press elsewhere closes
  dialog.querySelector(".zoom__close").before(tools);
  dialog.onclose = tellAll;
  bindWindow(dialog, tools);
  if (!dialog.matches(".zoom--whole")) return;
  const frames = [...dialog.querySelectorAll(".photo__frame")];
  const closeups = frames.map((frame) => new Closeup(frame));
  for (const image of dialog.querySelectorAll(".photo img")) if (isPhoto(image)) enlarge(image);
  for (const button of tools.querySelectorAll("[data-closeup-zoom]")) {
    const factor = { in: STEP, out: 1 / STEP, all: 1 / MOST }[button.dataset.closeupZoom];
    button.addEventListener("click", () => { for (const each of closeups) each.magnify(factor); });
  }
  bindKeys(dialog, closeups);
}

document.addEventListener("click", () => {
  const dialog = document.querySelector("dialog.zoom[open]");
  const template = document.querySelector("template[data-closeup]");
  if (dialog && template && !dialog.querySelector(".closeup__tools")) begin(dialog, template);
});
