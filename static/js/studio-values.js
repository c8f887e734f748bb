// Small parts of the editor's form: elements, and the values that fields hold.

export const make = (name, properties = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in element) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children.filter((each) => each !== null));
  return element;
};

export const isTable = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
export const copy = (value) => JSON.parse(JSON.stringify(value));
export const words = (name) => name.replaceAll("_", " ").replace(/^./, (first) => first.toUpperCase());

// Choices are offered as they are stored, or by their names in English where the schema says of what.
export const choiceName = (whole, value) => (whole["x-names"] && whole.enum.includes(value) ? new Intl.DisplayNames(["en"], { type: whole["x-names"] }).of(value) : value);

export const isLater = (part) => (part["x-format"] ?? 1) > 1 && "default" in part;
// A word, or a list or a table in JSON; what cannot be read is kept as typed, for the server to refuse.
export function oneOf(typed) {
  try { return /^\s*[[{]/.test(typed) ? JSON.parse(typed) : typed; } catch { return typed; }
}

// Whether a table says anything beyond what it says by itself: then it is shown open.
export function isSet(table) {
  return Object.values(table).some((each) => each !== 0 && each !== true && each !== "");
}

// What is written as a number; anything else as it was typed, for the server to refuse by name.
export function numberOf(typed) {
  const text = typed.trim();
  if (text === "") return null;
  return /^-?\d+(\.\d+)?$/.test(text) && isExact(Number(text)) ? Number(text) : text;
}

// Beyond 2^53 a script's numbers lose digits.
export function isExact(value) {
  return typeof value !== "number" || !Number.isInteger(value) || Number.isSafeInteger(value);
}

const keys = new WeakMap();
let nKeys = 0;
export function keyOf(item) {
  if (!isTable(item)) return "";
  if (!keys.has(item)) keys.set(item, String((nKeys += 1)));
  return keys.get(item);
}

export function titleOf(item, at) {
  const said = [item?.kind, item?.name, item?.classifier || item?.run, item?.view, item?.n ? `${item.n} photos` : ""];
  return `${at + 1}. ${said.filter(Boolean).join(", ") || "new"}`;
}
