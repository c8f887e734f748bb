// The worked example's try-it step: which box belongs to a number? What was pressed is an event.

import { log } from "./events.js";

document.addEventListener("click", (event) => {
  const part = event.target.closest?.("[data-try] .pair [data-number]");
  if (!part) return;
  const page = part.closest("[data-try]");
  const said = page.querySelector("[data-try-said]");
  const side = part.closest("[data-side]")?.dataset.side ?? "number";
  const isRight = part.dataset.number === page.dataset.try && side !== "photo";
  said.textContent = isRight ? said.dataset.right : said.dataset.other;
  said.classList.toggle("is-right", isRight);
  log("try", `${side} ${part.dataset.number}: ${isRight ? "found" : "other"}`);
});
