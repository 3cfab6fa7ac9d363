// Samples: parts of lines of marked words. A part that changed is built anew, the others stay.
const KINDS = { read: "code", right: "b", wrong: "b", word: "bdi" };

function put(parent, words) {
  for (const [kind, text] of words) {
    if (kind) make(KINDS[kind], ["read", "word"].includes(kind) ? "" : kind, parent, text);
    else parent.append(text);
  }
}

// An input and its answer: the answer goes to the next line as a whole, and breaks only if it is longer than a line.
function putLine(parent, line) {
  const arrow = line.findIndex(([kind, text]) => !kind && text === " → ");
  put(parent, line.slice(0, arrow + 1));
  put(arrow < 0 ? parent : make("span", "answer", parent), line.slice(arrow + 1));
}

function built({ title, note, lines, text, foot }) {
  const box = make("section", "", null), head = make("h4", "", box, `${title} `);
  make("i", "", head, note);
  for (const line of lines) putLine(make("p", "", box), line);
  if (text !== null) make("pre", "", box, text).tabIndex = 0;
  if (foot.length) put(make("small", "", box), foot);
  return box;
}

// from: the first part that is written; those before it stay.
function say(place, { header: { parts, writes } }, from = 0) {
  place.root.classList.toggle("writes", writes);
  const news = parts.map((part) => JSON.stringify(part)), others = (i) => i >= from && place.shown[i] !== news[i];
  if (place.shown.length && news.some((_, i) => others(i))) goOverWords(place.root, ease());
  parts.forEach((part, i) => {
    if (!others(i)) return;
    const box = built(part);
    place.boxes[i] ? place.boxes[i].replaceWith(box) : place.root.append(box);
    [place.shown[i], place.boxes[i]] = [news[i], box];
  });
}

export default living({
  build: (parent) => ({ root: make("div", "samples", parent), shown: [], boxes: [] }),
  update: (place, { data }) => {
    const message = opened(data), { name, moment, parts } = message.header;
    place.boxes.splice(parts.length).forEach((box) => box.remove());
    place.shown.length = place.boxes.length;
    say(place, message, place.shown.length && late(moment) ? 1 : 0); // the feed renews the first part only
    if (name !== place.name) unhear(place.name, place.take);
    hear((place.name = name), (place.take ??= (bytes) => say(place, opened(bytes))));
  },
  remove: ({ name, take }) => unhear(name, take),
});
