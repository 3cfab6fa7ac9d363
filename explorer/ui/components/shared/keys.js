// What a key means here, or null. Keys that belong to whatever has the focus are left alone; C and R are
// Streamlit's.
const TYPING = "input, textarea, select, [contenteditable]:not([contenteditable=false])";
const OWNERS = `${TYPING}, [role=tab], [role=slider], [role=combobox], [role=listbox], [role=option], [role^=menu], [role=radio]`;
const PRESSED = "button, a, summary, [role=button]";

const WRITING = "textarea, select, [contenteditable]:not([contenteditable=false]), input:not([type=checkbox], [type=radio], [type=range])";
const LISTS = "[role=combobox], [role=listbox], [role=option], [role^=menu]";

const pointing = (window.explorerPointing ??= { at: null }); // what was clicked last, until a key moves the focus

// Whether the space bar belongs to what has the focus: to what is written in, and to a list; to a button only if a key went
// there, since one that was clicked keeps the focus without anybody meaning it.
function spaceIsTheirs(focused) {
  if (focused.closest?.(`${WRITING}, ${LISTS}`)) return true;
  const pressed = focused.closest?.(`${PRESSED}, input, [role=tab], [role=radio], [role=switch]`);
  return Boolean(pressed && !pressed.contains(pointing.at));
}

const LATE = 5000; // ms after which a key that was pressed before anybody heard it means nothing any more

// Hears each key of the page whose message `owner` got last.
function hearKeys(owner, hear, signal) {
  document.addEventListener("keydown", (event) => {
    event.heard ||= owner.page === location.pathname; // that of a page that is being left is no key of the next one
    hear(event);
  }, { signal });
}

// `owner` got a message of its page: it hears what was pressed there before it was there.
function hearEarly(owner, hear) {
  owner.page = location.pathname;
  const now = performance.now();
  for (const event of (window.explorerEarly ?? []).splice(0)) if (event.page === owner.page && now - event.at < LATE) hear(event);
}

function meaningOf(event, track) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return null;
  const focused = event.composedPath()[0];
  if (event.key === " ") return spaceIsTheirs(focused) ? null : { kind: "toggle", once: true };
  if (focused !== track && focused.closest?.(OWNERS)) return null;
  if (event.key === "p" || event.key === "P") return { kind: "projector" };
  if (event.key === "f" || event.key === "F") return { kind: "fill" };
  const by = { n: 1, N: 1, b: -1, B: -1 }[event.key];
  if (by) return { kind: "scene", by };
  if (event.key === "Home") return { kind: "first" };
  if (event.key === "End") return { kind: "live" };
  const direction = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  return direction ? { kind: event.shiftKey ? "leap" : "move", direction } : null;
}

// Where shift and an arrow lead: the next event, but no further than a tenth of the run.
function leap(step, direction, last, events) {
  const far = step + direction * Math.max(1, Math.round(last / 10));
  const ahead = events.map((event) => event.step).filter((at) => (at - step) * direction > 0 && (far - at) * direction > 0);
  const nearest = direction > 0 ? Math.min(far, ...ahead) : Math.max(far, ...ahead);
  return Math.min(last, Math.max(0, nearest));
}

// The kept step nearest to `step` where one is within `reach`, else `step` itself. Keys go to any step.
function keptNear(kept, step, reach) {
  let best = step, least = reach;
  for (const at of kept) if (Math.abs(at - step) <= least) [best, least] = [at, Math.abs(at - step)];
  return best;
}
