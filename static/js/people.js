// The list of people: one tick for all of a page, and how many are ticked. The list works without.

const form = document.querySelector("form[data-people]");
const ticks = [...form.querySelectorAll("input[name=who]")];
const all = form.querySelector("[data-all]");
const said = form.querySelector("[data-chosen]");
const everybody = form.elements.namedItem("everybody");

function tell() {
  const n = ticks.filter((tick) => tick.checked).length;
  all.checked = n > 0 && n === ticks.length;
  all.indeterminate = n > 0 && n < ticks.length;
  said.textContent = everybody.checked ? "Everybody in the list" : `${n} selected`;
}

all.hidden = false;
all.addEventListener("change", () => {
  for (const tick of ticks) tick.checked = all.checked;
  tell();
});
form.addEventListener("change", (event) => {
  if (event.target !== all) tell();
});
window.addEventListener("pageshow", tell);
