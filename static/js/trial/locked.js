// Runs before the page is shown. Until the script that times the answer runs, no button of the
// session's form does anything: not every browser waits with showing the page
// (blocking="render"), and an answer that is given before would have no time.
// No module, and nothing newer than what browsers without modules know.

(function () {
  var root = document.documentElement;
  // A browser without modules never runs that script. It sends the plain form.
  if (!("noModule" in document.createElement("script"))) return;
  root.classList.add("is-waiting");

  function refuse(event) {
    if (!root.classList.contains("is-waiting") || !event.target.closest) return;
    if (!event.target.closest("form[data-send]")) return;
    if (event.type === "click" && !event.target.closest("button[type=submit]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }
  document.addEventListener("click", refuse, true);
  document.addEventListener("submit", refuse, true);

  // Where the script cannot come, or stops, the plain form is better than none.
  window.addEventListener(
    "error",
    function (event) {
      if (event.error || event.target.tagName === "SCRIPT") root.classList.remove("is-waiting");
    },
    true,
  );
})();
