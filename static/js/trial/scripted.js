// What works by script alone is in the page, but hidden.

const PARTS = ".numbers, .heat__strength, [data-lens], [data-swipe], [data-drawer-close]";

export function showScripted(main) {
  for (const part of main.querySelectorAll(PARTS)) part.hidden = false;
  // Without a script the drawer opens in its place; with one it floats, and can be closed again.
  for (const drawer of main.querySelectorAll("[data-drawer]")) drawer.classList.add("is-floating");
}
