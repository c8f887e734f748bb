// A running study's counts look again by themselves. Without this file a link does it.

const region = document.querySelector("[data-refresh]");
let isOn = true;

// The switch stands beside the time of the counts, and is renewed with them.
function offer() {
  const choice = region.querySelector("[data-refresh-switch]");
  if (!choice) return;
  const tick = choice.querySelector("input");
  tick.checked = isOn;
  tick.addEventListener("change", () => { isOn = tick.checked; });
  choice.hidden = false;
}

async function look() {
  if (isOn && !document.hidden) {
    try {
      const response = await fetch(region.dataset.refresh);
      if (response.ok && !response.redirected) show(await response.text());
    } catch {
      // Offline for a moment: the time that the counts are of stays on the page.
    }
  }
  setTimeout(look, 1000 * Number(region.dataset.seconds));
}

// What is being read stays where it is: the focus, and how far a table is scrolled.
function show(html) {
  const focused = region.contains(document.activeElement) ? document.activeElement.id : "";
  const scrolled = [...region.querySelectorAll(".scroller")].map((box) => [box.id, box.scrollLeft]);
  region.innerHTML = html;
  offer();
  for (const [id, left] of scrolled) {
    const box = document.getElementById(id);
    if (box) box.scrollLeft = left;
  }
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

offer();
setTimeout(look, 1000 * Number(region.dataset.seconds));
