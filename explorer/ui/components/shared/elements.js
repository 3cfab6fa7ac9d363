// Elements: what all components of ours are built from.
function make(tag, className, parent, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  parent?.append(element);
  return element;
}

// The description and the bytes behind it, as message.py packs them.
function opened(data) {
  const bytes = data.slice(), length = new DataView(bytes.buffer).getUint32(0, true);
  return { header: JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))), buffer: bytes.buffer, from: 4 + length };
}

// A canvas at the screen's own resolution, its context in CSS pixels.
function cleared(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1, [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

// Puts a tooltip beside a point of the stage, inside its component.
function placeTip(tip, root, stage, x, y) {
  const box = root.getBoundingClientRect(), place = stage.getBoundingClientRect();
  const right = x + place.left - box.left + 14, top = y + place.top - box.top;
  tip.style.left = `${right + tip.offsetWidth > box.width ? Math.max(0, right - tip.offsetWidth - 28) : right}px`;
  tip.style.top = `${Math.max(0, Math.min(box.height - tip.offsetHeight, top))}px`;
}

function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const quoted = (text) => `"${String(text).replaceAll('"', '""')}"`;
const saveText = (text, name, type) => download(new Blob([text], { type }), name);

// A button ⋯ with a menu of ways to save.
function savingMenu(place, entries) {
  const opener = make("button", "", place, "⋯"), menu = make("div", "menu", place);
  opener.title = opener.ariaLabel = phrase("Save");
  menu.hidden = true;
  opener.onclick = () => (menu.hidden = !menu.hidden);
  for (const [words, save] of entries)
    make("button", "", menu, words).onclick = () => {
      menu.hidden = true;
      save();
    };
  place.onkeydown = (event) => {
    if (event.key === "Escape") menu.hidden = true;
    event.stopPropagation();
  };
  place.addEventListener("focusout", (event) => {
    if (!place.contains(event.relatedTarget)) menu.hidden = true;
  });
}

// What to look for, its `code` between backticks.
function sayLookFor(place, sentence) {
  place.hidden = sentence === null;
  if (sentence === null) return;
  place.replaceChildren(make("b", "", null, phrase("What to look for: ")));
  const seen = new Set();
  sentence.split("`").forEach((piece, i) => place.append(...(i % 2 ? [make("code", "", null, piece)] : explained(piece, seen))));
}

// A text in which the first of each term of the glossary shows its line where the pointer rests.
const WORDS = new RegExp(`(?<![A-Za-z0-9])(${Object.keys(TERMS).sort((a, b) => b.length - a.length).join("|")})(?![A-Za-z0-9])`);

function explained(text, seen) {
  return text.split(WORDS).map((piece, i) => {
    if (i % 2 === 0 || seen.has(piece)) return piece;
    seen.add(piece);
    return Object.assign(make("abbr", "", null, piece), { title: TERMS[piece] });
  });
}
