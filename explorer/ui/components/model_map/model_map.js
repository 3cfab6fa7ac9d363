// The whole model, small: the boxes and wires of the diagram of backpropagation where it puts them, lying on their side,
// from the tokens on the left to the loss on the right. Each part is a button over its boxes.
const SVG = "http://www.w3.org/2000/svg";
const SHEET = 840, EDGE = 3, NAME = 15; // pixels: a sheet of the diagram; the margin; a line of names below
const SMALL = 520; // below, names stand on two lines by turns

function build(parent) {
  const root = make("div", "model", parent), view = { root, at: 0 };
  root.role = "toolbar";
  view.observer = onResize(root, () => view.data && root.clientWidth !== view.wide && draw(view));
  root.onkeydown = (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    reach(view, Math.max(0, Math.min(view.buttons.length - 1, view.at + by)));
    view.buttons[view.at].focus();
  };
  return view;
}

// One stop for the Tab key, whichever part it is.
function reach(view, at) {
  view.at = Math.max(0, Math.min(view.buttons.length - 1, at));
  view.buttons.forEach((button, i) => (button.tabIndex = i === view.at ? 0 : -1));
}

const focused = ({ root, buttons }) => buttons?.indexOf(root.getRootNode().activeElement) ?? -1;

const turned = ({ x, y, wide, tall }) => ({ x: y, y: x, wide: tall, tall: wide });

// A path of straight lines, lying on its side and stretched.
function turnedPath(path, sx, sy) {
  return path.replace(/([MHV]) ?(-?[\d.]+)(?: (-?[\d.]+))?/g, (_, way, a, b) => {
    if (way === "M") return `M${Number(b) * sx + EDGE} ${Number(a) * sy + EDGE}`;
    return way === "H" ? `V${Number(a) * sy + EDGE}` : `H${Number(a) * sx + EDGE}`;
  });
}

function draw(view) {
  const { data, root } = view;
  view.wide = root.clientWidth;
  if (!view.wide) return;
  const lines = view.wide < SMALL ? 2 : 1, tall = data.height - (data.names ? lines * NAME : 0);
  const { places, wires } = layOut(data.boxes, SHEET);
  const laid = new Map([...places].map(([id, place]) => [id, turned(place)]));
  const long = Math.max(...[...laid.values()].map(({ x, wide }) => x + wide)), deep = Math.max(...[...laid.values()].map(({ y, tall: own }) => y + own));
  const sx = (view.wide - 2 * EDGE) / long, sy = (tall - 2 * EDGE) / deep;
  const scaled = ({ x, y, wide, tall: own }) => ({ x: x * sx + EDGE, y: y * sy + EDGE, wide: Math.max(1, wide * sx), tall: Math.max(1, own * sy) });
  const svg = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ width: view.wide, height: tall, "aria-hidden": true })) svg.setAttribute(name, value);
  for (const { path, away } of wires) if (!away) shape(svg, "path", { d: turnedPath(path, sx, sy) });
  view.rects = new Map();
  for (const [id, place] of laid) {
    const { x, y, wide, tall: own } = scaled(place);
    view.rects.set(id, shape(svg, "rect", { x, y, width: wide, height: own, rx: Math.min(3, own / 3, wide / 3) }));
  }
  const had = focused(view);
  root.replaceChildren(svg);
  const around = data.zones.map(({ boxes }) => rectangle(boxes.map((id) => scaled(laid.get(id)))));
  view.buttons = around.map((part, number) => {
    const button = make("button", "", root), [before, after] = [around[number - 1], around[number + 1]];
    // each is as tall as the map and reaches half way to the next: a part that is only a line is hard to click
    const left = before ? border(before, part) : Math.max(0, part.left - EDGE);
    const above = after && covers(after, part), right = above ? part.right : after ? border(part, after) : Math.min(view.wide, part.right + EDGE);
    const [top, end] = [before && before.right > part.left ? part.top - 1 : 0, above ? after.top - 1 : tall];
    Object.assign(button.style, { left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${end - top}px` });
    button.onclick = () => view.choose(number);
    return button;
  });
  if (data.names) nameParts(root, data.zones, around, tall, view.wide, lines);
  colour(view);
  if (had >= 0) {
    reach(view, had);
    view.buttons[view.at].focus();
  } else reach(view, data.zones.findIndex(({ lit }) => lit));
}

const rectangle = (places) => ({
  left: Math.min(...places.map(({ x }) => x)),
  right: Math.max(...places.map(({ x, wide }) => x + wide)),
  top: Math.min(...places.map(({ y }) => y)),
});

// Where one part ends and the next begins. The answer stands below the last box of what it reads, or below all of it.
const covers = (after, before) => after.left <= before.left;
const border = (before, after) => (after.left < before.right ? after.left : (before.right + after.left) / 2);

// Names below the parts, each in the middle of its own where the next on its line leaves room, and within the map.
function nameParts(root, zones, around, tall, wide, lines) {
  const centres = around.map(({ left, right }) => (left + right) / 2);
  zones.forEach(({ name }, i) => {
    const before = i < lines ? 0 : (centres[i - lines] + centres[i]) / 2, after = i + lines < zones.length ? (centres[i] + centres[i + lines]) / 2 : wide;
    const label = make("span", "name", root, name), own = Math.min(Math.ceil(label.getBoundingClientRect().width) + 1, after - before - 2);
    const left = Math.max(before + 1, Math.min(centres[i] - own / 2, after - 1 - own));
    Object.assign(label.style, { left: `${left}px`, top: `${tall + 1 + (i % lines) * (NAME - 2)}px`, width: `${own}px` });
    label.title = name;
  });
}

function shape(svg, tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return svg.appendChild(element);
}

// What is lit, and how strongly the parts are filled.
function colour({ data, buttons, rects }) {
  data.zones.forEach(({ boxes, lit, where, level, name, leads, words }, i) => {
    buttons[i].className = lit ? "lit" : "";
    buttons[i].ariaCurrent = lit ? "true" : null;
    buttons[i].title = buttons[i].ariaLabel = [name, words, leads].filter(Boolean).join(" · ");
    for (const id of boxes) {
      const rect = rects.get(id);
      rect.setAttribute("class", level !== null ? "level" : lit && where.includes(id) ? "lit" : "");
      rect.style.setProperty("--level", `${Math.round(100 * (level ?? 0))}%`);
    }
  });
}

// What of a message moves boxes, parts or names.
const frameOf = ({ boxes, zones, height, width, names }) => JSON.stringify([boxes, zones.map((zone) => [zone.boxes, zone.name]), height, width, names]);

export default living({
  build,
  update: (view, { data, setTriggerValue }) => {
    view.choose = (number) => setTriggerValue("part", { number });
    const frame = frameOf(data), same = frame === view.frame && view.buttons;
    [view.data, view.frame] = [data, frame];
    view.root.ariaLabel = data.label;
    Object.assign(view.root.style, { height: `${data.height}px`, width: data.width ? `${data.width}px` : "100%" });
    if (!same) return draw(view);
    colour(view);
    if (focused(view) < 0) reach(view, data.zones.findIndex(({ lit }) => lit));
  },
});
