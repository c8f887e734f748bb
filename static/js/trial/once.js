// Forms beside the session's own, such as the consent: sent once, however often they are pressed.
// Who stopped the browser, or lost the connection, may press again after a while.

const A_WHILE_MS = 10000;

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!("once" in form.dataset) || event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, A_WHILE_MS);
});
