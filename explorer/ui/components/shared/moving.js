// Moving: how pictures of a film go over into the next. Numbers in words stay those of the step that they name.
// Milliseconds in which a picture of a film goes over into the next; 0 outside of films and where nothing shall move.
const ease = () => (hot.film && !matchMedia("(prefers-reduced-motion: reduce)").matches ? hot.ease ?? 200 : 0);

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

// How these elements are seen now, on their way too: of each the looks that are named.
const seenAs = (elements, looks) => elements.map((element) => {
  const style = getComputedStyle(element);
  return Object.fromEntries(looks.map((look) => [look, style[look]]));
});

// In a film an element goes from how it was seen to how it is; `before` as `seenAs` gives it.
function goFrom(element, before, milliseconds) {
  if (before && milliseconds) return element.animate([{ ...before, offset: 0 }], { duration: milliseconds });
}

// In a film words go over into others: what stood there is laid above, and both are mixed as canvases are. To be called
// before they change.
function goOverWords(element, milliseconds) {
  element.above?.remove();
  element.above = null;
  if (!milliseconds || !element.offsetWidth) return;
  const above = (element.above = element.cloneNode(true)), style = { position: "absolute", margin: 0, pointerEvents: "none", boxSizing: "border-box" };
  for (const side of ["Left", "Top", "Width", "Height"]) style[side.toLowerCase()] = `${element[`offset${side}`]}px`;
  Object.assign(above.style, style);
  above.inert = true;
  above.classList.add("before");
  element.after(above);
  above.scrollTop = element.scrollTop;
  const { parentElement: place } = element, mixed = { mixBlendMode: "plus-lighter" }; // the shares of both add up to one
  place.style.isolation = "isolate";
  element.animate([{ ...mixed, opacity: 0 }, { ...mixed, opacity: 1 }], milliseconds);
  above.animate([{ ...mixed, opacity: 1 }, { ...mixed, opacity: 0 }], milliseconds).onfinish = () => {
    above.remove();
    if (element.above !== above) return;
    element.above = null;
    place.style.isolation = "";
  };
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
