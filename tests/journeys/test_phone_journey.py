"""Every page and section on a phone: no word is cut, and nothing is scrolled sideways.

But for a picture or a table in a card of its own.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tiny_runs import recorded

from explorer import Run, RunConfig
from explorer.runs import catalogue
from explorer.ui.sections import NAME
from journeys.test_walk_journey import NAMES, PAGES, ROWS, Walk

pytestmark = pytest.mark.journey
PHONE = {"width": 390, "height": 844}
PRESETS = ("reverse", "dates-fr", "fill-shakespeare", "delay-lstm", "words-skip-gram")
SHORT = {"reverse": ("Gradients",)}
WHOLE = [pytest.param(name, tuple(PAGES), marks=pytest.mark.prove, id=f"whole-{name}") for name in PRESETS]
# Words that end behind the edge of what they stand in, unless all of them are told where the pointer rests; and rows of
# choices of which some are out of sight. What scrolls by itself and formulas for screen readers are left out.
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
  for (const row of document.querySelectorAll("[data-testid=stButtonGroup] > div"))
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
