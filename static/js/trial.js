// The participant's page. Everything here is a comfort: without it each page still works,
// and the server alone decides what is next.

import "./trial/boxes.js";
import { begin as beginClock } from "./trial/clock.js";
import { watch } from "./trial/events.js";
import { bindGuide } from "./trial/guide.js";
import { preload, shown } from "./trial/images.js";
import { bindKeys } from "./trial/keys.js";
import { hold, release, waitOut } from "./trial/locks.js";
import { showScripted } from "./trial/scripted.js";
import { bindForm } from "./trial/send.js";
import { beginLimit, bindTask } from "./trial/task.js";
import "./trial/drawer.js";
import "./trial/once.js";
import "./trial/opacity.js";
import "./trial/translated.js";
import "./trial/swipe.js";
import "./trial/try.js";
import "./trial/zoom.js";
import "./trial/closeup.js"; // after zoom.js: it looks at what that opened

function start() {
  const main = document.querySelector("main");
  const form = main.querySelector("form[data-send]");
  showScripted(main);
  const problem = main.querySelector("[data-problem]");
  // The photo stays in view beside what is said of it.
  if (problem) problem.focus();
  else (main.querySelector(".feedback") ?? main.querySelector("h1"))?.focus({ preventScroll: true });
  waitOut(main);
  hold(main, "images");
  shown(main).then(() => {
    release(main, "images");
    beginClock();
    if (!form) return;
    beginLimit(form);
    preload(form.dataset.preload);
  });
  if (!form) return;
  watch(form);
  bindKeys(form);
  bindTask(form);
  bindGuide(main, form);
  bindForm(form, start);
}

start();
document.documentElement.classList.remove("is-waiting"); // see trial/locked.js

// A page that the browser kept for the back button shows an old step: ask for the current one.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload();
});
