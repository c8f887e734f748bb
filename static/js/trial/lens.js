// The two parts of a matched pair, enlarged beside each other, as long as their number is lit.

import { log } from "./events.js";

const SIDE = 7; // a photo's grid, in whose units the boxes are drawn
const AROUND = 1.7; // what is shown, in widths of the box
const LOOKED_MS = 300; // a pointer that only passes is no look

let timer = null;


const lensOf = (pair) => pair.closest(".evidence--boxes")?.querySelector("[data-lens]");

// One that was chosen by a tap or a key is logged at once, one that is pointed at after a look.
export function showParts(pair, number, isChosen) {
  const lens = lensOf(pair);
  if (!lens) return;
  const frames = pair.querySelectorAll(".photo__frame");
  const parts = lens.querySelectorAll("[data-lens-part]");
  for (const [at, svg] of [...parts].entries()) draw(svg, frames[at], number);
  for (const said of lens.querySelectorAll("[data-lens-number]")) said.textContent = number;
  const example = pair.dataset.name.replace(/\D/g, "");
  lens.querySelector("[data-lens-example]").textContent = example;
  lens.classList.add("is-on");
  clearTimeout(timer);
  const look = () => log("part", `example ${example}, part ${number}`);
  if (isChosen) look();
  else timer = setTimeout(look, LOOKED_MS);
}

export function hideParts(pair) {
  const lens = lensOf(pair);
  if (!lens) return;
  clearTimeout(timer);
  lens.classList.remove("is-on");
}

// Brings the enlarged parts into view after a tap; a pointer must not move the page below it.
export function reveal(pair) {
  const lens = lensOf(pair);
  if (lens?.classList.contains("is-on")) lens.scrollIntoView({ block: "nearest" });
}

function draw(svg, frame, number) {
  const box = frame?.querySelector(`.box--${number} .box__line`);
  if (!box) {
    svg.replaceChildren();
    return;
  }
  const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => Number(box.getAttribute(name)));
  const side = Math.min(SIDE, AROUND * Math.max(width, height));
  const from = (start, length) => Math.max(0, Math.min(SIDE - side, start + (length - side) / 2));
  svg.setAttribute("viewBox", `${from(x, width)} ${from(y, height)} ${side} ${side}`);
  const photo = frame.querySelector("img");
  const image = made("image", { href: photo.currentSrc || photo.src, width: SIDE, height: SIDE, preserveAspectRatio: "xMidYMid slice" });
  const group = made("g", { class: `box box--${number}` });
  for (const name of ["box__halo", "box__line"]) group.append(made("rect", { class: name, x, y, width, height }));
  svg.replaceChildren(image, group);
}

function made(name, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}
