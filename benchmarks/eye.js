// The eye: notes what is on the screen, frame by frame, and what was done before.
// window.eye = [[ms since the page was opened, sign, value], …]; ms of a sign: when its frame had been painted.
const text = (element) => element?.textContent ?? null;
const inside = (place, selector) => {
  for (const element of document.querySelectorAll(`${place} *`)) {
    const found = element.shadowRoot?.querySelector(selector); // components of our own live in shadow roots
    if (found) return found;
  }
};
const number = (name) =>
  text([...document.querySelectorAll(".figures dt")].find((dt) => dt.textContent === name)?.nextElementSibling);
const SIGNS = {
  card: () => document.querySelector('[class*="st-key-train-"] button:enabled')?.checkVisibility() || null,
  // the newest step in the loss's line, once it has two points: one alone has no length
  loss: () => inside(".st-key-board-train", ".curves")?.dataset.newest || null,
  raced: () => inside(".st-key-board-race", ".curves")?.dataset.newest || null,
  cursor: () => inside(".st-key-board-race", ".curves")?.dataset.cursor || null,
  standings: () => [...document.querySelectorAll(".standings td:nth-child(4)")].map(text).join(" ") || null,
  step: () => number("Step")?.match(/[\d,]+/)?.[0].replaceAll(",", "") ?? null,
  nats: () => number("Loss"),
  right: () => number("Right")?.match(/[\d.]+(?=\s*%)/)?.[0] ?? null,
  heads: () => inside(".st-key-card-heads-0", "[aria-label*=' heads in ']")?.ariaLabel?.match(/step (\d+)/)?.[1] ?? null,
  wanted: () => inside(".st-key-player", ".where .step")?.textContent.replaceAll(",", "") ?? null,
  mark: () => [...(inside(".st-key-player", ".events")?.children ?? [])].at(-1)?.ariaLabel ?? null,
  bareTrain: () => document.querySelector(".st-key-bare-train button:enabled")?.checkVisibility() || null,
  // the line of Vega's chart, once it is drawn, with the step that stands above it
  bareLoss: () => document.querySelector("[data-testid=stVegaLiteChart] :is(canvas, svg)") && text(document.querySelector(".bare-step")),
  bareStep: () => text(document.querySelector(".bare-step")),
  bareMark: () => text(document.querySelector(".bare-mark")),
  bareGrid: () => inside(".st-key-bare-grid", "canvas")?.ariaLabel ?? null,
};

window.eye = [];
const last = {};
const look = () => {
  for (const [sign, read] of Object.entries(SIGNS)) {
    const value = read();
    if (value === (last[sign] ?? null)) continue;
    last[sign] = value;
    const entry = [performance.now(), sign, value];
    window.eye.push(entry);
    setTimeout(() => (entry[0] = performance.now())); // behind this frame's paint
  }
  requestAnimationFrame(look);
};
requestAnimationFrame(look);

const note = (sign) => window.eye.push([performance.now(), sign, null]);
addEventListener("pointerdown", () => note("press"), true);
addEventListener("click", () => note("click"), true);
addEventListener("keydown", () => note("key"), true);
const { send } = WebSocket.prototype;
WebSocket.prototype.send = function (...message) {
  note("ask");
  return send.apply(this, message);
};
