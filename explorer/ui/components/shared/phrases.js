// Phrases: what visitors read of a script, in the language of the page. `PHRASES` has the translations into it.
//
//   phrase("Save numbers (CSV)")      as it is where there is no translation
//   phrase`Draw ${n} tokens`          the message is "Draw {0} tokens", and 2000 is written 2,000
function phrase(text, ...given) {
  if (typeof text === "string") return PHRASES[text] ?? text;
  const values = given.map((value) => (Number.isInteger(value) ? (value || 0).toLocaleString("en").replace("-", "−") : value)); // −0 is 0
  const message = values.length ? text.map((piece) => piece.replace(/[{}]/g, "$&$&")).reduce((all, piece, i) => `${all}{${i - 1}}${piece}`) : text[0];
  const translation = PHRASES[message];
  if (translation === undefined) return String.raw({ raw: text }, ...values);
  return translation.replace(/\{\{|\}\}|\{(\d+)\}/g, (mark, i) => (i === undefined ? mark[0] : values[i]));
}

const plural = (n) => (n === 1 ? "" : "s"); // in a phrase: token${plural(n)}

document.documentElement.lang = LANGUAGE === "zh" ? "zh-Hans" : LANGUAGE; // the browser takes its fonts for it
