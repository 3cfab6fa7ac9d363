"""Every page beside a training run: sound in both sizes of window, and nothing moves after its first frame.

The browser reports its own layout shifts. Three pages are looked at together, each in a window of its own. In the suite
are those whose pictures move while a run trains; the others are a slow proof.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from explorer import RunConfig
from explorer.config.presets import ORDINARY
from explorer.runs import catalogue, file
from explorer.runs.recorder import Recorder
from explorer.ui.sitemap import TITLES
from journeys.bar import chart, keys, state
from journeys.test_walk_journey import Walk

pytestmark = pytest.mark.journey
OBSERVE = """
window.shifts = [];
const named = (node) => node?.className || node?.textContent?.slice(0, 40);
const placed = ({ x, y, width, height }) => [x, y, width, height].join(" ");
const moved = ({ node, previousRect, currentRect }) =>
  `${named(node)}: ${placed(previousRect)} > ${placed(currentRect)}`;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries())
    if (!entry.hadRecentInput) window.shifts.push([entry.value, ...entry.sources.map(moved)]);
}).observe({ type: "layout-shift", buffered: true });
"""
TOGETHER = 3
LIVE = ("train", "attention", "gradients")
NAMES = [*LIVE, *(name for name in TITLES if name not in LIVE)]
GROUPS = [NAMES[first : first + TOGETHER] for first in range(0, len(NAMES), TOGETHER)]
SECONDS = 4  # that a page is looked at; its first pictures are there by then
MOVES = 0.001  # of the browser's own measure, at most: words of the player bar that change have another length
CURVES = {"train": "Right answers"}
PACE = 20.0  # steps a second: more often than any page is drawn, and most of a core is left to the pages


def slow() -> str:
    """A run that nobody has started yet and that will train at a calm pace without end."""
    path = catalogue.new_path("beside")
    file.begin(path, RunConfig.preset("reverse").replace({"train.steps": 100_000}))
    with Recorder(path) as recorder:
        recorder.event(0, "speed", {"value": PACE})
    return path.stem


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(names, marks=() if first == 0 else pytest.mark.prove, id="-".join(names))
        for first, names in enumerate(GROUPS)
    ],
)
def test_pages_beside_a_training_run_are_sound_in_both_sizes_and_do_not_move(visit, names):
    walks = [Walk(visit()) for _ in names]
    for walk in walks:
        walk.page.add_init_script(OBSERVE)
    run = slow()
    keys(walks[0].here.open(f"/train?run={run}"), "Space")
    state(walks[0].page, "training")
    for walk, name in zip(walks, names, strict=True):
        walk.here.open(f"/{name}?run={run}" if name != "start" else "/")
    for walk in walks:
        expect(walk.page.get_by_test_id("stSkeleton")).to_have_count(0)
    walks[0].page.wait_for_timeout(1000 * SECONDS)  # nothing is waited for: that nothing happens is what is looked at
    for walk, name in zip(walks, names, strict=True):
        look(walk, name)
    found = [line for walk in walks for line in walk.found]
    assert not found, "\n".join(found)


def look(walk: Walk, name: str) -> None:
    """What moved on a page, and whether it is sound."""
    page = walk.page
    shifts = page.evaluate("window.shifts")
    if sum(value for value, *_ in shifts) > MOVES:
        walk.found.append(f"{name} moved: {shifts}")
    if name in CURVES:
        chart(page, CURVES[name])
    if name == "start":
        expect(page.locator(".st-key-preset-cards img")).to_have_count(len(ORDINARY))
    if name == "gradients":
        expect(page.locator(".microscope")).to_have_attribute("data-newest", re.compile(r"\d"))
    if name == "attention":
        expect(page.locator(".frame")).to_have_count(8)
    walk.look(name)


def test_what_moves_in_a_window_behind_another_is_noticed(visit):
    behind, front = visit(), visit()
    behind.page.add_init_script(OBSERVE)
    behind.open("/course")
    front.open("/course")
    before = sum(value for value, *_ in behind.page.evaluate("window.shifts"))
    # a rule, which holds for a heading that is drawn again too
    behind.page.add_style_tag(content="h1 { margin-bottom: 500px !important; }")
    behind.page.wait_for_function(
        "before => shifts.reduce((sum, [value]) => sum + value, 0) > before + 0.1", arg=before
    )
