// The drawer with the kinds, open beside the photo. Who opens it is an event.

import { log } from "./events.js";

document.addEventListener(
  "toggle",
  (event) => {
    if (event.target.matches?.("[data-drawer]")) log("kinds", event.target.open ? "open" : "closed");
  },
  true,
);

function close(drawer) {
  drawer.open = false;
  drawer.querySelector("summary").focus();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-drawer-close]");
  if (button) close(button.closest("[data-drawer]"));
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  const drawer = document.querySelector("[data-drawer][open]");
  if (drawer) close(drawer);
});
