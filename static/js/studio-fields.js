// A form made from a JSON Schema. Each control writes into the document and says that it changed;
// ids are "f-" and the field's path, as the server names it in what it refuses.

import { choiceName, copy, isExact, isLater, isSet, isTable, keyOf, make, numberOf, oneOf, titleOf, words } from "./studio-values.js";

const LONG = 200;

export class Fields {
  constructor(schema, changed, rest) {
    Object.assign(this, { schema, changed, rest });
  }

  // Follow a reference, and the choice by kind; what stands beside it wins.
  resolved(part, value) {
    let whole = { ...part };
    if (whole.$ref) {
      const target = this.schema.$defs[whole.$ref.replace("#/$defs/", "")];
      delete whole.$ref;
      whole = { ...this.resolved(target, value), ...whole };
    }
    const branch = (whole.allOf ?? []).find((each) => each.if.properties.kind.const === value?.kind);
    return branch ? this.resolved(branch.then, value) : whole;
  }

  // Put the defaults in, so that the form shows what would be stored. A field of a later format
  // stays out until it is used: with it, the document would be of that format.
  fill(part, value) {
    const whole = this.resolved(part, value);
    if (!whole.properties) return value;
    const table = isTable(value) ? value : {};
    for (const [name, field] of Object.entries(whole.properties)) {
      const inner = this.resolved(field);
      if (!(name in table) && "default" in inner && !isLater(inner)) table[name] = copy(inner.default);
    }
    return table;
  }

  field(part, holder, key, path) {
    holder[key] = this.fill(part, holder[key]);
    const whole = this.resolved(part, holder[key]);
    if ("const" in whole) return null;
    if (whole.properties) return this.table(whole, holder[key], path);
    if (whole.type === "array") return this.array(whole, holder, key, path);
    return this.simple(whole, holder, key, path);
  }

  // The path of the first value that the form has no field for; null where it can show all of them.
  // A form that left something out would drop it with the next keystroke.
  misfit(part, value, path = "") {
    const whole = this.resolved(part, value);
    if (value === undefined || value === null || "const" in whole || whole.anyOf) return null;
    if (whole.type === "object") return this.misfitOfTable(whole, value, path);
    if (whole.type === "array") return this.misfitOfList(whole, value, path);
    const isPlain = typeof value !== "object" && isExact(value) && (whole.type !== "boolean" || typeof value === "boolean");
    return isPlain ? null : path;
  }

  misfitOfTable(whole, value, path) {
    if (!isTable(value)) return path;
    const found = Object.entries(whole.properties ?? {}).map(([name, part]) => this.misfit(part, value[name], path ? `${path}.${name}` : name));
    return found.find((each) => each !== null) ?? null;
  }

  misfitOfList(whole, value, path) {
    if (!Array.isArray(value)) return path;
    const found = value.map((each, at) => (each === null ? `${path}[${at}]` : this.misfit(whole.items, each, `${path}[${at}]`)));
    return found.find((each) => each !== null) ?? null;
  }

  fieldsOf(whole, table, path) {
    const below = path ? `${path}.` : "";
    return Object.entries(whole.properties)
      .map(([name, part]) => this.fieldOf({ title: words(name), ...part }, table, name, below + name))
      .filter((each) => each !== null);
  }

  // A field of a later format is shown with its default, and stored when something is typed.
  fieldOf(part, table, name, path) {
    const inner = this.resolved(part);
    if (name in table || !isLater(inner)) return this.field(part, table, name, path);
    const aside = { [name]: copy(inner.default) };
    const used = new Fields(this.schema, () => { table[name] = aside[name]; this.changed(); }, this.rest);
    return used.field(part, aside, name, path);
  }

  table(whole, table, path) {
    const legend = make("legend", { textContent: whole.title ?? words(path.split(".").pop()) });
    const help = whole.description ? make("p", { className: "field__help", textContent: whole.description }) : null;
    if (whole["x-collapsed"]) {
      const title = make("summary", {}, make("span", { textContent: whole.title }));
      const fields = make("details", { id: `f-${path}`, open: isSet(table) }, title, help);
      fields.dataset.path = path;
      this.rest.later(path, fields, () => fields.append(...this.fieldsOf(whole, table, path)));
      return fields;
    }
    const box = make("fieldset", { className: "group", id: `f-${path}` }, legend, help, ...this.fieldsOf(whole, table, path));
    box.dataset.path = path;
    return box;
  }

  frame(whole, path, control, isLabelled = true) {
    const id = `f-${path}`;
    const help = whole.description ? make("p", { className: "field__help", id: `${id}-help`, textContent: whole.description }) : null;
    if (help) control.setAttribute("aria-describedby", help.id);
    const text = whole.title ?? words(path.split(".").pop());
    const label = isLabelled ? make("label", { htmlFor: id, textContent: text }) : null;
    const box = control.type === "checkbox"
      ? make("div", { className: "field field--tick" }, control, label, help)
      : make("div", { className: "field" }, label, control, help);
    if (isLabelled) control.id = id;
    box.dataset.path = path;
    return box;
  }

  // A field that a condition may set for itself; what is left out is as in the study.
  inherited(whole, holder, key, path) {
    const value = holder[key];
    const write = (next) => {
      if (next === "" || next === null) delete holder[key];
      else holder[key] = next;
      this.changed();
    };
    const choices = whole.type === "boolean" ? ["true", "false"] : whole.enum;
    if (!choices) {
      const isNumber = whole.type === "integer" || whole.type === "number";
      const control = make("input", { type: "text", value: value ?? "", placeholder: "as in the study" });
      if (isNumber) control.className = "number";
      control.addEventListener("input", () => write(isNumber ? numberOf(control.value) : control.value));
      return this.frame(whole, path, control);
    }
    const named = { true: "yes", false: "no" };
    const options = ["", ...choices].map((each) => make("option", {
      value: each, textContent: each === "" ? "as in the study" : named[each] ?? each, selected: String(value ?? "") === each,
    }));
    const control = make("select", {}, ...options);
    control.addEventListener("change", () => write(whole.type === "boolean" && control.value ? control.value === "true" : control.value));
    return this.frame(whole, path, control);
  }

  simple(whole, holder, key, path) {
    if (whole["x-inherits"]) return this.inherited(whole, holder, key, path);
    const value = holder[key];
    const write = (next) => { holder[key] = next; this.changed(); };
    let control;
    if (whole.anyOf) {
      control = make("input", { type: "text", value: typeof value === "string" ? value : JSON.stringify(value) });
      control.addEventListener("input", () => write(oneOf(control.value)));
    } else if (whole.enum) {
      const known = whole.enum.includes(value) ? whole.enum : [String(value ?? ""), ...whole.enum];
      control = make("select", {}, ...known.map((each) => make("option", { value: each, textContent: choiceName(whole, each), selected: each === value })));
      control.addEventListener("change", () => {
        if (control.value) return write(control.value);
        delete holder[key]; // the empty choice is there for a field that the document leaves out
        this.changed();
      });
    } else if (whole.type === "boolean") {
      control = make("input", { type: "checkbox", checked: value === true });
      control.addEventListener("change", () => write(control.checked));
    } else if (whole.type === "integer" || whole.type === "number") {
      // A field of type "number" tells nothing of what it cannot read: here it is kept and refused.
      control = make("input", { type: "text", value: value ?? "", inputmode: "decimal", autocomplete: "off" });
      control.className = "number";
      control.addEventListener("input", () => write(numberOf(control.value)));
    } else if (whole.type === "object") {
      return this.pairs(whole, holder, key, path, write);
    } else {
      const isLong = (whole.maxLength ?? 0) > LONG;
      control = isLong ? make("textarea", { rows: Math.max(2, String(value ?? "").split("\n").length), value: value ?? "" }) : make("input", { type: "text", value: value ?? "" });
      control.addEventListener("input", () => write(control.value));
    }
    return this.frame(whole, path, control);
  }

  // A table of free names: one "name: value" a line.
  pairs(whole, holder, key, path, write) {
    const read = (text) => { try { return JSON.parse(text); } catch { return text; } };
    const lines = Object.entries(isTable(holder[key]) ? holder[key] : {}).map(([name, each]) => `${name}: ${typeof each === "string" ? each : JSON.stringify(each)}`);
    const control = make("textarea", { rows: 2, value: lines.join("\n") });
    control.addEventListener("input", () => {
      const rows = control.value.split("\n").map((line) => line.split(":")).filter(([name]) => name.trim());
      write(Object.fromEntries(rows.map(([name, ...rest]) => [name.trim(), read(rest.join(":").trim())])));
    });
    const title = `${whole.title} (name: value, one a line)`;
    return this.frame({ ...whole, title }, path, control);
  }

  array(whole, holder, key, path) {
    if (!Array.isArray(holder[key])) holder[key] = [];
    const items = this.resolved(whole.items);
    if (items.enum) return this.ticks(whole, items, holder, key, path);
    if (items.type === "string") return this.lines(whole, holder, key, path);
    if (items.type === "array") return this.lines(whole, holder, key, path, true);
    return this.list(whole, holder, key, path);
  }

  ticks(whole, items, holder, key, path) {
    const known = [...new Set([...items.enum, ...holder[key].map(String)])];
    const boxes = known.map((each) => {
      const box = make("input", { type: "checkbox", value: each, checked: holder[key].includes(each) });
      box.addEventListener("change", () => {
        holder[key] = known.filter((name) => boxes.some((one) => one.firstChild.checked && one.firstChild.value === name));
        this.changed();
      });
      return make("label", { className: "tick" }, box, ` ${each}`);
    });
    const box = make("fieldset", { className: "group", id: `f-${path}` }, make("legend", { textContent: whole.title }), ...boxes);
    box.dataset.path = path;
    return box;
  }

  // Short texts, one a line; pairs are written "A | B".
  lines(whole, holder, key, path, isPairs = false) {
    const shown = holder[key].map((each) => (isPairs && Array.isArray(each) ? each.join(" | ") : String(each)));
    const control = make("textarea", { rows: Math.max(2, shown.length + 1), value: shown.join("\n") });
    control.addEventListener("input", () => {
      const rows = control.value.split("\n").map((line) => line.trim()).filter(Boolean);
      holder[key] = isPairs ? rows.map((row) => row.split("|").map((each) => each.trim())) : rows;
      this.changed();
    });
    const title = `${whole.title} (${isPairs ? "A | B, one a line" : "one a line"})`;
    return this.frame({ ...whole, title }, path, control);
  }

  list(whole, holder, key, path) {
    const box = make("fieldset", { className: "list", id: `f-${path}` });
    box.dataset.path = path;
    const legend = make("legend", { textContent: whole.title });
    const kinds = this.resolved(whole.items).properties?.kind?.enum ?? [""];
    const draw = (openAt = -1, focus = null) => {
      const open = new Set([...box.querySelectorAll("li > details[open]")].map((each) => each.dataset.key));
      const rows = holder[key].map((each, at) => this.row(whole, holder, key, path, at, draw, open.has(keyOf(each)) || at === openAt));
      const adders = kinds.map((kind) => this.adder(whole, holder, key, kind, draw));
      const help = whole.description ? make("p", { className: "field__help", textContent: whole.description }) : null;
      box.replaceChildren(legend, ...(help ? [help] : []), make("ol", { className: "items" }, ...rows), make("p", { className: "row" }, ...adders));
      if (focus) (box.querySelector(focus) ?? adders[0]).focus();
    };
    draw();
    return box;
  }

  adder(whole, holder, key, kind, draw) {
    const button = make("button", { type: "button", className: "button button--quiet", textContent: kind ? `Add ${kind}` : `Add to ${whole.title.toLowerCase()}` });
    button.addEventListener("click", () => {
      const at = kind && kind !== "questions" && holder[key].at(-1)?.name === "debrief" ? holder[key].length - 1 : holder[key].length;
      holder[key].splice(at, 0, this.fresh(whole.items, kind));
      draw(at, `li:nth-child(${at + 1}) details :is(input, select, textarea)`);
      this.changed();
    });
    return button;
  }

  // A new entry: defaults, and something in each required field that can be typed over.
  fresh(items, kind) {
    const made = this.fill(items, kind ? { kind } : {});
    const whole = this.resolved(items, made);
    for (const [name, part] of Object.entries(whole.properties ?? {})) {
      if ("x-new" in part) made[name] = part["x-new"];
    }
    for (const name of whole.required ?? []) {
      const part = this.resolved(whole.properties[name]);
      if (name in made) continue;
      if (part.enum) made[name] = part.enum[0];
      else made[name] = part.type === "array" ? [] : "";
    }
    return made;
  }

  row(whole, holder, key, path, at, draw, isOpen) {
    const item = holder[key][at];
    const here = `${path}[${at}]`;
    const inner = this.resolved(whole.items, item);
    const table = this.fill(whole.items, item);
    holder[key][at] = table;
    const title = make("span", { textContent: titleOf(table, at) });
    const details = make("details", { open: isOpen }, make("summary", {}, title));
    this.rest.later(here, details, () => details.append(...this.fieldsOf(inner, table, here)));
    details.dataset.path = here;
    details.dataset.key = keyOf(item);
    details.addEventListener("input", () => { title.textContent = titleOf(holder[key][at], at); });
    const button = (name, label, act, isOff = false) => {
      const made = make("button", { type: "button", className: "mini", textContent: label, disabled: isOff, "aria-label": `${name}: ${titleOf(item, at)}` });
      made.dataset.act = name;
      made.addEventListener("click", act);
      return made;
    };
    const move = (by, name) => () => {
      holder[key].splice(at + by, 0, ...holder[key].splice(at, 1));
      draw(-1, `li:nth-child(${at + by + 1}) [data-act="${name}"]:not(:disabled), li:nth-child(${at + by + 1}) summary`);
      this.changed();
    };
    const last = holder[key].length - 1;
    const buttons = make("span", { className: "row items__buttons" },
      button("Move up", "↑", move(-1, "Move up"), at === 0),
      button("Move down", "↓", move(1, "Move down"), at === last),
      button("Remove", "✕", () => { holder[key].splice(at, 1); draw(-1, `li:nth-child(${Math.min(at, last - 1) + 1}) [data-act="Remove"]`); this.changed(); }));
    return make("li", { className: "items__one" }, details, buttons);
  }
}
