// Score: a tune on a staff. It sounds after a press and never before; while it sounds, the next one waits.
const hertz = (pitch) => 440 * 2 ** ((pitch - 69) / 12);

function build(parent) {
  const root = make("div", "score", parent), head = make("div", "head", root), view = { root };
  view.title = make("b", "", head);
  view.play = make("button", "act", head, phrase("▶ Play"));
  view.play.onclick = () => (view.sound ? silence(view) : play(view));
  const midi = make("button", "act", head, phrase("Save MIDI"));
  midi.onclick = () => download(new Blob([view.midi], { type: "audio/midi" }), "tune.mid");
  savingMenu(make("div", "saving", head), [[phrase("Save notation (ABC)"), () => saveText(`${view.header.abc}\n`, "tune.abc", "text/vnd.abc")]]);
  view.pane = make("div", "pane", root);
  view.pane.tabIndex = 0;
  view.pane.role = "img";
  view.svg = part(view.pane, "svg");
  view.abc = make("pre", "abc", root);
  view.observer = onResize(view.pane, () => view.header && draw(view));
  view.root.dataset.audio = "none";
  return view;
}

function draw(view) {
  engrave(view.svg, view.header, Math.max(220, view.pane.clientWidth - 4));
}

function show(view, data) {
  const { header, buffer, from } = opened(data);
  [view.header, view.midi] = [header, buffer.slice(from)];
  view.title.textContent = header.title;
  view.root.classList.toggle("projector", header.projector);
  view.abc.textContent = header.abc;
  view.play.disabled = !header.pitch.some((pitch) => pitch >= 0);
  view.pane.ariaLabel = phrase`${header.title}: ${header.pitch.length} notes in ${header.key}, ${header.metre.join("/")}`;
  draw(view);
}

// Each note by an oscillator of its own, all of them asked for at once: the sound's own clock starts them.
function play(view) {
  const context = new AudioContext(), { start, length, pitch, tempo } = view.header, beat = 60 / tempo;
  const begin = context.currentTime + 0.1, ends = start.map((at, i) => begin + (at + length[i]) * beat);
  pitch.forEach((one, i) => {
    if (one < 0) return;
    const oscillator = new OscillatorNode(context, { type: "triangle", frequency: hertz(one) }), loudness = new GainNode(context, { gain: 0 });
    const on = begin + start[i] * beat, off = ends[i];
    loudness.gain.setValueAtTime(0, on);
    loudness.gain.linearRampToValueAtTime(0.22, on + 0.015);
    loudness.gain.setTargetAtTime(0.1, on + 0.02, 0.15);
    loudness.gain.setTargetAtTime(0, Math.max(on + 0.03, off - 0.05), 0.015);
    oscillator.connect(loudness).connect(context.destination);
    oscillator.start(on);
    oscillator.stop(off + 0.1);
  });
  view.sound = { context, begin, beat, end: Math.max(...ends) };
  context.onstatechange = () => (view.root.dataset.audio = context.state);
  view.root.dataset.audio = context.state;
  view.play.textContent = phrase("■ Stop");
  follow(view);
}

// Marks the note that sounds.
function follow(view) {
  if (!view.sound) return;
  const { context, begin, beat, end } = view.sound, { start, length } = view.header, now = (context.currentTime - begin) / beat;
  for (const group of view.svg.querySelectorAll(".note")) {
    const i = Number(group.dataset.note), on = now >= start[i] && now < start[i] + length[i];
    if (group.classList.toggle("on", on)) group.scrollIntoView({ block: "nearest" });
  }
  if (context.currentTime > end) return silence(view);
  view.frame = requestAnimationFrame(() => follow(view));
}

function silence(view) {
  if (!view.sound) return;
  cancelAnimationFrame(view.frame);
  view.sound.context.close();
  view.sound = null;
  view.play.textContent = phrase("▶ Play");
  if (view.waiting) show(view, view.waiting);
  else for (const group of view.svg.querySelectorAll(".on")) group.classList.remove("on");
  view.waiting = null;
}

export default living({
  build,
  update: (view, { data }) => {
    if (!sameBytes(view.data, data)) view.sound ? (view.waiting = data.slice()) : show(view, data);
    view.data = data.slice();
  },
  remove: (view) => {
    view.waiting = null;
    silence(view);
  },
});
