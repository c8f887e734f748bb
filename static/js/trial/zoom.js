// A press on a photo shows it large; a matched pair comes together, with its numbers.

import { say } from "../texts.js";
import { log } from "./events.js";

// In English the photo's description, as in earlier versions; in other languages its place on the
// page, so that the stored events are the same in all of them.
function nameOf(image) {
  if (document.documentElement.lang === "en") return image.alt;
  const all = [...document.querySelectorAll("main img[data-shown]")];
  return `photo ${all.indexOf(image) + 1}`;
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-zoom]");
  const zoom = document.querySelector("dialog.zoom");
  if (!opener || !zoom || zoom.contains(opener)) return;
  const shown = opener.closest(".pair") ?? opener.closest(".photo");
  log("zoom", shown.dataset.name ?? nameOf(opener.parentElement.querySelector("img")));
  const close = document.createElement("button");
  Object.assign(close, { type: "button", className: "button zoom__close", textContent: say("close") });
  close.autofocus = true;
  const copy = shown.cloneNode(true);
  for (const button of copy.querySelectorAll("[data-zoom]")) button.remove();
  zoom.replaceChildren(copy, close);
  zoom.showModal();
  // The middle of a photo that is wider than the screen comes first.
  copy.querySelector("img").scrollIntoView({ inline: "center", block: "nearest" });
});

document.addEventListener("click", (event) => {
  const zoom = event.target.closest("dialog.zoom");
  if (zoom && !event.target.closest(".numbers, .box")) zoom.close();
});

// Tab stays in the dialog: in some browsers it would leave the page, which counts as time away.
document.addEventListener("keydown", (event) => {
  const zoom = document.querySelector("dialog.zoom[open]");
  if (event.key !== "Tab" || !zoom) return;
  const stops = [...zoom.querySelectorAll("button, input")].filter((each) => each.tabIndex >= 0 && each.offsetParent);
  const [end, start] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
  if (document.activeElement !== end) return;
  event.preventDefault();
  start.focus();
});
