// Player bar: built once, then every message only moves what changed.
const EVERY = 120; // ms between two views while the first is unanswered
const PATIENCE = 400; // ms that the page waits to hear of a step whose pictures the feed is still about to bring
const SILENT = 8000; // ms without a message from the page after which it has lost its timer: it ticks every second at least
const LEFT = 5000; // ms that a step which a bar wanted stays wanted by the next bar
const AIM = 6; // pixels that a pointer may be off: within them a step whose weights are kept is at hand at once

function build(parent) {
  const root = document.createElement("div");
  root.className = "player-bar";
  root.innerHTML = SKELETON;
  parent.append(root);
  const bar = { root, outbox: [], events: new Map(), wanted: null, dragging: false, sent: 0, viewed: 0, later: null, acted: -ACTED };
  for (const name of "play single reset film on scrubber track state where step last now name branch bookmark share pop tip".split(" "))
    bar[name === "film" ? "filmButton" : name] = root.querySelector(`.${name}`);
  bar.scene = sceneIn(parent, () => order(bar, { kind: "scene", by: 0 }));
  bar.select = root.querySelector("select");
  bar.diamonds = root.querySelector(".events");
  listen(bar, parent.host);
  return bar;
}

// Sends what was done; what is meant by it is of the step that is shown.
function order(bar, action) {
  if (bar.later !== null && !["view", "live"].includes(action.kind)) tell(bar);
  return send(bar, action);
}

// Shows a step at once and asks for its pictures, not faster than they can come. What the feed has comes first: while
// the page is drawn anew the browser has no time for it.
function view(bar, step, now) {
  bar.wanted = Math.min(bar.data.last, Math.max(0, step));
  show(bar);
  const wait = bar.viewed > bar.data.seen ? bar.sent + EVERY - performance.now() : 0;
  if (lookBack(bar, bar.wanted)) bar.later ?? postpone(bar, PATIENCE);
  else if (!now && wait > 0) postpone(bar, wait);
  else tell(bar);
}

// A bar that goes while the page has not shown the step that it wants, as where a connection was lost, leaves it to the next.
function leaveWanted({ data, wanted }) {
  hot.left = wanted === null || !data || wanted >= data.last ? null : { run: data.run, wanted, at: performance.now() };
}

function takeLeft(bar) {
  const { left } = hot;
  hot.left = null;
  if (left && left.run === bar.data.run && !(performance.now() - left.at > LEFT)) view(bar, left.wanted, true);
}

// Tells the page the wanted step.
function tell(bar) {
  postpone(bar, null);
  bar.sent = performance.now();
  bar.viewed = order(bar, { kind: "view", step: bar.wanted });
}

// Tells it after `wait` ms; null: not at all.
function postpone(bar, wait) {
  clearTimeout(bar.later);
  bar.later = wait === null ? null : setTimeout(() => tell(bar), wait);
}

function live(bar) {
  postpone(bar, null);
  bar.wanted = bar.data.last;
  if (bar.data.feed?.pictures) want(bar, null);
  bar.viewed = order(bar, { kind: "live" });
  show(bar);
}

// Nothing goes on by itself: playing shows the run again.
const over = (bar) => ["finished", "diverged"].includes(bar.data.state) && bar.data.last > 0;
const running = (bar) => ["training", "queued"].includes(bar.data.state);

function toggle(bar) {
  if (bar.film) stopFilm(bar);
  else if (over(bar)) startFilm(bar);
  else if (bar.data.can.play) order(bar, { kind: running(bar) ? "pause" : "play" });
}

function listen(bar, host) {
  const act = (element, action) => {
    element.onclick = (event) => {
      action();
      element.classList.add("heard"); // until the server has answered
      if (event.detail) element.blur(); // so that the space bar plays and pauses after a click
    };
  };
  act(bar.play, () => toggle(bar));
  for (const kind of ["single", "reset", "branch", "bookmark", "on"])
    act(bar[kind], () => {
      stopFilm(bar); // what is done is done at the step that is shown
      order(bar, { kind });
    });
  act(bar.filmButton, () => (bar.film ? stopFilm(bar) : startFilm(bar)));
  bar.branch.addEventListener("click", () => sayState(bar, phrase`making a branch at step ${bar.wanted ?? bar.data.step} …`));
  act(bar.share.querySelector("button"), () => share(bar));
  bar.now.onclick = (event) => event.target.tagName === "A" && live(bar);
  bar.now.onkeydown = (event) => event.target.tagName === "A" && event.key === "Enter" && live(bar);
  bar.select.onchange = () => {
    order(bar, { kind: "speed", value: bar.select.value ? Number(bar.select.value) : null });
    bar.select.blur();
  };
  listenTrack(bar);
  bar.stopping = new AbortController();
  const { signal } = bar.stopping;
  hearKeys(bar, (event) => press(bar, event), signal);
  const note = (event) => {
    if (event.type === "pointerdown") pointing.at = event.composedPath()[0];
    else if (event.key === "Tab") pointing.at = null;
  };
  for (const kind of ["keydown", "pointerdown"]) document.addEventListener(kind, note, { signal, capture: true });
  for (const kind of ["keydown", "pointerdown", "pointerup"])
    document.addEventListener(kind, () => noteAct(bar), { signal, capture: true });
  const page = host.closest('[data-testid="stMainBlockContainer"]');
  if (page) bar.observer = onResize(page, () => inset(bar, page));
  bar.root.addEventListener("focusout", (event) => {
    if (event.target.tagName === "INPUT") bar.pop.hidden = true;
  });
}

function listenTrack(bar) {
  const { track } = bar;
  const stepAt = (event) => {
    const box = track.getBoundingClientRect();
    const step = Math.round(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * bar.span);
    return keptNear(bar.data.kept, step, (AIM * bar.span) / box.width);
  };
  track.onpointerdown = (event) => {
    if (event.button) return;
    stopFilm(bar);
    track.setPointerCapture(event.pointerId);
    bar.dragging = true;
    bar.span = Math.max(1, bar.data.last); // the scale stands still under the finger
    view(bar, stepAt(event));
  };
  track.onpointermove = (event) => {
    if (bar.dragging && stepAt(event) !== bar.wanted) view(bar, stepAt(event));
  };
  track.onpointerup = track.onpointercancel = () => {
    if (!bar.dragging) return;
    bar.dragging = false;
    view(bar, bar.wanted, true);
  };
}

function press(bar, event) {
  const meaning = meaningOf(event, bar.track);
  if (!meaning || bar.dragging) return;
  event.preventDefault();
  if (!["toggle", "projector", "fill"].includes(meaning.kind)) stopFilm(bar);
  const { data } = bar, at = bar.wanted ?? data.step;
  if (meaning.kind === "toggle") event.repeat || toggle(bar);
  else if (meaning.kind === "live") live(bar);
  else if (meaning.kind === "fill") event.repeat || fill();
  else if (meaning.kind === "scene") event.repeat || order(bar, meaning);
  else if (meaning.kind === "projector") event.repeat || order(bar, { kind: "projector" });
  else if (meaning.kind === "first") view(bar, 0);
  else if (meaning.kind === "move") view(bar, at + meaning.direction);
  else view(bar, leap(at, meaning.direction, data.last, data.events));
}

// What is going on; how far it is, a share at the end, is never cut. Of a finished run the steps stand beside it.
function sayState(bar, words) {
  const from = words.endsWith("%") ? words.lastIndexOf(" · ") : -1;
  text(bar.state.children[1], from > 0 ? words.slice(0, from) : words);
  text(bar.state.children[2], from > 0 ? words.slice(from + 1) : "");
}

function text(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

// Where on the track something stands: as a share of it, and as a length.
function place({ style }, share) {
  style.setProperty("--at", `${100 * share}%`);
  style.setProperty("--along", `${100 * share}cqw`);
}

// The place on the track: what the finger or a key wants, else what the server shows.
function show(bar) {
  const { data } = bar, step = bar.wanted ?? data.step, following = data.live && bar.wanted === null;
  if (!bar.dragging) bar.span = Math.max(1, data.last);
  place(bar.scrubber, Math.min(bar.film?.at ?? step, bar.span) / bar.span);
  bar.root.classList.toggle("past", !following);
  text(bar.step, `${data.exact || bar.wanted !== null ? "" : "≈ "}${step.toLocaleString("en")}`);
  text(bar.last, data.last.toLocaleString("en"));
  bar.where.classList.toggle("long", data.last >= 10000);
  const now = following ? `<i></i><span class="live-now">${phrase("live")}</span>` : `<em>${phrase("the past")}</em> · <a role="button" tabindex="0">${phrase("back to live")}</a>`;
  if (bar.nowShown !== now) bar.now.innerHTML = bar.nowShown = now;
  for (const { element, step: at } of bar.events.values()) place(element, at / bar.span);
  const { track } = bar;
  [track.ariaValueMax, track.ariaValueNow] = [data.last, step].map(String);
  track.ariaValueText = phrase`step ${step} of ${data.last}, ${following ? phrase("live") : phrase("the past")}`;
}

function showEvents(bar, events) {
  const gone = new Set(bar.events.keys());
  for (const event of events) {
    gone.delete(event.id);
    const fresh = !bar.events.has(event.id);
    if (fresh) bar.events.set(event.id, { element: diamond(bar, event.id) });
    const shown = Object.assign(bar.events.get(event.id), event);
    if (shown.tone !== shown.toned) shown.element.className = `event ${(shown.toned = event.tone)}`;
    if (fresh && bar.marked && (running(bar) || bar.data.branched)) glow(shown);
    shown.element.ariaLabel = phrase`${event.label}, step ${event.step}`;
  }
  bar.marked = true;
  for (const id of gone) {
    bar.events.get(id).element.remove();
    bar.events.delete(id);
  }
}

function diamond(bar, id) {
  const element = document.createElement("button");
  element.tabIndex = -1; // shift and an arrow go from event to event
  element.append(document.createElement("i"));
  bar.diamonds.append(element);
  element.onclick = () => view(bar, bar.events.get(id).step, true);
  element.onpointerenter = () => {
    const { label, step } = bar.events.get(id);
    bar.tip.replaceChildren(`${label} `, Object.assign(document.createElement("span"), { textContent: phrase`step ${step}` }));
    bar.tip.style.setProperty("--at", element.style.getPropertyValue("--at"));
    bar.tip.hidden = false;
  };
  element.onpointerleave = () => (bar.tip.hidden = true);
  return element;
}

function showSpeed({ select }, speed) {
  if (select.matches(":focus")) return; // it may be open
  const value = String(speed ?? "");
  if (![...select.options].some((option) => option.value === value)) select.add(new Option(inWords(speed), value));
  if (select.value !== value) select.value = value;
}

function update(bar, data) {
  const { run, live, step, last, events } = bar.data ?? {};
  if (live && data.live && run === data.run && data.last < last) // a run of the page may be behind the feed
    data = { ...data, step: Math.max(step, data.step), last, events };
  bar.data = data;
  answered(bar, data.seen);
  if (!bar.dragging && !bar.later && data.seen >= bar.viewed) [bar.wanted, hot.wanted] = [null, undefined];
  if (!bar.outbox.length) for (const element of bar.root.querySelectorAll(".heard")) element.classList.remove("heard");
  const { can, state } = data, face = running(bar) ? "pause" : "play";
  if (bar.face !== face) bar.play.innerHTML = ICONS[(bar.face = face)];
  bar.play.title = bar.play.ariaLabel = face === "pause" ? phrase("Pause (space)") : over(bar) ? phrase("Replay (space)") : phrase("Play (space)");
  bar.on.hidden = state !== "finished";
  bar.filmButton.disabled = data.last < 1;
  for (const name of ["single", "reset", "branch", "bookmark"]) bar[name].disabled = !can[name];
  bar.play.disabled = !can.play && !over(bar);
  bar.share.firstChild.disabled = !can.share;
  bar.root.className = `player-bar ${state} ${data.projector ? "projector" : ""}`;
  if (bar.shown !== state) bar.state.firstChild.innerHTML = STATES[(bar.shown = state)];
  sayState(bar, data.note ?? (state === "finished" ? data.words.split(" · ")[0] : data.words));
  bar.state.title = data.words;
  text(bar.name.firstChild, data.name);
  bar.name.title = data.name;
  showSpeed(bar, data.speed);
  showScene(bar.scene, data.scene, bar.root);
  showEvents(bar, data.events);
  show(bar);
  follow(bar);
}

// The page's timer comes from its server with every whole run of the page. Streamlit drops messages of a run that ended
// while a tick was on its way, the timer among them, and a page without one would stand still for ever.
function listenForSilence(bar) {
  clearTimeout(bar.silence);
  bar.silence = setTimeout(() => {
    listenForSilence(bar);
    if (!document.hidden) order(bar, { kind: "again" });
  }, SILENT);
}

export default living({
  build,
  update: (bar, { data, setTriggerValue }) => {
    bar.setTriggerValue = setTriggerValue;
    listenForSilence(bar);
    const first = !bar.data;
    update(bar, data);
    if (first) takeLeft(bar);
    hearEarly(bar, (event) => press(bar, event));
  },
  remove: (bar) => {
    clearTimeout(bar.silence);
    leaveWanted(bar);
    postpone(bar, null);
    stopFilm(bar);
    bar.scene.remove();
    bar.stopping.abort();
  },
});
