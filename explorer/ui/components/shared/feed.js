// Feed: asks the server for a page's moving pictures, between two runs of the page, and at once when the scrubber moves.
// What is asked for together is of one step. hot.js lists the components that take it.
const FAILED = 2000; // ms until the next try after one that failed
const ACTED = 600; // ms after a press in which it may still do something

const acted = (bar) => performance.now() - bar.acted < ACTED;

// Follows the newest step while the run trains, or may be about to, and nobody looks at the past.
function follow(bar) {
  const { feed, live, state } = bar.data;
  if (!feed || !live || (state !== "training" && !acted(bar)) || bar.wanted !== null || bar.following) return;
  bar.following = true;
  const begun = performance.now();
  ask(bar, null).then(
    () => followLater(bar, acted(bar) ? 0 : begun + feed.every),
    () => followLater(bar, performance.now() + FAILED),
  );
}

function followLater(bar, when) {
  clearTimeout(bar.resting);
  bar.resting = setTimeout(() => {
    bar.resting = bar.following = null;
    if (!bar.stopping.signal.aborted) follow(bar);
  }, Math.max(0, when - performance.now()));
}

// Somebody pressed something, anywhere on the page: what it did is shown as soon as it is done.
function noteAct(bar) {
  bar.acted = performance.now();
  bar.resting ? followLater(bar, 0) : follow(bar);
}

// What is wanted from now on, null: the newest.
function want(bar, step) {
  lookAt(bar.data.run);
  [hot.wanted, hot.arrived] = [step, null];
}

// Asks for a step of the past, where the feed has pictures; of several that come while one is asked for, only the last.
// True while an answer is to come: with the last one the page gets the step, once the picture is painted.
function lookBack(bar, step) {
  if (!bar.data.feed?.pictures) return false;
  if (hot.wanted !== step || hot.run !== bar.data.run) {
    want(bar, step);
    bar.due = step;
    if (!bar.lookingBack) askNext(bar);
  }
  return bar.lookingBack;
}

function askNext(bar) {
  const { due } = bar, next = () => askNext(bar);
  bar.due = null;
  bar.lookingBack = due !== null;
  if (due !== null) ask(bar, due).then(next, next);
  else if (bar.later) requestAnimationFrame(() => setTimeout(() => bar.later && !bar.lookingBack && tell(bar)));
}

async function ask(bar, step) {
  const { feed, run } = bar.data, { signal } = bar.stopping;
  const after = hot.run === run ? `&after=${hot.state}${acted(bar) ? "&acted=1" : ""}` : "";
  const more = step === null ? after : `&step=${step}`;
  const answer = await fetch(new URL(feed.url + more, document.location), { signal, cache: "no-store" });
  if (!answer.ok) throw new Error(answer.status);
  if (answer.status === 204) return;
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (bar.data.run === run && fits(bar, step)) deliver(bar, bytes);
}

// Whether a step's pictures may be shown now: the newest while it is followed; of the past what is wanted, and on the way
// there also what was wanted before.
function fits({ data, wanted }, step) {
  if (step === null) return wanted === null && data.live;
  if (hot.wanted === undefined) return !data.live && step === data.step;
  return hot.wanted !== null && (step === hot.wanted || hot.arrived === null);
}

// What of a state a press can change: all but the step.
const did = (state) => state.slice(state.indexOf("."));

function deliver(bar, bytes) {
  let { header, from } = opened(bytes);
  const { run, step, live, state, lengths } = header;
  lookAt(run);
  if (live) {
    if (did(hot.state) !== did(state)) bar.acted = -ACTED;
    [hot.step, hot.state] = [Math.max(hot.step, step), state];
  }
  for (const [name, length] of Object.entries(lengths)) {
    const message = bytes.subarray(from, (from += length));
    if (!length) continue; // it rests
    if (name === "player") update(bar, JSON.parse(new TextDecoder().decode(message)));
    else hot.takers.get(name)?.(message);
  }
}
