// The participant's page: the clock, the keys, and one submission only.
// Everything here is a comfort: without this file each page still works.

const shown = [...document.querySelectorAll("img[data-shown]")];

// The clock starts, and an answer can be given, when every photo of the trial can be seen.
const PATIENCE_MS = 15000;
const answers = document.querySelectorAll("button[name=answer]");
let startedAt = null;

function start() {
  startedAt ??= performance.now();
  for (const button of answers) button.disabled = false;
}

for (const button of answers) button.disabled = true;
Promise.all(shown.map((image) => image.decode().catch(() => undefined))).then(start);
setTimeout(start, PATIENCE_MS);

function press(form, button) {
  if (form.dataset.sent) return false;
  form.dataset.sent = "yes";
  const clock = form.elements.namedItem("rt_ms");
  if (clock && startedAt !== null) clock.value = String(Math.round(performance.now() - startedAt));
  if (button) button.classList.add("is-chosen");
  return true;
}

for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (!press(form, event.submitter)) event.preventDefault();
  });
}

const keyed = document.querySelector("form[data-keys]");
if (keyed) {
  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    const button = keyed.querySelector(`button[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (button) button.click();
  });
}

// A click on a photo shows it large; a matched pair comes together.
const zoom = document.querySelector("dialog.zoom");
if (zoom) {
  for (const frame of document.querySelectorAll("button[data-zoom]")) {
    frame.addEventListener("click", () => {
      const pair = frame.closest(".pair");
      const figures = pair ? pair.querySelectorAll(".photo") : [frame.closest(".photo")];
      zoom.replaceChildren(...[...figures].map((figure) => figure.cloneNode(true)));
      zoom.showModal();
    });
  }
  zoom.addEventListener("click", () => zoom.close());
}

// A page that the browser kept for the back button shows an old step: ask for the current one.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload();
});
