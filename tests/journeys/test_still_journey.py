"""Every page beside a training run: sound in both sizes of window, and nothing moves after its first frame.

The browser reports its own layout shifts. Three pages are looked at together, each in a window of its own.
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
new PerformanceObserver((list) => {
  for (const entry of list.getEntries())
    if (!entry.hadRecentInput)
      window.shifts.push([entry.value, ...entry.sources.map(({ node }) => node?.className ?? "")]);
}).observe({ type: "layout-shift", buffered: true });
"""
TOGETHER = 3
SECONDS = 4  # that a page is looked at; its first pictures are there by then
MOVES = 0.02  # of the browser's own measure, at most; on two busy cores: 0.003 on Runs, 0.0007 on all other pages
MORE = {
    "search": 0.4
}  # while another journey's search grows there: 0.28 was measured; alone it is as still as the others
CURVES = {"train": "Right answers"}
PACE = 20.0  # steps a second: more often than any page is drawn, and most of a core is left to the pages


def slow() -> str:
    """A run that nobody has started yet and that will train at a calm pace without end."""
    path = catalogue.new_path("beside")
    file.begin(path, RunConfig.preset("reverse").replace({"train.steps": 100_000}))
    with Recorder(path) as recorder:
        recorder.event(0, "speed", {"value": PACE})
    return path.stem


def test_every_page_beside_a_training_run_is_sound_in_both_sizes_and_does_not_move(visit):
    walks = [Walk(visit()) for _ in range(TOGETHER)]
    for walk in walks:
        walk.page.add_init_script(OBSERVE)
    run, names = slow(), list(TITLES)
    keys(walks[0].here.open(f"/train?run={run}"), "Space")
    state(walks[0].page, "training")
    for first in range(0, len(names), TOGETHER):
        together = list(zip(walks, names[first : first + TOGETHER], strict=False))
        for walk, name in together:
            walk.resize(wide=True)
            walk.here.open(f"/{name}?run={run}" if name != "start" else "/")
        for walk, _ in together:
            expect(walk.page.get_by_test_id("stSkeleton")).to_have_count(0)
        walk.page.wait_for_timeout(1000 * SECONDS)  # nothing is waited for: that nothing happens is what is looked at
        for walk, name in together:
            look(walk, name)
    found = [line for walk in walks for line in walk.found]
    assert not found, "\n".join(found)


def look(walk: Walk, name: str) -> None:
    """What moved on a page, and whether it is sound."""
    page = walk.page
    shifts = page.evaluate("window.shifts")
    if sum(value for value, *_ in shifts) > MORE.get(name, MOVES):
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
    behind.page.evaluate("document.querySelector('h1').style.marginBottom = '300px'")
    behind.page.wait_for_function(
        "before => shifts.reduce((sum, [value]) => sum + value, 0) > before + 0.1", arg=before
    )
