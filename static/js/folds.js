// Tables that are folded: a link to one opens it, printing opens all of them, and a button does.
// Those beside a figure are folded on a phone only. Without this file each is opened by its own line.

const phone = window.matchMedia("(max-width: 40rem)");
const all = [...document.querySelectorAll("details.fold")];
const button = document.querySelector("[data-folds]");
const isBeside = (each) => each.classList.contains("fold--beside");
const folds = () => all.filter((each) => phone.matches || !isBeside(each));

function reveal() {
  const place = document.getElementById(decodeURIComponent(window.location.hash.slice(1)));
  if (!place) return;
  for (let at = place; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  if (place.id.startsWith("of-")) for (const each of place.querySelectorAll("details.fold")) each.open = true;
  place.scrollIntoView();
}

const isAnyClosed = () => folds().some((each) => !each.open);

function label() {
  button.hidden = !folds().length;
  button.textContent = isAnyClosed() ? "Open all tables" : "Close all tables";
}

function fit() {
  for (const each of all) if (isBeside(each)) each.open = !phone.matches;
  label();
}

if (all.length) {
  fit();
  phone.addEventListener("change", fit);
  button.addEventListener("click", () => {
    const isOpen = isAnyClosed();
    for (const each of folds()) each.open = isOpen;
  });
  for (const each of all) each.addEventListener("toggle", label);
}
window.addEventListener("beforeprint", () => { for (const each of all) each.open = true; });
window.addEventListener("hashchange", reveal);
if (window.location.hash) reveal();
