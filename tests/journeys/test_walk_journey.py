"""Every page and every section of it, of every preset, in both sizes of window.

The browser's console stays without errors, no exception is on the page, nothing is wider than the window (`Visit.sound`
says so), in the larger window every section fits the screen, and in the smaller one it is little more than one and a
half. A short walk is in the suite, on the page with the most sections; all sections of all presets are a slow proof.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Any

import pytest
from optional_packages import lacks
from playwright.sync_api import Locator, expect
from tiny_runs import recorded

from explorer import Run, RunConfig, presets
from explorer.runs import catalogue
from explorer.ui import sitemap
from explorer.ui.reading import digits, telling, twins
from explorer.ui.sections import NAME
from explorer.ui.sitemap import TITLES

pytestmark = pytest.mark.journey
SIZES = ({"width": 1440, "height": 900}, {"width": 1024, "height": 768})
TALLEST = {1440: 900, 1024: 1200}  # pixels of a page, by the width of the window
PART = "Part"  # the row within a section
ROWS = [TITLES[name][0] for name in sitemap.ROWS]  # pages with sections
NAMES = {title: name for name, (title, _) in TITLES.items()}
NEEDS = {
    "Attention": "attention",
    "Gradients": "logits",
    "Writing": "logits",
    "Reading": "logits",
    "Translating": "logits",
    "Words": "word vectors",
}  # parts of the model
PAGES = [title for title, _ in TITLES.values() if title != "Start"]  # that shows no run
READS = (twins.on_text, telling.about, digits.about)  # what runs the page Reading is about
STEPS = 12
WARMING_UP = 120_000  # ms: the first UMAP of a server is compiled, beside all else that it does
SHORT = {"reverse": ("Gradients",)}  # the page with the most sections
LETTERS = {"task.name": "text", "model.context": 8}
TEXTS = {
    "two characters": "01" * 60,
    "combining marks": "हिन्दी भाषा है। " * 40,
    "formulas": "It costs $5 or $x^2$. " * 20,
    "right to left": "שלום עולם مرحبا " * 20,
    "blank letters": "a\ufe0f\u2800b\u3164c " * 20,
}
WORD = "".join(random.Random(0).choices("ACGT", k=4000))  # nothing that byte pairs could hold in one token
ODD: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: ("shakespeare", LETTERS | {"task.text": text}) for name, text in TEXTS.items()},
    "one long word": ("shakespeare", {"task.name": "text", "task.tokenizer": "bpe", "task.text": WORD}),
    "few words": ("words-glove", {"task.text": "one two three four five six seven eight nine " * 30}),
    "zero updates": ("reverse", {"optimizer.lr": 1e-300}),
    "loss not finite": ("reverse", {"optimizer.name": "sgd", "optimizer.lr": 100.0, "train.clip": None}),
    "one head, one layer": ("reverse", {"model.layers": 1, "model.heads": 1}),
}
HERE = [name for name in presets() if not lacks(RunConfig.preset(name))]
WHOLE = [pytest.param(name, tuple(PAGES), marks=pytest.mark.prove, id=f"whole-{name}") for name in HERE]

FREE = {"course", "search", "runs"}  # pages that are as tall as what they list; all others fit the larger window


# Nothing runs on the server, nothing of before is left, nothing is still loaded, made or waited for.
DRAWN = """() => {
  const all = (css) => [...document.querySelectorAll(css)];
  const within = (css) => all("*").flatMap((e) => [...(e.shadowRoot?.querySelectorAll(css) ?? [])]);
  return all("[data-test-script-state=notRunning]").length === 1
    && !all("[data-testid=stSkeleton], [data-stale=true], .in-the-making").length
    && !all("[data-testid=stCaptionContainer]").some((e) => /^(computing.*|.* · \\d+ %)$/.test(e.innerText))
    && !all(".look-for").some((e) => /:\\s*$/.test(e.innerText))
    && !all(".samples h4 i").some((e) => e.textContent === "computing…")
    && !within(".where .step").some((e) => e.textContent.startsWith("≈"));
}"""
# The words over a column that are broken into lines.
BROKEN = """() => [...document.querySelectorAll("th")].flatMap((th) => {
  const words = [], walker = document.createTreeWalker(th, NodeFilter.SHOW_TEXT), range = document.createRange();
  while (walker.nextNode())
    for (const { 0: word, index } of walker.currentNode.data.matchAll(/[^\\s-]+/g)) {
      range.setStart(walker.currentNode, index);
      range.setEnd(walker.currentNode, index + word.length);
      if (new Set([...range.getClientRects()].map((box) => box.top)).size > 1) words.push(word);
    }
  return words;
})"""
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
CUT = """[...document.querySelectorAll(".st-key-sections [data-testid=stButtonGroup] > div")]
  .some((row) => row.scrollWidth > row.clientWidth)"""  # a section beyond the end of its row
TALL = "document.querySelector('[data-testid=stMain]').scrollHeight"
WATCH = f"""() => {{
  window.tallest = 0;
  const look = () => {{
    window.tallest = Math.max(window.tallest, {TALL});
    window.looks = requestAnimationFrame(look);
  }};
  look();
}}"""
WATCHED = "() => (cancelAnimationFrame(window.looks), window.tallest)"


def in_class(key: str) -> str:
    """A key as Streamlit writes it into the class of its element."""
    return re.sub(r"[^\w-]", "-", key, flags=re.ASCII)


class Walk:
    """One visit's walk. found: what was wrong, and where."""

    def __init__(self, here):
        self.here, self.page = here, here.page
        self.found: list[str] = []
        self.wide = True

    def settled(self) -> None:
        """All is drawn, and what follows the size of the window has followed it."""
        self.page.wait_for_function(DRAWN, timeout=WARMING_UP)
        self.page.evaluate(FRAMES)

    def row(self, name: str) -> Locator:
        """A row of sections."""
        return self.page.get_by_test_id("stButtonGroup").filter(has=self.page.get_by_text(name, exact=True))

    def look(self, where: str) -> None:
        """What is here is sound in both sizes."""
        for nth in range(len(SIZES)):
            try:
                self.here.sound()
            except AssertionError as error:
                self.found.append(f"{where}: {error}")
                self.here.errors.clear()
            self.page.evaluate(FRAMES)
            self.fits(where, self.page.evaluate(TALL), TALLEST[SIZES[not self.wide]["width"]])
            if self.page.evaluate(CUT):
                self.found.append(f"{where}: a section is beyond the end of the row, at {SIZES[not self.wide]}")
            if nth == 0:
                self.resize(wide=not self.wide)

    def fits(self, where: str, tall: int, most: int) -> None:
        """Whether a page is no taller than it may be in this window."""
        if not any(where.lower().startswith(name) for name in FREE) and tall > most:
            self.found.append(f"{where}: {tall} pixels tall in {SIZES[not self.wide]}; {most} at most")

    def resize(self, wide: bool) -> None:
        """The window in one of both sizes."""
        self.wide = wide
        self.page.set_viewport_size(SIZES[0] if wide else SIZES[1])

    def press(self, row: str, section: str, where: str) -> None:
        """A section, which takes the place of another at once: no picture of both stands there for a while."""
        radio = self.row(row).get_by_role("radio", name=section, exact=True)
        if radio.is_checked():
            return
        self.page.evaluate(FRAMES)
        self.page.evaluate(WATCH)
        radio.click()
        expect(radio).to_be_checked()
        place = "part" if row == PART else NAMES[where.split(" › ")[0]]
        expect(self.page.locator(f".st-key-place-{place}-{in_class(section)}")).to_be_attached()
        self.settled()
        tallest = self.page.evaluate(WATCHED)
        if self.wide:
            self.fits(f"{where}, on the way", tallest, TALLEST[SIZES[0]["width"]])

    def sections(self, name: str, where: str) -> None:
        """Every section of one row, and of the row within it."""
        for section in self.row(name).get_by_role("radio").all_inner_texts():
            here = f"{where} › {section}"
            self.press(name, section, here)
            self.look(here)
            if name != PART and self.row(PART).count():
                self.sections(PART, here)

    def says_why_not(self, title: str, run: Run) -> bool:
        """Whether the page says in a sentence why it has nothing to show of this run."""
        try:
            if title == "Writing":
                run.task.opening()
        except ValueError:
            return True
        lacks = title in NEEDS and not run.config.has(NEEDS[title])
        lacks |= title == "Reading" and not any(about(run.config) for about in READS)
        return lacks or (title == "Gradients" and not run.last)  # the first step has the first gradient

    def through(self, run: Run, titles: Sequence[str]) -> None:
        """Pages on a run, each with all of its sections."""
        self.here.open(f"/train?run={run.id}")
        for title in titles:
            try:
                self.here.go(title)
                self.settled()
                if title not in ROWS or self.says_why_not(title, run):
                    self.look(title)
                else:
                    expect(self.row(NAME)).to_be_visible()
                    self.sections(NAME, title)
            except AssertionError as error:  # the walk goes on with the next page
                self.found.append(f"{title}: {error}")


@pytest.mark.parametrize(("preset", "pages"), [*SHORT.items(), *WHOLE])
def test_every_section_of_every_page_is_sound_in_both_sizes(visit, preset, pages):
    walk, config = Walk(visit()), RunConfig.preset(preset)
    if pages == tuple(PAGES):  # another run on the same task, which some sections show beside this one
        recorded(catalogue.new_path("beside"), STEPS, config.replace({"train.seed": config.train.seed + 1}), every=5)
    walk.through(recorded(catalogue.new_path("walk"), STEPS, config, every=5), pages)
    assert not walk.found, "\n".join(walk.found)


@pytest.mark.prove
@pytest.mark.parametrize("odd", ODD)
def test_every_section_stands_a_run_of_odd_settings_or_texts(visit, odd):
    preset, settings = ODD[odd]
    config = RunConfig.preset(preset).replace(settings)
    walk = Walk(visit())
    walk.through(recorded(catalogue.new_path("odd"), STEPS, config, every=5), PAGES)
    assert not walk.found, "\n".join(walk.found)


@pytest.mark.prove
def test_every_section_stands_a_run_that_has_not_begun(visit):
    walk = Walk(visit())
    walk.through(recorded(catalogue.new_path("unbegun"), 0, RunConfig.preset("reverse")), PAGES)
    assert not walk.found, "\n".join(walk.found)
