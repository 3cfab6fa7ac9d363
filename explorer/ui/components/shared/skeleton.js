// What the bar is made of: icons, words and the elements they stand in.
const draw = (path) => `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${path}"/></svg>`;
const ICONS = {
  play: draw("M4 2.2v11.6L13.6 8z"),
  pause: draw("M3.5 2.5h3.2v11H3.5zM9.3 2.5h3.2v11H9.3z"),
  film: draw("M1.5 2.5h13v11h-13zM3 4v1.6h1.6V4zM3 7.2v1.6h1.6V7.2zM3 10.4V12h1.6v-1.6zM11.4 4v1.6H13V4zM11.4 7.2v1.6H13V7.2zM11.4 10.4V12H13v-1.6zM6.2 5v6l4-3z"),
  single: draw("M3 2.8v10.4L10.6 8zM11.4 2.8h1.8v10.4h-1.8z"),
  reset: draw("M8 2.6a5.4 5.4 0 1 1-5.2 4h1.7A3.8 3.8 0 1 0 8 4.2v2.2L4.4 3.4 8 .5z"),
  branch: draw("M5 1a2 2 0 0 1 .8 3.8v3.4c1-.8 2.3-1 3.3-1.2 1-.2 1.3-.6 1.4-1.2a2 2 0 1 1 1.6.1c-.2 1.7-1.3 2.5-2.7 2.7-1.9.3-3.2.8-3.5 2.6A2 2 0 1 1 4.2 11.2V4.8A2 2 0 0 1 5 1z"),
  bookmark: draw("M4 1.5h8v13L8 11.2 4 14.5z"),
  share: draw("M11.5 1a2.5 2.5 0 1 1-1.7 4.3L6.4 7.2v1.6l3.4 1.9a2.5 2.5 0 1 1-.7 1.4L5.7 10.2a2.5 2.5 0 1 1 0-4.4l3.4-1.9A2.5 2.5 0 0 1 11.5 1z"),
};
const STATES = {
  training: draw("M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3z"),
  paused: ICONS.pause,
  queued: draw("M3 1h10v2l-3.5 5L13 13v2H3v-2l3.5-5L3 3z"),
  finished: draw("M6.3 13.5 1.5 8.7l1.7-1.7 3.1 3.1L12.8 3.2l1.7 1.7z"),
  diverged: draw("M8 1 15.5 14.5H.5zM7.2 6v4.5h1.6V6zM7.2 11.6v1.6h1.6v-1.6z"),
  interrupted: draw("M9.5.5 3 9h4l-1 6.5L13 7H8.5z"),
  waiting: draw("M2 6.5h3v3H2zM6.5 6.5h3v3h-3zM11 6.5h3v3h-3z"),
};
const SPEEDS = [null, 1, 2, 5, 10, 20];
const inWords = (speed) => (speed ? (speed === 1 ? phrase("1 step/s") : phrase`${speed} steps/s`) : phrase("full speed"));
const SKELETON = `<div class="line">
  <button class="play"></button>
  <button class="small single" title="${phrase("One step")}">${ICONS.single}</button>
  <button class="small reset" title="${phrase("Start again with the same initial weights")}">${ICONS.reset}</button>
  <button class="small film" title="${phrase("Replay the run from its start in 10 seconds")}" aria-label="${phrase("Replay from the start")}">${ICONS.film}</button>
  <button class="pill on" title="${phrase("Train on: as many steps again")}" hidden>${phrase("Train on")}</button>
  <div class="scrubber">
    <div class="events"></div>
    <div class="track" role="slider" tabindex="0" aria-label="${phrase("Step shown")}" aria-valuemin="0">
      <div class="rail"></div><div class="fill"></div><div class="thumb"></div>
    </div>
    <div class="under"><div class="state"><i></i><b></b><em></em></div><div class="name"><span></span></div></div>
    <div class="tip" hidden></div>
  </div>
  <div class="where"><div>${phrase`step ${'<b class="step"></b>'} of ${'<span class="last"></span>'}`}</div><div class="now"></div></div>
  <select title="${phrase("Speed of training")}" aria-label="${phrase("Speed of training")}">${SPEEDS.map((speed) => `<option value="${speed ?? ""}">${inWords(speed)}</option>`).join("")}</select>
  <button class="pill branch" title="${phrase("Branch here: go on from this step as a run of its own")}">${ICONS.branch}<span>${phrase("branch here")}</span></button>
  <button class="small bookmark" title="${phrase("Bookmark this step")}">${ICONS.bookmark}</button>
  <div class="share"><button class="small" title="${phrase("Copy a link to this view")}">${ICONS.share}</button>
    <div class="pop" role="status" hidden></div></div>
</div>`;
