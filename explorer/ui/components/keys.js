// What a key means here, or null. Keys that belong to whatever has the focus are left alone; C and R are
// Streamlit's.
const TYPING = "input, textarea, select, [contenteditable]:not([contenteditable=false])";
const OWNERS = `${TYPING}, [role=tab], [role=slider], [role=combobox], [role=listbox], [role=option], [role^=menu], [role=radio]`;
const PRESSED = "button, a, summary, [role=button]";

function meaningOf(event, track) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return null;
  const focused = event.composedPath()[0];
  if (focused !== track && focused.closest?.(OWNERS)) return null;
  if (event.key === " ") return focused.closest?.(PRESSED) ? null : { kind: "toggle", once: true };
  if (event.key === "p" || event.key === "P") return { kind: "projector" };
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
