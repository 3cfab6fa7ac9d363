// Hot: what a component needs that gets messages from the feed (feed.js) as well as from runs of the page.
// run, step, state: of the newest that was shown. wanted: the step that the scrubber was moved to and whose run of the page
// is still to come, null for the newest; undefined when there is none. arrived: the wanted step once the page sent it.
// film: whether the run is shown again from its start.
const hot = (window.explorerFeed ??= { takers: new Map(), run: null, step: -1, state: "", wanted: undefined, arrived: null });

// Milliseconds in which a picture of a film goes over into the next; 0 outside of films and where nothing shall move.
const ease = () => (hot.film && !matchMedia("(prefers-reduced-motion: reduce)").matches ? 200 : 0);

// In a film what was seen goes over into what is. Both are true, each of its own step; they are mixed on a canvas above,
// which is gone at the end. To be called before the canvas is painted anew, which may happen again on the way.
function goOver(canvas, milliseconds) {
  if (!milliseconds || !canvas.width || !canvas.height || !canvas.offsetWidth) return;
  const above = canvas.above ?? make("canvas", "before", null), from = document.createElement("canvas"), begun = performance.now();
  const seen = canvas.above ?? canvas, { imageRendering } = getComputedStyle(canvas); // from where an earlier one has come to
  [from.width, from.height] = [seen.width, seen.height];
  from.getContext("2d").drawImage(seen, 0, 0);
  canvas.after(above);
  canvas.above = above;
  canvas.style.opacity = 0;
  const tick = () => {
    if (above.begun !== begun) return;
    const share = Math.min(1, (performance.now() - begun) / milliseconds), { width, height } = canvas;
    if (share === 1 || !canvas.isConnected) {
      above.remove();
      canvas.above = null;
      canvas.style.opacity = "";
      return;
    }
    const style = { position: "absolute", margin: 0, pointerEvents: "none", imageRendering };
    for (const side of ["Left", "Top", "Width", "Height"]) style[side.toLowerCase()] = `${canvas[`offset${side}`]}px`;
    Object.assign(above.style, style);
    [above.width, above.height] = [width, height];
    const context = above.getContext("2d");
    context.globalCompositeOperation = "lighter"; // the shares of both add up to one
    for (const [picture, part] of [[from, 1 - share], [canvas, share]]) {
      context.globalAlpha = part;
      context.drawImage(picture, 0, 0, width, height);
    }
    requestAnimationFrame(tick);
  };
  above.begun = begun;
  tick();
}

// In a film the mark of the step looked at travels to its next place.
function glide(view, from, milliseconds, draw) {
  const { header } = view, to = header.cursor, start = performance.now();
  const tick = () => {
    if (view.header !== header || !view.root.isConnected) return;
    const share = Math.min(1, (performance.now() - start) / milliseconds);
    header.cursor = from + (to - from) * share;
    draw(view);
    if (share < 1) requestAnimationFrame(tick);
  };
  tick();
}

// Begins anew where another run is looked at.
function lookAt(run) {
  if (hot.run !== run) Object.assign(hot, { run, step: -1, state: "" });
}

// Lets the feed hand over what it has under this name, from now on.
const hear = (name, take) => hot.takers.set(name, take);

function unhear(name, take) {
  if (hot.takers.get(name) === take) hot.takers.delete(name);
}

// Whether the page tells of a moment that is no longer shown: it was drawn before the feed's newest came.
function late({ run, step, live }) {
  if (run !== hot.run) return false;
  if (hot.wanted === undefined) return live && step < hot.step;
  if (hot.wanted === null) return !live;
  if (live || step !== hot.wanted) return true;
  hot.arrived = step;
  return false;
}
