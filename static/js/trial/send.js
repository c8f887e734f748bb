// One press, one answer. It is kept until the server has it: a lost connection or a server in
// trouble is tried again, ever more slowly. The server takes each step once, so that an answer
// that arrives twice counts once.

import { read } from "./clock.js";
import { delivered, log, pending } from "./events.js";
import { hold, isLocked, release } from "./locks.js";

const WAITS = [1, 2, 4, 8, 15, 30]; // seconds
const TIMEOUT_MS = 20000;

let isPending = false;
window.addEventListener("beforeunload", (event) => {
  if (isPending) event.preventDefault();
});

// A click that no pointer made (detail 0) came from the keyboard.
const givenBy = (event) => (event.detail === 0 ? "key" : "pointer");

export function bindForm(form, restart) {
  let given = "";
  form.addEventListener("click", (event) => {
    if (event.target.closest("button[type=submit]")) given = givenBy(event);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (isLocked()) return;
    const { rt, away } = read();
    const data = new FormData(form);
    const button = event.submitter;
    if (button?.name) data.set(button.name, button.value);
    data.set("rt_ms", rt);
    data.set("away_ms", away);
    data.set("given_by", given);
    button?.classList.add("is-chosen");
    hold(form.closest("main"), "sending");
    deliver(form, data, restart);
  });
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
    } else if (answer.status === 422) {
      delivered();
      await showAgain(answer, restart);
    } else {
      tellWhatToDo(form);
    }
    return;
  }
}

// "taken": the server answered with a redirect, as it does when nothing is left to say about
// this step. "again": worth another try. Otherwise the response.
async function post(form, data) {
  try {
    const response = await fetch(form.action, {
      method: "POST",
      body: data,
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.type === "opaqueredirect") return "taken";
    return response.status >= 500 || response.status === 429 ? "again" : response;
  } catch {
    return "again";
  }
}

const lineOf = (form) => form.querySelector("[data-sending]");

function waitToRetry(form, seconds) {
  const line = lineOf(form);
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "button button--quiet", textContent: "Try now" });
  line.replaceChildren(`Your answer is kept. Trying again in ${seconds}\u00a0s. `, button);
  return new Promise((resolve) => {
    const go = () => {
      clearTimeout(timer);
      window.removeEventListener("online", go);
      line.replaceChildren("Your answer is kept. Sending …");
      resolve();
    };
    const timer = setTimeout(go, 1000 * seconds);
    button.addEventListener("click", go);
    window.addEventListener("online", go);
  });
}

// The server asks for something: its page comes back with what was typed and what is missing.
async function showAgain(response, restart) {
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  document.querySelector("main").replaceWith(page.querySelector("main"));
  release(document.querySelector("main"), "sending");
  restart();
}

function tellWhatToDo(form) {
  const line = lineOf(form);
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "button", textContent: "Reload the page" });
  button.addEventListener("click", () => window.location.reload());
  line.classList.add("sending--stopped");
  line.replaceChildren(
    "This page was open for too long, so this answer could not be stored. All answers before it are. ",
    "Please reload the page and answer once more. ",
    button,
  );
}
