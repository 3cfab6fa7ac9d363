// Point map, inspector: beside the map how far to trust it, neighbours, what is chosen, who moved; under it the
// legend. All from the message at hand.
const LISTED = 60; // tokens of a lasso that are named

function buildInspector(map, parent) {
  const side = make("div", "side", parent);
  map.quality = make("dl", "quality", side);
  map.trust = make("p", "trust", side);
  map.heading = make("h4", "", side);
  map.list = make("div", "list", side);
  map.list.tabIndex = 0;
  map.list.role = "group";
}

function buildLegend(map, parent) {
  map.legend = make("div", "legend", parent);
}

const nameOf = ({ header: { labels, notes } }, i) => [labels[i], notes[i]].filter(Boolean).join(" ");

function valueText(shade, value) {
  if (shade.categories.length) return shade.categories[value]?.[0] ?? "";
  if (!Number.isFinite(value)) return phrase("none");
  return shade.scale === "share" ? percentTo(value, 3) : Number.isInteger(value) ? value.toLocaleString("en") : format(value, 4);
}

function entry(map, i, share, value, colour) {
  const row = make("button", "entry", map.list), bar = make("i", "", row);
  bar.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  if (colour) bar.style.background = colour;
  make("q", "", row, map.header.labels[i]);
  make("span", "", row, map.header.notes[i]);
  make("b", "", row, value);
  row.onclick = () => choose(map, [i]);
  row.onpointerenter = () => hover(map, i);
  row.onpointerleave = () => hover(map, null);
}

function showInspector(map) {
  const { header, selected } = map, { quality, trust } = header;
  map.quality.replaceChildren();
  for (const [name, value] of quality) {
    const pair = make("div", "", map.quality);
    make("dt", "", pair, name);
    make("dd", "", pair, value);
  }
  map.trust.textContent = trust;
  map.list.scrollTop = map.listed === selected.join() ? map.list.scrollTop : 0;
  map.listed = selected.join();
  map.list.replaceChildren();
  if (selected.length === 1) showNeighbours(map, selected[0]);
  else if (selected.length) showChosen(map, selected);
  else showMoved(map);
}

function showNeighbours(map, i) {
  const { neighbours: { count, metric, second }, width } = map.header, far = map.distances;
  map.heading.textContent = phrase`Nearest to “${nameOf(map, i)}” in all ${width} dimensions`;
  let most = 1e-9;
  for (const value of far) if (value > most) most = value;
  for (let k = 0; k < count; k++) {
    const at = i * count + k, other = map.near[at];
    if (other < 0 || !Number.isFinite(far[at])) continue;
    entry(map, other, far[at] / most, format(far[at], 3) + (second ? ` · ${format(map.also[at], 3)}` : ""));
  }
  make("p", "note", map.list, phrase`${metric}${second ? ` · ${second}` : ""}. Click one to go on from it; Esc lets go.`);
}

function showChosen(map, chosen) {
  const shade = map.shades[map.shade], counts = new Map();
  map.heading.textContent = phrase`${chosen.length} chosen`;
  if (shade.categories.length) {
    for (const i of chosen) counts.set(shade.values[i], (counts.get(shade.values[i]) ?? 0) + 1);
    const said = [...counts].sort((a, b) => b[1] - a[1]).map(([c, n]) => `${n} ${shade.categories[c]?.[0] ?? ""}`);
    make("p", "note", map.list, said.join(", "));
  }
  const flow = make("div", "flow", map.list);
  for (const i of chosen.slice(0, LISTED)) make("button", "", flow, nameOf(map, i)).onclick = () => choose(map, [i]);
  if (chosen.length > LISTED) make("span", "", flow, phrase`and ${chosen.length - LISTED} more`);
  make("p", "note", map.list, phrase("Click one for its neighbours; Esc lets go."));
}

function showMoved(map) {
  const { moved, since, step } = map.header, order = map.header.order.filter((i) => map.moved[i] > 0).sort((a, b) => map.moved[b] - map.moved[a]);
  map.heading.textContent = moved ? phrase`Most new neighbours since step ${since}` : phrase("Neighbours");
  const [shown, places] = [order.slice(0, 9), map.header.neighbours.count];
  const notes = shown.length
    ? phrase`of its ${places} nearest in all ${map.header.width} dimensions. Click a token for its neighbours, draw around several to list them.`
    : since === step || !moved ? phrase("Click a token for its neighbours, draw around several to list them.") : phrase`every point has the same ${places} neighbours as at step ${since}.`;
  for (const i of shown) entry(map, i, map.moved[i], phrase`${Math.round(map.moved[i] * places)} new`);
  make("p", "note", map.list, notes);
}

function showLegend(map) {
  const shade = map.shades[map.shade], { colours } = map.palette, known = JSON.stringify([shade.name, shade.categories, shade.ends, colours.sequential, [...(map.kind ?? [])]]);
  if (known === map.legendKnown) return;
  map.legendKnown = known;
  map.legend.replaceChildren();
  if (shade.categories.length) {
    const counts = shade.categories.map((_, c) => shade.values.reduce((sum, v) => sum + (v === c), 0));
    shade.categories.forEach(([name, colour], c) => {
      if (!counts[c]) return;
      const item = make("button", "", map.legend), dot = make("i", shade.square.includes(c) ? "square" : "", item);
      dot.style.background = colour;
      item.append(`${name} ${counts[c].toLocaleString("en")}`);
      item.title = phrase`${name}: click to see these alone`;
      item.ariaPressed = String(map.kind?.[1] === c);
      item.onclick = () => {
        map.kind = map.kind?.[1] === c ? null : [shade.name, c];
        light(map);
      };
    });
    return;
  }
  make("span", "", map.legend, valueText(shade, shade.ends[0]));
  make("div", "bar", map.legend).style.background = `linear-gradient(90deg, ${colours.sequential.slice(1).map(css).join()})`;
  make("span", "", map.legend, valueText(shade, shade.ends[1]));
  make("span", "unit", map.legend, [shade.unit, shade.scale === "log" && phrase("log scale")].filter(Boolean).join(", "));
  if (shade.values.some((v) => !Number.isFinite(v))) {
    const item = make("span", "missing", map.legend);
    make("i", "", item).style.background = css(colours.nan[0]);
    item.append(phrase("never met"));
  }
}

function showTip(map, i) {
  map.tip.hidden = i === null;
  if (i === null) return;
  const { header, tip } = map, [x, y] = map.places[i], { dims, neighbours } = header;
  tip.replaceChildren();
  const line = (name, text) => tip.append(make("span", "", null, name), make("b", "", null, text));
  line("", nameOf(map, i));
  for (const shade of map.shades) line(shade.name, valueText(shade, shade.values[i]));
  line(phrase("on the map"), Array.from({ length: dims }, (_, d) => format(map.points[i * dims + d], 3)).join(", "));
  const near = map.near[i * neighbours.count];
  if (near >= 0) line(phrase("nearest"), `${nameOf(map, near)} · ${format(map.distances[i * neighbours.count], 3)}`);
  if (header.contexts[i]) make("em", "", tip, header.contexts[i]);
  placeTip(tip, map.root, map.stage, x, y - tip.offsetHeight / 2);
}
