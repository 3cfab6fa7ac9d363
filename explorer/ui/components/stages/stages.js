// Stages: the next token on its way through a sampler. A column a stage with its slider; columns are dragged to another
// place. Everything is computed here from one message of logits; the page hears of a setting when the hand lets go.
const SHOWN = 4, DRAWS = 10000, UNPROVED = phrase("and hold them against the last column");

function build(parent) {
  const root = make("div", "stages", parent), head = make("div", "head", root);
  const view = { root, columns: new Map(), settings: {}, order: [], held: false };
  view.title = make("b", "", head);
  view.buttons = make("div", "segments", head);
  view.buttons.role = "radiogroup";
  view.buttons.ariaLabel = phrase("Order of the stages");
  const label = make("label", "", head);
  view.both = make("input", "", label);
  view.both.type = "checkbox";
  label.append(phrase("compare with the other order"));
  view.both.onchange = () => draw(view);
  savingMenu(make("div", "saving", head), [[phrase("Save numbers (CSV)"), () => saveText(asNumbers(view), "next-token.csv", "text/csv")]]);
  view.strip = make("div", "strip", root);
  view.foot = make("div", "foot", root);
  const draws = make("button", "draws", view.foot, phrase`Draw ${DRAWS} tokens`);
  draws.onclick = () => {
    view.proving = true; // from then on, anew whenever the last column changes
    prove(view);
  };
  view.proof = make("span", "", view.foot, UNPROVED);
  return view;
}

function columnOf(view, stage) {
  const known = view.columns.get(stage);
  if (known) return known;
  const element = make("section", "column"), column = { element, rows: [] }, { about } = view;
  element.dataset.stage = stage;
  make("b", "", element, about[stage]?.title ?? "Logits");
  if (about[stage]) {
    element.title = `${about[stage].meaning} ${about[stage].source}`;
    element.draggable = true;
    movable(view, element, stage);
    sliderOf(view, column, stage);
  } else make("div", "setting", element, phrase("their softmax"));
  column.list = make("div", "list", element);
  column.said = make("div", "said", element);
  view.columns.set(stage, column);
  return column;
}

function sliderOf(view, column, stage) {
  const { least, whole, title } = view.about[stage], setting = make("div", "setting", column.element);
  column.value = make("output", "", setting);
  for (const [words, by] of [["←", -1], ["→", 1]]) {
    const button = make("button", "move", setting, words);
    button.ariaLabel = `${title} ${by < 0 ? phrase("earlier") : phrase("later")}`;
    button.onclick = () => move(view, stage, view.order.indexOf(stage) + by);
  }
  const slider = (column.slider = make("input", "", setting));
  Object.assign(slider, { type: "range", min: least, step: whole ? 1 : 0.01, ariaLabel: title });
  slider.onpointerdown = () => {
    view.held = true;
    column.element.draggable = false; // the slider is drawn along, not the column
  };
  slider.onpointerup = slider.onpointercancel = slider.onblur = () => {
    view.held = false;
    column.element.draggable = true;
  };
  slider.oninput = () => {
    view.settings[stage] = Number(slider.value);
    draw(view);
  };
  slider.onchange = () => tell(view);
  slider.onkeydown = (event) => event.stopPropagation(); // the arrow keys move the scrubber
}

function movable(view, element, stage) {
  element.ondragstart = (event) => {
    view.dragged = stage;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", stage);
  };
  element.ondragover = (event) => view.dragged && event.preventDefault();
  element.ondrop = (event) => {
    event.preventDefault();
    move(view, view.dragged, view.order.indexOf(stage));
    view.dragged = null;
  };
  element.ondragend = () => (view.dragged = null);
}

function move(view, stage, to) {
  if (to < 0 || to >= view.order.length) return;
  view.order = view.order.filter((name) => name !== stage);
  view.order.splice(to, 0, stage);
  draw(view);
  tell(view);
}

const ANSWERED = 3000; // ms in which what was chosen comes back

// what was chosen stands until the page answers it: an answer to an earlier choice does not take a later one back
function tell(view) {
  const chosen = chosenOf(view);
  view.awaited = chosen;
  setTimeout(() => {
    if (view.awaited !== chosen) return;
    view.awaited = null;
    take(view, view.header);
    draw(view);
  }, ANSWERED);
  view.choose({ settings: view.settings, order: view.order });
}

const chosenOf = ({ settings, order }) => JSON.stringify([Object.entries(settings).sort(), order]);

function take(view, header) {
  const given = chosenOf(header);
  if (view.awaited === given) view.awaited = null;
  if (view.awaited || view.held || given === view.given) return;
  [view.settings, view.order, view.given] = [{ ...header.settings }, [...header.order], given];
}

function drawRows(view, column, step, most, lasting) {
  while (column.rows.length > view.leading.length) column.rows.pop().row.remove();
  while (column.rows.length < view.leading.length) {
    const row = make("div", "row", column.list);
    column.rows.push({ row, token: make("span", "token", row), bar: make("i", "", make("div", "track", row)), number: make("span", "number", row) });
  }
  column.rows.forEach(({ row, token, bar, number }, i) => {
    const place = view.leading[i], p = step.p[place];
    token.textContent = view.symbols[place];
    bar.style.width = `${(100 * p) / most}%`;
    number.textContent = p > 0 ? share(p) : phrase("cut");
    row.classList.toggle("cut", !(p > 0));
    const other = lasting?.[place];
    row.style.setProperty("--other", other === undefined ? "-9999px" : `${(100 * other) / most}%`);
    row.classList.remove("proved");
  });
  column.said.textContent = phrase`${step.survivors} left · ${step.bits.toFixed(2)} bits\ncuts ${share(step.cut)}`;
}

const share = (p) => (p > 0 && p < 1e-4 ? "<\u00a00.01\u202f%" : percentOf(p, p > 0 && p < 0.0995 ? 1 : 0));
const sameOrder = (a, b) => a.join() === b.join();

function draw(view) {
  const { logits, settings, order, seen, orders } = view, steps = passed(logits, settings, order, seen);
  view.steps = steps;
  const other = Object.entries(orders).find(([, own]) => !sameOrder(own, order));
  const lasting = view.both.checked && other ? passed(logits, settings, other[1], seen).at(-1).p : null;
  const most = view.most = Math.max(...steps.map(({ p }) => Math.max(...view.leading.map((i) => p[i]))), lasting ? Math.max(...view.leading.map((i) => lasting[i])) : 0);
  const columns = steps.map(({ stage }) => columnOf(view, stage));
  columns.forEach(({ element }, i) => view.strip.children[i] !== element && view.strip.insertBefore(element, view.strip.children[i] ?? null));
  columns.forEach((column, i) => {
    drawRows(view, column, steps[i], most, i === columns.length - 1 ? lasting : null);
    const about = view.about[steps[i].stage];
    if (!about) return;
    const value = settings[steps[i].stage], words = about.whole ? String(value) : value.toFixed(2);
    column.slider.max = about.most;
    column.slider.value = value;
    column.value.textContent = value === about.neutral ? phrase`${words} · off` : words;
  });
  for (const button of view.buttons.children) button.ariaChecked = String(sameOrder(orders[button.textContent], order));
  view.both.parentElement.hidden = !other;
  if (view.proving) prove(view);
}

function prove(view) {
  const { p } = view.steps.at(-1), counts = drawnFrom(p, DRAWS), { value, free, chance } = chiSquared(counts, p);
  const first = view.leading.slice(0, 3).map((i) => phrase`${view.symbols[i]} ${counts[i]} × (expected ${Math.round(DRAWS * p[i])})`);
  const verdict = free < 1 ? phrase("one token is left, and it came every time") : phrase`χ² = ${value.toFixed(1)} with ${free} degree${plural(free)} of freedom, p = ${format(chance, 2)}`;
  view.columns.get(view.steps.at(-1).stage).rows.forEach(({ row }, i) => {
    row.classList.add("proved");
    row.style.setProperty("--drawn", `${(100 * counts[view.leading[i]]) / DRAWS / view.most}%`);
  });
  view.proof.textContent = phrase`drawn, a tick on each bar: ${first.join(", ")} · ${verdict}`;
}

function asNumbers({ steps, symbols }) {
  const lines = [["token", ...steps.map(({ stage }) => stage)].map(quoted).join()];
  symbols.forEach((symbol, i) => lines.push([quoted(symbol), ...steps.map(({ p }) => p[i])].join()));
  return lines.join("\n") + "\n";
}

// Every bar by its column and token, and how wide it is seen.
const barsOf = ({ columns }) => new Map([...columns].flatMap(([stage, { rows }]) => rows.map(({ token, bar }) => [`${stage} ${token.textContent}`, bar])));

function moveBars(view, before, looks) {
  const was = new Map([...before.keys()].map((name, i) => [name, looks[i]]));
  for (const [name, bar] of barsOf(view)) goFrom(bar, was.get(name) ?? { width: "0px" }, ease());
}

function show(view, data) {
  const { header, buffer, from } = opened(data), before = barsOf(view), looks = ease() ? seenAs([...before.values()], ["width"]) : null;
  const numbers = Array.from(new Float32Array(buffer, from));
  Object.assign(view, { logits: numbers.slice(0, header.symbols.length), symbols: header.symbols, about: header.about, orders: header.orders });
  view.seen = new Set(header.seen);
  view.leading = view.logits.map((_, i) => i).sort((a, b) => view.logits[b] - view.logits[a] || a - b).slice(0, SHOWN);
  view.header = header;
  take(view, header);
  view.title.textContent = view.title.title = header.title;
  view.root.classList.toggle("projector", header.projector);
  if (!view.buttons.children.length)
    for (const name of Object.keys(header.orders)) {
      const button = make("button", "", view.buttons, name);
      button.role = "radio";
      button.onclick = () => {
        view.order = [...view.orders[name]];
        draw(view);
        tell(view);
      };
    }
  draw(view);
  if (looks) moveBars(view, before, looks);
}

export default living({
  build,
  update: (view, { data, setTriggerValue }) => {
    view.choose = (chosen) => setTriggerValue("chosen", chosen);
    if (!sameBytes(view.data, data)) show(view, data);
    view.data = data.slice();
  },
});
