"""Every page in windows of two sizes and both themes, with a picture to be looked at; every section on a phone.

There no word is cut, and nothing is scrolled sideways but a picture or a table in a card of its own.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tiny_runs import recorded

from explorer import Run, RunConfig
from explorer.config.presets import ORDINARY
from explorer.runs import catalogue
from explorer.ui.sections import NAME
from journeys.bar import chart
from journeys.test_walk_journey import NAMES, PAGES, ROWS, SIZES, Walk

pytestmark = pytest.mark.journey
KEPT = Path(__file__).parents[2] / "build" / "journeys"


def learned() -> str:
    """A run whose heads show something, with what can happen to a run."""
    for path in catalogue.newest():
        run = Run.open(path)
        if run.config == RunConfig.preset("reverse") and run.last > 100:
            return run.id
    path = catalogue.new_path("reverse")
    recorded(path, 300, RunConfig.preset("reverse"), every=50).close()
    return path.stem


@pytest.mark.prove
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_fits_its_window_and_is_kept_to_be_looked_at(visit: Callable, theme: str):
    KEPT.mkdir(parents=True, exist_ok=True)
    tab = visit(color_scheme=theme)
    page = tab.open(f"/train?run={learned()}")
    chart(page, "Loss")
    for title, size in itertools.product(["Start", *PAGES], SIZES):
        page.set_viewport_size(size)
        if page.get_by_test_id("stSidebar").get_attribute("aria-expanded") == "false":
            page.get_by_test_id("stExpandSidebarButton").click()
        if title == "Start":
            page.get_by_test_id("stSidebarNav").get_by_role("link", name=title, exact=True).click()
            expect(page.locator(".st-key-preset-cards img")).to_have_count(len(ORDINARY))
        else:
            tab.go(title)
        if title == "Attention":
            expect(page.locator(".frame")).to_have_count(8)
        if title == "Gradients":
            expect(page.locator(".microscope")).to_have_attribute("data-newest", re.compile(r"\d"))
        if title == "Train":
            chart(page, "Right answers")
        name = f"{title.lower()}-{size['width']}-{theme}.png"
        page.screenshot(path=KEPT / name, full_page=True)
        tab.sound()


PHONE = {"width": 390, "height": 844}
PRESETS = ("reverse", "dates-fr", "fill-shakespeare", "delay-lstm", "words-skip-gram")
SHORT = {"reverse": ("Gradients",)}
WHOLE = [pytest.param(name, tuple(PAGES), marks=pytest.mark.prove, id=f"whole-{name}") for name in PRESETS]
# Words that end behind the edge of what they stand in, unless all of them are shown where the pointer rests; and rows
# of choices of which some are out of sight. What scrolls by itself and formulas for screen readers are left out.
CUT = """() => {
  const up = (e) => e.parentElement ?? e.getRootNode().host;
  const found = [], every = [], range = document.createRange();
  const collect = (root) => {
    for (const e of root.querySelectorAll("*")) {
      every.push(e);
      if (e.shadowRoot) collect(e.shadowRoot);
    }
  };
  collect(document.querySelector("[data-testid=stMain]"));
  for (const row of document.querySelectorAll("[data-testid=stMain] [data-testid=stButtonGroup] > div"))
    if (row.scrollWidth > row.clientWidth + 1) found.push(`choices out of sight: ${row.innerText}`);
  for (const element of every) {
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    for (const node of element.childNodes) {
      if (node.nodeType !== Node.TEXT_NODE || !node.data.trim()) continue;
      range.selectNodeContents(node);
      const words = range.getBoundingClientRect();
      for (let e = element; e && words.width; e = up(e)) {
        const { overflowX } = getComputedStyle(e), box = e.getBoundingClientRect();
        if (e.title || ["auto", "scroll"].includes(overflowX) || e.matches(".katex-mathml, [aria-hidden=true]")) break;
        if (overflowX === "visible" || (words.right <= box.right + 1.5 && words.left >= box.left - 1.5)) continue;
        found.push(`cut: ${node.data.trim()}`);
        break;
      }
    }
  }
  return [...new Set(found)];
}"""


class OnPhone(Walk):
    """A walk in one small window, whose sidebar is closed: each page is opened by its address."""

    def __init__(self, here):
        super().__init__(here)
        self.wide = False

    def look(self, where: str) -> None:
        try:
            self.here.sound()
        except AssertionError as error:
            self.found.append(f"{where}: {error}")
            self.here.errors.clear()
        self.found += [f"{where}: {words}" for words in self.page.evaluate(CUT)]

    def through(self, run: Run, titles: tuple[str, ...]) -> None:
        for title in titles:
            self.here.open(f"/{NAMES[title]}?run={run.id}")
            self.settled()
            if title not in ROWS or self.says_why_not(title, run):
                self.look(title)
            else:
                expect(self.row(NAME)).to_be_visible()
                self.sections(NAME, title)


@pytest.mark.parametrize(("preset", "pages"), [*SHORT.items(), *WHOLE])
def test_every_section_of_every_page_is_whole_on_a_phone(visit, preset: str, pages: tuple[str, ...]):
    walk = OnPhone(visit(viewport=PHONE))
    walk.through(recorded(catalogue.new_path("phone"), 12, RunConfig.preset(preset), every=5), pages)
    assert not walk.found, "\n".join(walk.found)
