// One number in several formats, bit by bit. Pointing at a bit tells what flipping it would make; a click does it.
const PARTS = [["sign", "#5a6376", phrase("sign")], ["exponent", "#c24a06", phrase("exponent")], ["mantissa", "#4361d8", phrase("mantissa")]];
const HINT = phrase("Point at a bit to see what flipping it would make; a click flips it.");

function build(parent) {
  const root = make("div", "bits", parent), view = { root, rows: [] };
  Object.assign(root, { role: "group", ariaLabel: phrase("The bits of a number in each format") });
  const legend = make("div", "legend", root);
  for (const [, colour, name] of PARTS) {
    const item = make("span", "", legend);
    make("i", "", item).style.background = colour;
    item.append(name);
  }
  view.formats = make("div", "formats", root);
  Object.assign(view.formats.style, { display: "flex", flexDirection: "column", gap: "14px" });
  view.said = make("div", "said", root, HINT);
  view.said.ariaLive = "polite";
  return view;
}

// the buttons stay while the number changes, so that the pointer and the focus stay too
function buttons(view, place, form) {
  const box = make("div", "format", view.formats), head = make("div", "head", box), line = make("div", "row", box);
  make("b", "", head, form.name);
  const row = { name: form.name, value: make("span", "value", head), formula: make("span", "formula", head) };
  row.bits = [...form.bits].map((_, i) => {
    const part = i === 0 ? 0 : i <= form.exponent ? 1 : 2, button = make("button", PARTS[part][0], line);
    if (i === 1 || i === form.exponent + 1) button.classList.add("starts");
    if (i === 0 || i === form.exponent) button.classList.add("ends");
    button.onpointerenter = button.onfocus = () => say(view, place, i);
    button.onpointerleave = button.onblur = () => say(view);
    button.onclick = () => view.report(view.data[place].flips[i].number);
    return button;
  });
  return row;
}

function say(view, place, i) {
  view.at = place === undefined ? null : [place, i];
  const form = view.data[place];
  view.said.textContent = form ? phrase`${form.name}: with this bit flipped, ${form.value} becomes ${form.flips[i].words}` : HINT;
}

const sizesOf = (formats) => JSON.stringify(formats.map(({ name, exponent, bits }) => [name, exponent, bits.length]));

function paint(view) {
  const sizes = sizesOf(view.data);
  if (sizes !== view.sizes) {
    view.formats.replaceChildren();
    Object.assign(view, { sizes, rows: view.data.map((form, place) => buttons(view, place, form)), at: null });
  }
  view.data.forEach((form, place) => {
    const row = view.rows[place];
    row.value.textContent = form.value;
    row.formula.textContent = `= ${form.formula}`;
    row.bits.forEach((button, i) => {
      const on = form.bits[i] === "1";
      button.textContent = form.bits[i];
      button.classList.toggle("on", on);
      button.ariaPressed = String(on);
      button.ariaLabel = phrase`${form.name}, ${PARTS.find(([name]) => button.classList.contains(name))[2]} bit ${i}`;
    });
  });
  say(view, ...(view.at ?? []));
}

export default living({
  build,
  update: (view, { data, setTriggerValue }) => {
    view.report = (number) => setTriggerValue("number", number);
    view.data = data.formats;
    paint(view);
  },
});
