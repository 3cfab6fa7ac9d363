// Hot: what a component needs that gets messages from the feed (feed.js) as well as from runs of the page.
// run, step, state: of the newest that was shown. wanted: the step that the scrubber was moved to and whose run of the page
// is still to come, null for the newest; undefined when there is none. arrived: the wanted step once the page sent it.
// film: whether the run is shown again from its start. ease: ms in which a picture of it goes over into the next.
const hot = (window.explorerFeed ??= { takers: new Map(), run: null, step: -1, state: "", wanted: undefined, arrived: null });

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
