// The door and the last page: what device this is, and a button that copies the code.
// Everything here is a comfort: without this file the server decides by what the browser says.

import { say } from "./texts.js";

const NARROW_SIDE = 600; // CSS pixels: the shorter side of the screen, below which it is a phone

function deviceKind() {
  const hints = navigator.userAgentData;
  if (hints) {
    if (hints.mobile) return "phone";
    return hints.platform === "Android" ? "tablet" : "computer";
  }
  // A tablet may call itself a desktop computer; a finger as the first pointer gives it away.
  if (!window.matchMedia("(pointer: coarse)").matches || navigator.maxTouchPoints === 0) {
    return "computer";
  }
  return Math.min(screen.width, screen.height) < NARROW_SIDE ? "phone" : "tablet";
}

function fill(form, values) {
  for (const [name, value] of Object.entries(values)) {
    let field = form.elements.namedItem(name);
    if (!field) {
      field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      form.append(field);
    }
    field.value = String(value ?? "");
  }
}

const form = document.querySelector("form[data-device]");
if (form) {
  const kinds = form.dataset.kinds.split(" ");
  const look = () => {
    const kind = deviceKind();
    const isFitting = kinds.includes(kind) && window.innerWidth >= Number(form.dataset.minWidth);
    document.getElementById("misfit").hidden = isFitting;
    document.getElementById("information").hidden = !isFitting;
    fill(form, {
      device_kind: kind,
      device_width: window.innerWidth,
      device_height: window.innerHeight,
      device_ratio: window.devicePixelRatio,
      device_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    });
  };
  look();
  window.addEventListener("resize", look);
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  const code = document.getElementById(button.dataset.copy);
  const said = button.parentElement.querySelector("[data-copied]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent.trim());
      said.textContent = say("copied");
    } catch {
      window.getSelection().selectAllChildren(code);
      said.textContent = say("selected");
    }
  });
}
