// Film: the whole run again, from its first step to its newest, in ten seconds. It goes from one step whose weights are
// kept to the next, so that nothing has to be trained again; the thumb moves smoothly between them. Pictures say the step
// whose numbers they have and never invent numbers in between: points of a map, ribbons, wires and marks on curves travel
// to their next place, grids, edges, landscapes, charts and texts go over into the next (moving.js).
const FILM = 10000; // ms
const QUICKEST = 120, CALMEST = 450; // ms of a motion: nearly all of the time until the next picture

function startFilm(bar) {
  stopFilm(bar);
  const kept = [0, ...bar.data.kept];
  hot.film = true;
  hot.ease = Math.max(QUICKEST, Math.min(CALMEST, (0.8 * FILM) / kept.length));
  bar.film = { begun: performance.now(), last: bar.data.last, kept, step: -1, at: 0, charts: new Map() };
  moveFilm(bar);
}

function stopFilm(bar) {
  cancelAnimationFrame(bar.film?.next);
  for (const chart of bar.film?.charts.values() ?? []) chart.disconnect();
  bar.film = null;
  hot.film = false;
}

function moveFilm(bar) {
  const { film } = bar, share = Math.min(1, (performance.now() - film.begun) / FILM);
  film.at = share * film.last;
  const step = film.kept.findLast((kept) => kept <= film.at);
  if (step > film.step) {
    for (const event of bar.events.values()) if (event.step > film.step && event.step <= step) glow(event);
    film.step = step;
    followCharts(film);
    view(bar, step);
  } else show(bar);
  if (share < 1) film.next = requestAnimationFrame(() => moveFilm(bar));
  else {
    stopFilm(bar);
    live(bar);
  }
}

// A short light where a head came to stand out: on its mark, and on the head wherever it is drawn. So has a branch's mark.
function glow({ kind, head, element }) {
  if (kind !== "found" && kind !== "branched") return;
  element.classList.add("glow");
  setTimeout(() => element.classList.remove("glow"), 1500);
  if (head) window.dispatchEvent(new CustomEvent("explorer-found", { detail: head }));
}
