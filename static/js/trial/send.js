// One press, one answer. It is kept until the server has it: a lost connection or a server in
// trouble is tried again, ever more slowly. The server takes each step once, so that an answer
// that arrives twice counts once. A browser that cannot do this sends the plain form.

import { read } from "./clock.js";
import { delivered, log, pending } from "./events.js";
import { say } from "../texts.js";
import { hold, isLocked, release } from "./locks.js";

const WAITS = [1, 2, 4, 8, 15, 30]; // seconds
const TIMEOUT_MS = 20000;

// A researcher's preview shows the same page in a frame; there, buttons do nothing.
const isPreview = window.location.pathname.startsWith("/studio/");

let isPending = false;
window.addEventListener("beforeunload", (event) => {
  if (isPending) event.preventDefault();
});

// A click that no pointer made (detail 0) came from the keyboard.
const givenBy = (event) => (event.detail === 0 ? "key" : "pointer");

export function bindForm(form, restart) {
  let given = "";
  let pressed = null; // a form of an old browser does not say which button sent it
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[type=submit]");
    if (!button) return;
    pressed = button;
    given = givenBy(event);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (isPreview || isLocked()) return;
    const { rt, away } = read();
    const data = new FormData(form);
    const button = event.submitter ?? pressed;
    if (button?.name) data.set(button.name, button.value);
    data.set("rt_ms", rt);
    data.set("away_ms", away);
    data.set("given_by", given);
    data.set("photo_px", photoWidth(form));
    button?.classList.add("is-chosen");
    hold(form.closest("main"), "sending");
    deliver(form, data, restart).catch(() => sendPlainly(form, data));
  });
}

// The width at which the judged photo is shown, in whole CSS pixels; empty where there is none.
function photoWidth(form) {
  const photo = form.closest("main").querySelector(".photo--query .photo__frame");
  return photo ? String(Math.round(photo.getBoundingClientRect().width)) : "";
}

async function deliver(form, data, restart) {
  isPending = true;
  for (let n = 0; ; n += 1) {
    data.set("events", pending());
    const answer = await post(form, data);
    if (answer === "again") {
      log("retried", `${n + 1}`);
      await waitToRetry(form, WAITS[Math.min(n, WAITS.length - 1)]);
      continue;
    }
    isPending = false;
    if (answer === "taken") {
      delivered();
      window.location.replace(form.action);
    } else if (answer === "refused") {
      tellWhatToDo(form);
    } else if (answer.isOthers) {
      showInstead(answer);
    } else {
      delivered();
      showAgain(answer, restart);
    }
    return;
  }
}

// "taken": the server answered with a redirect, as it does when nothing is left to say about
// this step. "again": worth another try. "refused": not this page. Otherwise the page that asks
// for something. Only what the network does is caught: all else is a browser that cannot send so.
async function post(form, data) {
  const stop = new AbortController();
  const asked = fetch(form.action, {
    method: "POST",
    body: data,
    redirect: "manual",
    signal: stop.signal,
  });
  const timer = setTimeout(() => stop.abort(), TIMEOUT_MS);
  try {
    const response = await asked;
    if (response.type === "opaqueredirect") return "taken";
    if (response.status === 422) return { page: await response.text() };
    if (response.status === 409) return { page: await response.text(), isOthers: true };
    return response.status >= 500 || response.status === 429 ? "again" : "refused";
  } catch {
    return "again";
  } finally {
    clearTimeout(timer);
  }
}

// The same fields by a form of its own, as if this file were not there.
function sendPlainly(form, data) {
  isPending = false;
  const plain = document.createElement("form");
  Object.assign(plain, { method: "post", action: form.action, hidden: true });
  for (const [name, value] of data) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    plain.append(field);
  }
  document.body.append(plain);
  plain.submit();
}

const lineOf = (form) => form.querySelector("[data-sending]");

function waitToRetry(form, seconds) {
  const line = lineOf(form);
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "button button--quiet", textContent: say("try-now") });
  line.replaceChildren(`${say("retry", { seconds })} `, button);
  return new Promise((resolve) => {
    const go = () => {
      clearTimeout(timer);
      window.removeEventListener("online", go);
      line.replaceChildren(say("sending"));
      resolve();
    };
    const timer = setTimeout(go, 1000 * seconds);
    button.addEventListener("click", go);
    window.addEventListener("online", go);
  });
}

// The server asks for something: its page comes back with what was typed and what is missing.
function showAgain(answer, restart) {
  const page = new DOMParser().parseFromString(answer.page, "text/html");
  document.querySelector("main").replaceWith(page.querySelector("main"));
  release(document.querySelector("main"), "sending");
  restart();
}

// The page was shown to somebody else than the browser's session: it says so, and does nothing more.
function showInstead(answer) {
  const page = new DOMParser().parseFromString(answer.page, "text/html");
  document.title = page.title;
  document.body.replaceWith(document.adoptNode(page.body));
  document.querySelector("h1").focus();
}

function tellWhatToDo(form) {
  const line = lineOf(form);
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "button", textContent: say("reload") });
  button.addEventListener("click", () => window.location.reload());
  line.classList.add("sending--stopped");
  line.replaceChildren(`${say("too-old")} ${say("answer-again")} `, button);
}
