// The editor's live preview: the page that people see, of the document as it is typed. Each page is
// loaded by the server in a new frame without scripts behind the one that is shown, and takes its
// place when it is there: so nothing flickers, and the keyboard's focus stays in the form.

import { make } from "./studio-values.js";

const LAPTOP = 1366;
const PATIENCE_MS = 30_000;
const CHOICES = ["size", "language", "condition", "screen"]; // the screens are those of the condition

export class Live {
  constructor(box, opener, preview) {
    this.box = box;
    this.form = box.querySelector("form");
    this.stage = box.querySelector("[data-live-stage]");
    this.line = box.querySelector("[data-live-said]");
    this.page = null; // the frame that is shown
    this.coming = null; // the frame that is loaded
    this.isOld = true; // whether the frame that is shown has to be renewed
    this.n = 0;
    this.offer(preview);
    this.recall();
    box.hidden = opener.hidden = false;
    opener.addEventListener("click", () => this.open(opener));
    this.part("size").addEventListener("change", () => { this.widen(); this.fit(); this.remember(); });
    for (const name of ["condition", "screen", "language"]) this.part(name).addEventListener("change", () => this.chosen(name));
    new ResizeObserver(() => { this.fit(); this.renew(); }).observe(this.stage);
  }

  part(name) {
    return this.form.querySelector(`[data-live-${name}]`);
  }

  // What the server said of the document.
  take(said) {
    if (said.problems.length) {
      this.say(`Not renewed: ${said.problems.length} to fix. This is the page of the last valid version.`);
      return;
    }
    this.part("document").value = JSON.stringify(said.document);
    this.offer(said.preview);
    this.say("");
    this.isOld = true;
    this.renew();
  }

  say(words) {
    if (this.line.textContent !== words) this.line.textContent = words;
    this.line.hidden = !words;
  }

  // ---- the choices ----

  offer(preview) {
    this.preview = preview;
    choose(this.part("condition"), Object.keys(preview.of).map((name) => [name, name, ""]));
    choose(this.part("language"), preview.languages.map(([tag, name]) => [tag, name, ""]));
    this.part("language").closest("p").hidden = preview.languages.length < 2;
    this.offerScreens();
  }

  offerScreens() {
    choose(this.part("screen"), this.preview.screens[this.preview.of[this.part("condition").value]]);
  }

  chosen(name) {
    if (name === "condition") this.offerScreens();
    this.remember();
    this.isOld = true;
    this.renew();
  }

  // What was chosen is chosen again when the page is loaded after saving.
  remember() {
    const words = Object.fromEntries(CHOICES.map((name) => [name, this.part(name).selectedOptions[0]?.textContent]));
    try {
      sessionStorage.setItem(this.form.action, JSON.stringify(words));
    } catch {
      // Not allowed: the choices begin anew.
    }
  }

  recall() {
    let words = {};
    try {
      words = JSON.parse(sessionStorage.getItem(this.form.action)) ?? {};
    } catch {
      // Not allowed, or not ours.
    }
    for (const name of CHOICES) {
      const select = this.part(name);
      const option = [...select.options].find((each) => each.textContent === words[name]);
      if (option) select.value = option.value;
      if (name === "condition") this.offerScreens();
    }
    this.widen();
  }

  // ---- the frame ----

  // A laptop's page gets more of the desk than the form, so that its words can be read.
  widen() {
    this.box.parentElement.classList.toggle("is-wide", this.part("size").value === "laptop");
  }

  open(opener) {
    const isOpen = this.box.classList.toggle("is-open");
    opener.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) this.box.scrollIntoView({ block: "start" });
  }

  renew() {
    if (!this.isOld || this.coming || !this.stage.clientWidth) return;
    this.isOld = false;
    const frame = make("iframe", { className: "live__page live__page--coming", name: `live-${(this.n += 1)}`, title: "The page that people see" });
    frame.setAttribute("sandbox", "allow-same-origin");
    this.coming = frame;
    this.stage.append(frame);
    this.fit();
    const timer = setTimeout(() => this.arrived(frame, timer), PATIENCE_MS);
    frame.addEventListener("load", () => {
      if (frame.contentDocument?.URL !== "about:blank") this.arrived(frame, timer);
    });
    this.stage.setAttribute("aria-busy", "true");
    this.form.target = frame.name;
    this.form.submit();
  }

  // The new page is there, or something else came in its place.
  arrived(frame, timer) {
    if (this.coming !== frame) return;
    clearTimeout(timer);
    this.coming = null;
    this.stage.removeAttribute("aria-busy");
    if (frame.contentDocument?.getElementById("main")) {
      const isSame = frame.contentDocument.title === this.page?.contentDocument?.title;
      const top = isSame ? this.page.contentWindow.scrollY : 0;
      this.page?.remove();
      this.page = frame;
      frame.classList.remove("live__page--coming");
      frame.contentWindow.scrollTo(0, top);
    } else {
      frame.remove();
      this.say("The preview could not be renewed: the server did not give the page. What you typed is still here.");
    }
    this.renew();
  }

  // A laptop's page is as wide as on a laptop, and made smaller.
  fit() {
    const width = this.stage.clientWidth;
    const scale = this.part("size").value === "laptop" && width ? width / LAPTOP : 1;
    for (const frame of this.stage.children) {
      frame.style.width = `${width / scale}px`;
      frame.style.height = `${this.stage.clientHeight / scale}px`;
      frame.style.transform = scale === 1 ? "" : `scale(${scale})`;
    }
  }
}

// Fill a list of choices. What was chosen stays chosen: by its words, because keys move when a screen
// is added before it.
function choose(select, rows) {
  const was = select.selectedOptions[0];
  const same = rows.find(([, words]) => words === was?.textContent) ?? rows.find(([key]) => key === was?.value) ?? rows[0];
  const made = [];
  let last = null; // the group that the options are put into
  for (const [key, words, group] of rows) {
    const option = make("option", { value: key, textContent: words, selected: key === same[0] });
    if (!group) made.push(option);
    else {
      if (last?.label !== group) made.push(last = make("optgroup", { label: group }));
      last.append(option);
    }
  }
  // A list that is open is not drawn again without need.
  if (select.textContent !== made.map((each) => each.textContent).join("")) select.replaceChildren(...made);
  select.value = same[0];
}
