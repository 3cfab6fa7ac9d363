// Film of charts: Vega draws a chart anew from new numbers, as elements of SVG. Where a mark has as many of them as before, each
// goes from the place, form and colour of the one before it to its own; words change at once, with their step.
const LOOKED = { fill: "fill", stroke: "stroke", opacity: "opacity", "fill-opacity": "fillOpacity", "stroke-opacity": "strokeOpacity", "stroke-width": "strokeWidth" };

const CROWD = 1500; // shapes: a chart of more changes at once, since the browser could not move them all in time

// Follows the charts that are there, each once.
function followCharts({ charts }) {
  for (const chart of document.querySelectorAll('[data-testid="stVegaLiteChart"]')) {
    if (charts.has(chart)) continue;
    let before = shapesOf(chart);
    const observer = new MutationObserver(() => {
      const now = shapesOf(chart);
      for (const [name, shape] of now) goFrom(shape.element, before.get(name) && lookBefore(before.get(name), shape), ease());
      before = now;
    });
    observer.observe(chart, { subtree: true, childList: true, attributes: true, attributeFilter: ["d", "transform", ...Object.keys(LOOKED)] });
    charts.set(chart, observer);
  }
}

// Every shape by its mark, its place in it, and how many there are.
function shapesOf(chart) {
  const marks = [...chart.querySelectorAll("svg g")], shapes = new Map();
  if (chart.querySelectorAll("path, line, text").length > CROWD) return shapes;
  marks.forEach((mark, at) =>
    [...mark.children].forEach((element, i, all) => {
      if (!["path", "line", "text"].includes(element.tagName)) return;
      const looks = Object.fromEntries(["d", "transform", ...Object.keys(LOOKED)].map((look) => [look, element.getAttribute(look)]));
      shapes.set([at, mark.getAttribute("class"), all.length, i].join(), { element, looks });
    }),
  );
  return shapes;
}

const commandsOf = (d) => d?.replaceAll(/[^a-zA-Z]|e/g, "");
const placeOf = (transform) => transform?.match(/^translate\(([-\d.e]+)[, ]([-\d.e]+)\)$/)?.slice(1).map(Number);

// What of a shape was another before, as CSS says it; null where nothing was that can go over.
function lookBefore({ looks: before }, { looks: now }) {
  const look = {}, [from, to] = [placeOf(before.transform), placeOf(now.transform)];
  if (from && to && before.transform !== now.transform) look.transform = `translate(${from[0]}px, ${from[1]}px)`;
  if (before.d !== now.d && commandsOf(before.d) === commandsOf(now.d)) look.d = `path("${before.d}")`;
  for (const [attribute, name] of Object.entries(LOOKED)) {
    const [was, is] = [before[attribute], now[attribute]];
    if (was && is && was !== is && !was.startsWith("url") && !is.startsWith("url")) look[name] = was; // one of a legend is gone with it
  }
  return Object.keys(look).length ? look : null;
}
