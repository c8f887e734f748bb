// Forms beside the session's own, such as the consent: sent once, however often they are pressed.

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!("once" in form.dataset) || event.defaultPrevented) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
