// A browser's translator writes other words than the study's, and an answer may be an answer to
// these: its use is an event, once on each page. Chrome sets a class on the root, Firefox and
// others its language, Edge attributes on what it changed.

import { log } from "./events.js";

const root = document.documentElement;
const language = root.lang;
const EDGE = "_msttexthash";

function isTranslated() {
  const isChrome = root.classList.contains("translated-ltr") || root.classList.contains("translated-rtl");
  return isChrome || root.lang !== language || document.querySelector(`[${EDGE}]`) !== null;
}

const watcher = new MutationObserver(() => {
  if (!isTranslated()) return;
  watcher.disconnect();
  log("translated", root.lang);
});
watcher.observe(root, { attributes: true, attributeFilter: ["class", "lang", EDGE], subtree: true });
