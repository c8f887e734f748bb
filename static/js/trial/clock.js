// The time from all photos shown to the answer, and how much of it the person was away:
// the page hidden or another window in front, counted once when both.

let shownAt = null;
let awaySince = null;
let awayTotal = 0;

const isAway = () => document.hidden || !document.hasFocus();

function look() {
  const now = performance.now();
  if (shownAt === null) return;
  if (isAway()) {
    awaySince ??= now;
  } else if (awaySince !== null) {
    awayTotal += now - awaySince;
    awaySince = null;
  }
}

for (const name of ["blur", "focus"]) window.addEventListener(name, look);
document.addEventListener("visibilitychange", look);

export function begin() {
  if (shownAt !== null) return;
  shownAt = performance.now();
  look();
}

// The two times in whole milliseconds at the moment of the answer; empty before the photos.
export function read() {
  if (shownAt === null) return { rt: "", away: "" };
  const now = performance.now();
  const away = awayTotal + (awaySince === null ? 0 : now - awaySince);
  return { rt: String(Math.round(now - shownAt)), away: String(Math.round(away)) };
}
