// Rotation: the component itself. Query and key move by sliders, keys or by themselves; the product follows.
const SPEED = 1.6, STILL = 900; // positions a second; ms between two steps where motion is not wanted
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

function build(parent) {
  const root = make("div", "rotation", parent), head = make("div", "head", root), view = { root, pair: 0, m: 0, n: 0, whole: false, playing: null };
  view.title = make("b", "", head);
  view.menu = make("div", "saving", head);
  const stages = make("div", "stages", root);
  [view.plane, view.plot] = ["plane", "plot"].map((name) => {
    const canvas = make("canvas", name, stages);
    canvas.role = "img";
    return canvas;
  });
  view.plane.tabIndex = 0;
  view.plane.onkeydown = (event) => onKey(view, event);
  view.said = make("div", "said", root);
  buildControls(view, make("div", "controls", root));
  buildSaving(view);
  view.observer = onResize(stages, () => draw(view));
  document.fonts.ready.then(() => draw(view));
  return view;
}

function slider(view, parent, name, get, set) {
  const label = make("label", "", parent), words = make("span", "", label), input = make("input", "", label);
  Object.assign(input, { type: "range", min: 0, step: 1, ariaLabel: name });
  input.oninput = () => {
    stop(view);
    set(Number(input.value));
    draw(view);
  };
  input.onkeydown = (event) => event.stopPropagation(); // the same keys move the scrubber
  return { input, show: (most) => {
    input.max = most;
    input.value = Math.round(get());
    words.textContent = `${name} ${Math.round(get())}`;
  } };
}

function buildControls(view, place) {
  view.sliders = {
    pair: slider(view, place, phrase("channel pair"), () => view.pair, (value) => (view.pair = value)),
    query: slider(view, place, phrase("query at position"), () => view.m, (value) => (view.m = value)),
    key: slider(view, place, phrase("key at position"), () => view.n, (value) => (view.n = value)),
  };
  const buttons = make("div", "buttons", place);
  view.both = make("button", "", buttons);
  view.alone = make("button", "", buttons);
  view.both.onclick = () => play(view, "both");
  view.alone.onclick = () => play(view, "alone");
  const label = make("label", "whole", buttons);
  view.box = make("input", "", label);
  view.box.type = "checkbox";
  label.append(phrase("product of all pairs"));
  view.box.onchange = () => {
    view.whole = view.box.checked;
    draw(view);
  };
  buttons.onkeydown = (event) => event.stopPropagation();
}

function buildSaving(view) {
  const painted = (context) => {
    const [left, right] = [sizeOf(view, view.plane), sizeOf(view, view.plot)], ink = inkOf(view.root);
    context.fillStyle = ink.paper;
    context.fillRect(0, 0, left.width + right.width + 16, left.height);
    drawPlane(context, view, left, ink);
    return [left, right, ink];
  };
  savingMenu(view.menu, [
    [phrase("Save picture (PNG)"), () => {
      const [left, right] = [sizeOf(view, view.plane), sizeOf(view, view.plot)], canvas = document.createElement("canvas");
      const context = cleared(canvas, left.width + right.width + 16, left.height), [, , ink] = painted(context);
      context.translate(left.width + 16, 0);
      drawProduct(context, view, right, ink);
      canvas.toBlob((blob) => download(blob, "rotation.png"));
    }],
    [phrase("Save drawing of the product (SVG)"), () => {
      const size = sizeOf(view, view.plot), drawing = new Vector(size.width, size.height);
      drawProduct(drawing, view, size, inkOf(view.root));
      saveText(String(drawing), "rotation.svg", "image/svg+xml");
    }],
    [phrase("Save numbers (CSV)"), () => {
      const { header: { last, pairs }, vectors } = view, lines = [["distance", phrase("all pairs"), ...Array.from({ length: pairs }, (_, i) => phrase`pair ${i}`)].map(quoted).join()];
      for (let d = -last; d <= last; d++) lines.push([d, productAt(vectors, null, d), ...Array.from({ length: pairs }, (_, i) => productAt(vectors, i, d))].join());
      saveText(lines.join("\n") + "\n", "rotation.csv", "text/csv");
    }],
  ]);
}

// Arrows move the query, with shift the key; up and down choose the pair.
function onKey(view, event) {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key], up = { ArrowUp: 1, ArrowDown: -1 }[event.key], { last, pairs } = view.header;
  const within = (value, most) => Math.min(most, Math.max(0, value));
  if (event.ctrlKey || event.metaKey || event.altKey || !(by || up)) return;
  stop(view);
  if (up) view.pair = within(view.pair + up, pairs - 1);
  else if (event.shiftKey) view.n = within(Math.round(view.n) + by, last);
  else view.m = within(Math.round(view.m) + by, last);
  draw(view);
  event.preventDefault();
  event.stopPropagation(); // the same keys move the scrubber
}

function play(view, which) {
  const again = view.playing?.which === which;
  stop(view);
  if (again) return draw(view);
  const { last } = view.header;
  if (which === "both" && Math.max(view.m, view.n) >= last) [view.m, view.n] = [Math.max(0, view.m - view.n), Math.max(0, view.n - view.m)];
  if (which === "alone" && view.m >= last) view.m = 0;
  view.playing = { which, from: [view.m, view.n], since: performance.now() };
  requestAnimationFrame(() => tick(view));
  showControls(view);
}

function tick(view) {
  const { playing, header, root } = view;
  if (!playing) return;
  if (!root.isConnected) return stop(view);
  const [m, n] = playing.from, room = header.last - (playing.which === "both" ? Math.max(m, n) : m), passed = performance.now() - playing.since;
  const wanted = still() ? Math.floor(passed / STILL) : (passed / 1000) * SPEED, moved = Math.min(room, wanted);
  view.m = m + moved;
  if (playing.which === "both") view.n = n + moved;
  if (moved >= room) stop(view);
  draw(view);
  requestAnimationFrame(() => tick(view));
}

function stop(view) {
  if (view.playing) [view.m, view.n] = [Math.round(view.m), Math.round(view.n)];
  view.playing = null;
}

const sizeOf = (view, canvas) => ({ width: canvas.clientWidth, height: canvas.clientHeight, zoom: view.header.projector ? 1.35 : 1 });

function showControls(view) {
  const { header: { last, pairs }, playing } = view;
  view.sliders.pair.show(pairs - 1);
  view.sliders.query.show(last);
  view.sliders.key.show(last);
  view.both.textContent = playing?.which === "both" ? phrase("⏸ pause") : phrase("▶ move both");
  view.alone.textContent = playing?.which === "alone" ? phrase("⏸ pause") : phrase("▶ move the query");
}

function draw(view) {
  const { header, vectors, plane, plot, root } = view;
  if (!header || plane.clientWidth < 60 || plot.clientWidth < 120) return;
  const ink = inkOf(root), degrees = (at) => `${format((at * vectors.theta[view.pair] * 180) / Math.PI, 4)}°`;
  for (const [canvas, paintInto] of [[plane, drawPlane], [plot, drawProduct]]) {
    const size = sizeOf(view, canvas);
    paintInto(cleared(canvas, size.width, size.height), view, size, ink);
  }
  const own = productAt(vectors, view.pair, view.m - view.n), all = productAt(vectors, null, view.m - view.n);
  view.said.replaceChildren();
  const line = (name, said) => {
    const item = make("div", "", view.said);
    make("span", "", item, name);
    make("b", "", item, said);
  };
  line(phrase("θ of this pair"), phrase`${degrees(1)} a position`);
  line(phrase("query turned by"), degrees(view.m));
  line(phrase("key turned by"), degrees(view.n));
  line(phrase("distance"), (Math.round(100 * (view.m - view.n)) / 100).toString().replace("-", "−"));
  line(phrase("product of this pair"), format(own, 4));
  line(phrase("of all pairs"), format(all, 4));
  line(phrase("score, ÷ √D"), format(all * header.scale, 4));
  plane.ariaLabel = phrase`Pair ${view.pair}: query at ${Math.round(view.m)}, key at ${Math.round(view.n)}, product ${format(own, 4)}. Arrow keys move the query, with shift the key; up and down choose the pair.`;
  plot.ariaLabel = phrase`Product over the distance from ${-header.last} to ${header.last}; at ${Math.round(view.m - view.n)} it is ${format(view.whole ? all : own, 4)}`;
  showControls(view);
}

function show(view, data) {
  view.data = data.slice();
  const { header, buffer, from } = opened(data), numbers = new Float64Array(buffer, from), { pairs, at, last } = header;
  const two = (start) => Array.from({ length: pairs }, (_, i) => [numbers[start + 2 * i], numbers[start + 2 * i + 1]]);
  const begins = JSON.stringify([at, last, pairs]);
  Object.assign(view, { header, vectors: { q: two(0), k: two(2 * pairs), theta: numbers.subarray(4 * pairs) } });
  if (view.begins !== begins) {
    stop(view);
    Object.assign(view, { m: at[0], n: at[1], pair: Math.min(view.pair, pairs - 1), begins });
  } else for (const canvas of [view.plane, view.plot]) goOver(canvas, ease());
  view.title.textContent = phrase`One pair of channels turned · ${header.subject}`;
  view.root.classList.toggle("projector", header.projector);
  draw(view);
}

export default living({
  build,
  update: (view, { data }) => {
    const ink = JSON.stringify(inkOf(view.root)); // another theme is another picture
    if (!sameBytes(view.data, data) || view.ink !== ink) show(view, data);
    view.ink = ink;
  },
  remove: stop,
});
