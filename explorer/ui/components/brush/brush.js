// Brush: the component itself. The span follows the hand at once; the page hears of it when the hand is lifted.
const HOW = phrase("Press on the text and drag, or walk with the arrow keys and hold shift.");
const WAYS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };

function build(parent) {
  const root = make("div", "brush", parent), text = make("div", "text", root), foot = make("div", "foot", root);
  const view = { root, text, spans: [], anchor: 0, head: 0, sent: "", drags: false };
  Object.assign(text, { tabIndex: 0, role: "slider", ariaLabel: phrase("Span of the text"), ariaValueMin: "0" });
  view.words = make("b", "", foot);
  make("span", "", foot, HOW);
  view.legend = make("span", "", foot);
  text.onpointerdown = (event) => event.button === 0 && grip(view, event);
  text.onpointermove = (event) => view.drags && choose(view, view.anchor, nearest(view, event));
  text.onpointerup = () => drop(view);
  text.onpointercancel = () => {
    view.drags = false; // the finger scrolls the page
    choose(view, ...view.before);
  };
  text.onkeydown = (event) => walk(view, event);
  text.onkeyup = text.onblur = () => view.drags || send(view);
  return view;
}

function grip(view, event) {
  view.before = [view.anchor, view.head];
  view.drags = true;
  view.text.setPointerCapture(event.pointerId);
  const at = nearest(view, event);
  choose(view, event.shiftKey ? view.anchor : at, at);
}

function drop(view) {
  if (!view.drags) return;
  view.drags = false;
  send(view);
}

// The token under a point, or the one that is nearest to it; those of its own line before others.
function nearest({ spans }, { clientX: x, clientY: y }) {
  let best = 0, least = Infinity;
  spans.forEach((span, i) => {
    const { left, right, top, bottom } = span.getBoundingClientRect();
    const away = Math.max(left - x, 0, x - right) + 100 * Math.max(top - y, 0, y - bottom);
    if (away < least) [best, least] = [i, away];
  });
  return best;
}

function walk(view, event) {
  const by = WAYS[event.key];
  if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  const head = Math.max(0, Math.min(view.spans.length - 1, view.head + by));
  choose(view, event.shiftKey ? view.anchor : head, head);
  view.spans[head].scrollIntoView({ block: "nearest" });
  event.preventDefault();
  event.stopPropagation(); // the same keys move the scrubber
}

const endsOf = ({ anchor, head }) => [Math.min(anchor, head), Math.max(anchor, head)];

function choose(view, anchor, head) {
  Object.assign(view, { anchor, head });
  const [start, end] = endsOf(view), { tokens, on } = view.header, marked = new Set(on);
  view.spans.forEach((span, i) => {
    const within = i >= start && i <= end;
    span.className = [marked.has(i) && "on", within && "in", i === start && "first", i === end && "last"].filter(Boolean).join(" ");
  });
  view.words.textContent = start === end ? phrase`token ${start}` : phrase`tokens ${start} to ${end}`;
  Object.assign(view.text, { ariaValueNow: String(head), ariaValueText: `${view.words.textContent}: ${tokens.slice(start, end + 1).join("")}` });
}

function send(view) {
  const span = endsOf(view);
  if (String(span) === view.sent) return;
  view.sent = String(span);
  view.report(span);
}

function show(view, header) {
  const { tokens, start, end, legend } = header, before = view.header;
  view.header = header;
  while (view.spans.length > tokens.length) view.spans.pop().remove();
  while (view.spans.length < tokens.length) view.spans.push(make("span", "", view.text));
  tokens.forEach((token, i) => {
    if (view.spans[i].textContent !== token) view.spans[i].textContent = token;
    view.spans[i].title = `${i} ${token}`;
  });
  view.root.classList.toggle("projector", header.projector);
  view.legend.textContent = legend;
  view.text.ariaValueMax = String(tokens.length - 1);
  const moved = before?.start !== start || before.end !== end || before.tokens.length !== tokens.length;
  if (moved && !view.drags) {
    view.sent = String([start, end]);
    const backwards = view.head < view.anchor && String(endsOf(view)) === view.sent; // the hand goes on from where it is
    choose(view, ...(backwards ? [end, start] : [start, end]));
  } else choose(view, Math.min(view.anchor, tokens.length - 1), Math.min(view.head, tokens.length - 1));
}

export default living({
  build,
  update: (view, { data, setTriggerValue }) => {
    view.report = (span) => setTriggerValue("span", span);
    const { header } = opened(data), known = JSON.stringify(header);
    if (known !== view.known) show(view, header);
    view.known = known;
  },
});
