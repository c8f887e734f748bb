// The texts of scripts, in the language of the page: the server writes them into it as data.

const texts = JSON.parse(document.getElementById("texts")?.textContent ?? "{}");

// The text of a name, with its {values}; the name itself where the page has no texts.
export function say(name, values = {}) {
  return (texts[name] ?? name).replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}
