// Tiles: one picture several times, and on each the attention to its patches: the more, the stronger the blue.
const SVG = "http://www.w3.org/2000/svg";

function build(parent) {
  const root = make("div", "tiles", parent), view = { root }, head = make("div", "head", root);
  view.title = make("b", "", head);
  savingMenu(make("div", "saving", head), [[phrase("Save numbers (CSV)"), () => saveText(asNumbers(view), "attention-on-patches.csv", "text/csv")]]);
  view.list = make("div", "list", root);
  view.foot = make("div", "foot", root);
  return view;
}

function square(parent, x, y, side, fill, opacity, words) {
  const rect = parent.appendChild(document.createElementNS(SVG, "rect"));
  for (const [name, value] of Object.entries({ x, y, width: side, height: side, fill, "fill-opacity": opacity })) rect.setAttribute(name, value);
  if (words) rect.appendChild(document.createElementNS(SVG, "title")).textContent = words;
}

function drawTile(view, tile) {
  const { side, most, patches, names, notes } = view.header, along = Math.round(Math.sqrt(patches)), wide = side / along;
  const figure = make("figure", "", view.list), svg = figure.appendChild(document.createElementNS(SVG, "svg"));
  svg.setAttribute("viewBox", `0 0 ${side} ${side}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", phrase`${names[tile]}: attention on ${patches} patches`);
  view.shades.forEach((shade, i) => square(svg, i % side, Math.floor(i / side), 1.02, "var(--st-text-color)", (0.85 * shade) / most));
  for (let patch = 0; patch < patches; patch++) {
    const share = view.attention[tile * patches + patch], opacity = Math.min(0.85, 0.85 * Math.sqrt(share));
    square(svg, (patch % along) * wide, Math.floor(patch / along) * wide, wide, "var(--st-primary-color)", opacity.toFixed(3), phrase`patch ${patch + 1}: ${format(share, 3)}`);
  }
  const caption = make("figcaption", "", figure);
  make("b", "", caption, names[tile]).title = names[tile];
  make("span", "", caption, notes[tile]);
}

const patchesOf = ({ list }) => [...list.querySelectorAll("rect:has(title)")];

function show(view, data) {
  const { header, buffer, from } = opened(data), pixels = header.side ** 2, before = ease() ? seenAs(patchesOf(view), ["fillOpacity"]) : [];
  view.header = header;
  view.shades = new Float32Array(buffer, from, pixels);
  view.attention = new Float32Array(buffer, from + 4 * pixels);
  view.title.textContent = header.title;
  view.foot.textContent = header.foot;
  view.root.classList.toggle("projector", header.projector);
  view.list.replaceChildren();
  header.names.forEach((_, tile) => drawTile(view, tile));
  patchesOf(view).forEach((patch, i) => goFrom(patch, before[i], ease()));
}

function asNumbers({ header: { names, patches }, attention }) {
  const lines = ["tile,patch,attention"];
  names.forEach((name, tile) => {
    for (let patch = 0; patch < patches; patch++) lines.push([quoted(name), patch + 1, attention[tile * patches + patch]].join());
  });
  return lines.join("\n") + "\n";
}

export default living({
  build,
  update: (view, { data }) => {
    if (!sameBytes(view.data, data)) show(view, data);
    view.data = data.slice();
  },
});
