// Tables that are folded: a link to one opens it, printing opens all of them, and a button does.
// Without this file each is opened by its own line.

const folds = [...document.querySelectorAll("details.fold")];
const button = document.querySelector("[data-folds]");

function reveal() {
  const place = document.getElementById(decodeURIComponent(window.location.hash.slice(1)));
  if (!place) return;
  for (let at = place; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  if (place.id.startsWith("of-")) for (const each of place.querySelectorAll("details.fold")) each.open = true;
  place.scrollIntoView();
}

const isAnyClosed = () => folds.some((each) => !each.open);

function label() {
  button.textContent = isAnyClosed() ? "Open all tables" : "Close all tables";
}

if (folds.length) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const isOpen = isAnyClosed();
    for (const each of folds) each.open = isOpen;
  });
  for (const each of folds) each.addEventListener("toggle", label);
}
window.addEventListener("beforeprint", () => { for (const each of folds) each.open = true; });
window.addEventListener("hashchange", reveal);
if (window.location.hash) reveal();
