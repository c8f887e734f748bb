// Photos: all of them are on the screen before an answer can be given. One that is slow or
// fails says so, is tried again, ever more slowly, and can be tried at once by a button.

import { say } from "../texts.js";
import { log } from "./events.js";

const SLOW_MS = 3000;
const TOO_LONG_MS = 20000;
const PATIENCE = [1, 2, 4, 8, 15, 30]; // seconds between tries; the last one again and again
const GIVE_ADVICE_AFTER = 4;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Resolves when the picture is there; rejects when it failed or took too long.
async function arrival(image) {
  if (!image.complete) {
    const came = new Promise((resolve, reject) => {
      image.addEventListener("load", resolve, { once: true });
      image.addEventListener("error", reject, { once: true });
    });
    const late = pause(TOO_LONG_MS).then(() => Promise.reject(new Error("too long")));
    await Promise.race([came, late]);
  }
  if (image.naturalWidth === 0) throw new Error("failed");
  await image.decode();
}

function troubleOf(image) {
  const frame = image.parentElement;
  let box = frame.querySelector(".trouble");
  if (!box) {
    box = document.createElement("div");
    box.className = "trouble";
    box.innerHTML = '<p role="status"></p><button class="button" type="button" hidden></button>';
    box.lastElementChild.textContent = say("try-now");
    frame.append(box);
  }
  return {
    say(words) { box.firstElementChild.textContent = words; },
    // Waits for the given seconds or for the button, whichever comes first.
    async wait(seconds) {
      const button = box.lastElementChild;
      button.hidden = false;
      const pressed = new Promise((resolve) => {
        button.addEventListener("click", resolve, { once: true });
      });
      const online = new Promise((resolve) => {
        window.addEventListener("online", resolve, { once: true });
      });
      await Promise.race([pressed, online, pause(seconds * 1000)]);
      button.hidden = true;
    },
    clear() { box.remove(); },
  };
}

async function show(image, name) {
  const source = image.getAttribute("src");
  let trouble = null;
  const slow = setTimeout(() => {
    log("image_slow", name);
    trouble = troubleOf(image);
    trouble.say(say("photo-slow"));
  }, SLOW_MS);
  for (let n = 0; ; n += 1) {
    try {
      await arrival(image);
      break;
    } catch {
      clearTimeout(slow);
      log("image_failed", name);
      trouble = troubleOf(image);
      const seconds = PATIENCE[Math.min(n, PATIENCE.length - 1)];
      trouble.say(n + 1 < GIVE_ADVICE_AFTER
        ? say("photo-failed", { seconds })
        : say("photo-lost"));
      await trouble.wait(seconds);
      trouble.say(say("photo-again"));
      image.src = `${source}?again=${n + 1}`;
    }
  }
  clearTimeout(slow);
  if (trouble) {
    log("image_recovered", name);
    trouble.clear();
  }
}

export function shown(main) {
  const images = [...main.querySelectorAll("img[data-shown]")];
  return Promise.all(images.map((image, n) => show(image, `photo ${n + 1}`)));
}

// Fetches the next step's photos into the browser's cache, in silence: the next page shows
// whatever is wrong with them.
const ahead = [];
export function preload(urls) {
  for (const url of (urls ?? "").split(" ").filter(Boolean)) {
    const image = new Image();
    image.src = url;
    ahead.push(image);
  }
}
