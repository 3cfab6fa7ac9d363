// Point map, pointing: hover, choose, draw around, turn; and the same by keys.
const within = ([x, y], polygon) =>
  polygon.reduce((inside, [ax, ay], i) => {
    const [bx, by] = polygon[(i + polygon.length - 1) % polygon.length];
    return ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax ? !inside : inside;
  }, false);

// The point under the pointer: one whose text is there, else the nearest.
function under(map, x, y) {
  let best = null, least = NEAR;
  map.places?.forEach(([px, py], i) => {
    const wide = map.room[i] ? widthOf(map, map.header.labels[i]) / 2 : 0;
    const far = Math.hypot(Math.max(0, Math.abs(px - x) - wide), py - y);
    if (far < least) [least, best] = [far, i];
  });
  return best;
}

function turn(map, yaw, pitch) {
  map.yaw += yaw;
  map.pitch = Math.max(-1.5, Math.min(1.5, map.pitch + pitch));
  if (!map.ticking) paintNow(map);
}

function listen(map) {
  const { over } = map;
  let pressed = null;
  over.onpointerdown = ({ offsetX, offsetY, pointerId }) => {
    pressed = { x: offsetX, y: offsetY, dragged: false };
    over.setPointerCapture(pointerId);
  };
  over.onpointermove = ({ offsetX: x, offsetY: y }) => {
    if (!map.header) return;
    if (!pressed) return hover(map, under(map, x, y));
    if (!pressed.dragged && Math.hypot(x - pressed.x, y - pressed.y) < DRAG) return;
    if (!pressed.dragged) hover(map, null);
    if (map.header.dims === 3 && map.tool === "turn") turn(map, (x - (pressed.dragged ? pressed.last[0] : pressed.x)) / 160, (y - (pressed.dragged ? pressed.last[1] : pressed.y)) / 160);
    else {
      (map.lasso ??= [[pressed.x, pressed.y]]).push([x, y]);
      drawOver(map);
    }
    Object.assign(pressed, { dragged: true, last: [x, y] });
  };
  over.onpointerup = ({ offsetX, offsetY, shiftKey }) => {
    if (!pressed) return;
    const { dragged } = pressed, around = map.lasso;
    pressed = map.lasso = null;
    if (around) choose(map, map.places.map((_, i) => i).filter((i) => within(map.places[i], around)));
    else if (!dragged) pick(map, under(map, offsetX, offsetY), shiftKey);
  };
  over.onpointercancel = () => {
    pressed = map.lasso = null;
    drawOver(map);
  };
  over.onpointerleave = () => pressed || hover(map, null);
  over.onblur = () => hover(map, null);
  over.onkeydown = (event) => onKey(map, event);
}

function pick(map, i, more) {
  if (i === null) return map.selected.length && choose(map, []);
  if (!more) return choose(map, map.selected.length === 1 && map.selected[0] === i ? [] : [i]);
  choose(map, map.selected.includes(i) ? map.selected.filter((other) => other !== i) : [...map.selected, i]);
}

// The nearest point that lies that way.
function onward(map, [dx, dy]) {
  if (map.hovered === null) return map.selected[0] ?? map.header.order[0] ?? null;
  const [x, y] = map.places[map.hovered];
  let best = map.hovered, least = Infinity;
  map.places.forEach(([px, py], i) => {
    const along = (px - x) * dx + (py - y) * dy, across = Math.abs((px - x) * dy) + Math.abs((py - y) * dx);
    if (along > 1 && along + 2 * across < least) [least, best] = [along + 2 * across, i];
  });
  return best;
}

function onKey(map, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (way && event.shiftKey && map.header.dims === 3) turn(map, way[0] * 0.15, way[1] * 0.15);
  else if (way) hover(map, onward(map, way));
  else if (event.key === "Enter" && map.hovered !== null) pick(map, map.hovered, event.shiftKey);
  else if (event.key === "Escape") choose(map, []);
  else return;
  event.preventDefault();
  event.stopPropagation(); // the same keys move the scrubber
}
