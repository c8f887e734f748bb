// Types into the study editor as a hurried person would: every field, in random order, with switches
// between the form and the text that wait for nothing. Returns what each field must hold afterwards.

window.fieldsShown = () => {
  const pane = document.getElementById("pane-form");
  const controls = [...pane.querySelectorAll("input, select, textarea")];
  return new Map(controls.map((each) => [keyOf(each), each]));

  function keyOf(control) {
    return control.id || `${control.closest("[data-path]").dataset.path}|${control.value}`;
  }
};

window.valueOf = (control) => (control.type === "checkbox" ? control.checked : control.value);

window.typeEverywhere = async ({ seed, only }) => {
  const random = generator(seed);
  const below = (n) => Math.floor(random() * n);
  const chosen = (items) => items[below(items.length)];
  const text = document.getElementById("text");
  const pane = (name) => document.getElementById(`pane-${name}`);
  const expected = {};
  let nTokens = 0;

  const keys = [...window.fieldsShown().keys()].filter((key) => !only || only.includes(key));
  for (let left = keys.length; left > 1; left -= 1) {
    const other = below(left);
    [keys[left - 1], keys[other]] = [keys[other], keys[left - 1]];
  }
  while (keys.length) {
    await open("form");
    const n = 1 + below(25);
    keys.splice(0, n).forEach(type);
    if (random() < 0.5) continue;
    document.getElementById("tab-yaml").click();
    keys.splice(0, below(3)).forEach(type); // the text is being made: it must bring these along
    await shown("yaml");
    for (let again = below(3); again > 0; again -= 1) replaceToken();
    if (random() < 0.5) await new Promise((done) => setTimeout(done, below(500)));
    document.getElementById("tab-form").click();
    if (random() < 0.5) replaceToken(); // the form is being made: it must bring this along
  }
  if (random() < 0.5) await open("yaml");
  return expected;

  async function open(name) {
    if (!pane(name).hidden) return;
    document.getElementById(`tab-${name}`).click();
    await shown(name);
  }

  async function shown(name) {
    for (let waited = 0; pane(name).hidden; waited += 5) {
      if (waited > 60_000) throw new Error(`${name} was not shown: ${document.querySelector("[data-tab-refusal]").textContent}${document.querySelector(".tabs").outerHTML}`);
      await new Promise((done) => setTimeout(done, 5));
    }
  }

  function type(key) {
    const control = window.fieldsShown().get(key);
    if (control.type === "checkbox") control.click();
    else {
      control.value = wordsFor(control);
      control.dispatchEvent(new Event(control.tagName === "SELECT" ? "change" : "input", { bubbles: true }));
    }
    expected[key] = window.valueOf(control);
  }

  function token() {
    nTokens += 1;
    return `t${seed}x${nTokens}e`;
  }

  function wordsFor(control) {
    if (control.tagName === "SELECT") return chosen([...control.options]).value;
    if (control.classList.contains("number")) {
      if (only) return String(1 + below(600));
      return chosen(["", "abc", "2,5", "-1", "0.25", "9007199254740993", String(below(1000))]);
    }
    const label = document.querySelector(`label[for="${CSS.escape(control.id)}"]`).textContent;
    if (label.includes("name: value")) return `n_shortlist: ${below(99)}\nof: ${token()}`;
    if (label.includes("A | B")) return `${token()} | ${token()}\n${token()} | b`;
    if (label.includes("one a line")) return `${token()}\n# ${token()}`;
    if (control.tagName === "TEXTAREA") return `- ä: "${token()}" {persona}\n\n  **two** 'lines' # ${token()} `;
    return chosen([token(), `${token()}: #1 "x" \\n`, ` ${token()} 中文 `, `- [${token()}]`]);
  }

  function replaceToken() {
    const found = text.value.match(/t\d+x\d+e/g);
    if (!found || text.readOnly || pane("yaml").hidden) return;
    const old = chosen(found);
    const next = token();
    for (const key of Object.keys(expected)) {
      if (typeof expected[key] === "string") expected[key] = expected[key].replaceAll(old, next);
    }
    text.value = text.value.replaceAll(old, next);
    text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // A linear congruential generator (Numerical Recipes, ranqd1): browsers have none with a seed.
  function generator(start) {
    let state = (start + 1) >>> 0;
    return () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 4294967296;
    };
  }
};
