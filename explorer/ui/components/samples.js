// Samples: parts of lines of marked words. A part that changed is built anew, the others stay.
const places = new WeakMap();
const KINDS = { read: "code", right: "b", wrong: "b" };

function put(parent, words) {
  for (const [kind, text] of words) {
    if (kind) make(KINDS[kind], kind === "read" ? "" : kind, parent, text);
    else parent.append(text);
  }
}

function built({ title, note, lines, text, foot }) {
  const box = make("section", "", null), head = make("h4", "", box, `${title} `);
  make("i", "", head, note);
  for (const line of lines) put(make("p", "", box), line);
  if (text !== null) make("pre", "", box, text).tabIndex = 0;
  if (foot.length) put(make("small", "", box), foot);
  return box;
}

// from: the first part that is told; those before it stand.
function say(place, { header: { parts, writes } }, from = 0) {
  place.root.classList.toggle("writes", writes);
  parts.forEach((part, i) => {
    const told = JSON.stringify(part);
    if (i < from || place.told[i] === told) return;
    const box = built(part);
    place.boxes[i] ? place.boxes[i].replaceWith(box) : place.root.append(box);
    [place.told[i], place.boxes[i]] = [told, box];
  });
}

export default function ({ data, parentElement }) {
  const message = opened(data), { name, moment, parts } = message.header;
  const place = places.get(parentElement) ?? { root: make("div", "samples", parentElement), told: [], boxes: [] };
  places.set(parentElement, place);
  place.boxes.splice(parts.length).forEach((box) => box.remove());
  place.told.length = place.boxes.length;
  say(place, message, place.told.length && late(moment) ? 1 : 0); // the feed renews the first part only
  hear(name, (place.take ??= (bytes) => say(place, opened(bytes))));
  return () => {
    if (parentElement.isConnected) return; // Streamlit also calls this for an update that came too late
    unhear(name, place.take);
    place.root.remove();
    places.delete(parentElement);
  };
}
