// A slider below a heat map makes its colours stronger or weaker. What was chosen is an event.

import { log } from "./events.js";

document.addEventListener("input", (event) => {
  if (!event.target.matches?.("[data-opacity]")) return;
  const heat = event.target.closest(".photo").querySelector(".heat");
  heat.style.opacity = event.target.value / 100;
});

document.addEventListener("change", (event) => {
  if (!event.target.matches?.("[data-opacity]")) return;
  const panel = event.target.closest("[data-panel]")?.dataset.panel ?? "";
  log("opacity", `panel ${panel}: ${event.target.value} %`);
});
