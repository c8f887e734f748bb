// What is closed or below the screen in the editor's form, most of its fields. At first it is not
// drawn: the page is shown, and can be used, before it. Then it is drawn part by part, or at once when
// a part is needed.

export class Rest {
  constructor() {
    this.waiting = new Map(); // what draws a part, by its path
    this.isOver = false;
  }

  // Draw a part later, if it is not open. After the first time, a form is drawn whole.
  later(path, details, draw) {
    if (this.isOver || details.open) {
      draw();
      return;
    }
    const drawn = () => {
      if (this.waiting.get(path) !== drawn) return;
      this.waiting.delete(path);
      draw();
    };
    this.waiting.set(path, drawn);
    details.addEventListener("toggle", drawn);
  }

  // Draw the parts that a path leads through.
  reach(path) {
    for (const [here, draw] of this.waiting) if (path.startsWith(here)) draw();
  }

  drawAll(pane) {
    pane.setAttribute("aria-busy", "true");
    setTimeout(() => {
      const [draw] = this.waiting.values();
      draw?.();
      if (draw) return this.drawAll(pane);
      this.isOver = true;
      pane.removeAttribute("aria-busy");
    });
  }
}
