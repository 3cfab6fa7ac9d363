// The player beside a landscape: steps of all paths together, and the sub-steps of one of them with their numbers.
const PACES = { slowly: 2, "step by step": 6, fast: 24 }; // steps a second
const PACE_WORDS = { slowly: phrase("slowly"), "step by step": phrase("step by step"), fast: phrase("fast") };

function buildPlayer(land) {
  const controls = make("div", "controls", land.side), button = (words, label, press) => {
    const made = make("button", "", controls, words);
    made.title = made.ariaLabel = label;
    made.onclick = press;
    return made;
  };
  button("|‹", phrase("Back to the start"), () => goTo(land, 0));
  button("‹", phrase("One step back"), () => goTo(land, land.step - 1));
  land.play = button(phrase("Play"), phrase("Play"), () => (land.timer ? halt(land) : run(land)));
  button("›", phrase("One step on"), () => goTo(land, land.step + 1));
  button(phrase("sub-step"), phrase("One sub-step on"), () => goOn(land));
  land.pace = make("select", "", controls);
  land.pace.ariaLabel = phrase("How fast");
  for (const pace of Object.keys(PACES)) land.pace.append(new Option(PACE_WORDS[pace], pace));
  land.pace.value = "step by step";
  land.pace.onchange = () => land.timer && run(land);
  land.slider = make("input", "", land.side);
  Object.assign(land.slider, { type: "range", min: 0, step: 1, ariaLabel: phrase("Steps taken") });
  land.slider.oninput = () => goTo(land, Number(land.slider.value));
  const line = make("div", "chosen", land.side);
  land.which = make("select", "", line);
  land.which.ariaLabel = phrase("Whose sub-steps are shown");
  land.which.onchange = () => tellStages(land);
  land.where = make("b", "", line);
  land.stages = make("ol", "", land.side);
  land.source = make("small", "", land.side);
  land.side.onkeydown = (event) => event.stopPropagation(); // the same keys move the scrubber
}

// The steps that are drawn: a step that is shown sub-step by sub-step is taken by the last of them.
const taken = (land) => (land.sub >= 0 && land.sub < substeps(land) - 1 ? land.step - 1 : land.step);
const trackOf = (land) => land.header.tracks.find(({ name }) => name === land.which.value);
const substeps = (land) => 1 + (trackOf(land)?.stages.length ?? 0);
const longest = ({ header }) => Math.max(0, ...header.tracks.map(({ n }) => n - 1));

function goTo(land, step, playing = false) {
  if (!playing) halt(land);
  [land.step, land.sub] = [Math.min(longest(land), Math.max(0, step)), -1];
  land.slider.value = land.step;
  draw(land);
  tellStages(land);
}

function goOn(land) {
  halt(land);
  if (land.sub >= 0 && land.sub < substeps(land) - 1) land.sub += 1;
  else if (land.step < longest(land)) [land.step, land.sub] = [land.step + 1, 0];
  land.slider.value = land.step;
  draw(land);
  tellStages(land);
}

function halt(land) {
  clearInterval(land.timer);
  land.timer = null;
  land.play.textContent = phrase("Play");
  land.play.title = land.play.ariaLabel = phrase("Play");
}

function run(land) {
  halt(land);
  if (land.step >= longest(land)) goTo(land, 0);
  land.play.textContent = phrase("Pause");
  land.play.title = land.play.ariaLabel = phrase("Pause");
  land.timer = setInterval(() => {
    if (land.step >= longest(land)) halt(land);
    else goTo(land, land.step + 1, true);
  }, 1000 / PACES[land.pace.value]);
}

// New paths are played from their start; where motion is unwelcome they are shown whole.
function showPlayer(land, before) {
  const { header } = land;
  land.side.hidden = !header.player;
  if (!header.player) return;
  const chosen = land.which.value, names = header.tracks.map(({ name }) => name);
  if (JSON.stringify(names) !== land.names) land.which.replaceChildren(...names.map((name) => new Option(name)));
  land.names = JSON.stringify(names);
  land.which.value = names.includes(chosen) ? chosen : (names[0] ?? "");
  land.slider.max = longest(land);
  if (before?.walk !== header.walk) {
    halt(land);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    [land.step, land.sub] = [calm || !before ? longest(land) : 0, -1];
    land.slider.value = land.step;
    if (!calm && before) run(land);
  }
  tellStages(land);
}

const pair = (a, b) => `(${format(a, 4)}, ${format(b, 4)})`;

function tellStages(land) {
  const track = trackOf(land);
  if (!track) return;
  const at = Math.min(land.step, track.n - 1), of = Math.max(0, track.n - 1), S = track.stages.length;
  const part = land.sub < 0 ? "" : phrase`, sub-step ${land.sub + 1} of ${S + 1}`;
  land.where.textContent = at < land.step ? phrase`ended at step ${at}: ${track.ended}` : phrase`step ${at} of ${of}${part}`;
  const rows = [[phrase("where it was"), "θ", phrase("before the step"), at ? pair(track.x[at - 1], track.y[at - 1]) : pair(track.x[0], track.y[0])]];
  track.stages.forEach(({ name, symbol, formula }, s) => {
    const place = ((at - 1) * S + s) * 2;
    rows.push([name, symbol, formula, at ? pair(track.numbers[place], track.numbers[place + 1]) : "–"]);
  });
  while (land.stages.children.length > rows.length) land.stages.lastChild.remove();
  rows.forEach(([name, symbol, formula, value], i) => {
    let row = land.stages.children[i];
    if (!row) {
      row = make("li", "", land.stages);
      for (const tag of ["span", "i", "b", "em"]) make(tag, "", row);
    }
    row.classList.toggle("now", i === land.sub);
    row.classList.toggle("later", land.sub >= 0 && i > land.sub);
    [name, symbol, value, formula].forEach((text, k) => row.children[k].textContent !== text && (row.children[k].textContent = text));
  });
  const now = land.sub < 0 ? null : land.stages.children[land.sub];
  if (now) land.stages.scrollTop = Math.max(0, now.offsetTop - land.stages.offsetTop - land.stages.clientHeight / 2);
  land.source.textContent = track.source;
}
