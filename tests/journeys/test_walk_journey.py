"""Every page and every section of it, of every preset, in both sizes of window.

The browser's console stays without errors, no exception is on the page, nothing is wider than the window (`Visit.sound`
says so), and in the larger window every section fits the screen. A short walk is in the suite, where every page is
opened once beside a training run too (test_still_journey); all sections of all presets are a slow proof.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Locator, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from tiny_runs import recorded

from explorer import Run, RunConfig, presets
from explorer.runs import catalogue
from explorer.ui import sitemap
from explorer.ui.sections import NAME
from explorer.ui.sitemap import TITLES

pytestmark = pytest.mark.journey
SIZES = ({"width": 1440, "height": 900}, {"width": 1024, "height": 768})
PART = "Part"  # the row within a section
ROWS = [TITLES[name][0] for name in sitemap.ROWS]  # pages with sections
NEEDS = {
    "Attention": "attention",
    "Gradients": "logits",
    "Writing": "logits",
    "Words": "word vectors",
}  # parts of the model
PAGES = [title for title, _ in TITLES.values() if title != "Start"]  # that shows no run
STEPS = 12
WARMING_UP = 120_000  # ms: the first UMAP of a server is compiled, beside all else that it does
SHORT = {"reverse": ("Gradients",), "dates-fr": ("Positions",), "words-cbow": ("Words", "Embeddings")}
LETTERS = {"task.name": "text", "model.context": 8}
TEXTS = {
    "two characters": "01" * 60,
    "combining marks": "हिन्दी भाषा है। " * 40,
    "formulas": "It costs $5 or $x^2$. " * 20,
    "right to left": "שלום עולם مرحبا " * 20,
    "blank letters": "a\ufe0f\u2800b\u3164c " * 20,
}
ODD: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: ("shakespeare", LETTERS | {"task.text": text}) for name, text in TEXTS.items()},
    "one long word": ("shakespeare", {"task.name": "text", "task.tokenizer": "bpe", "task.text": "ACGTTGCA" * 500}),
    "few words": ("words-glove", {"task.text": "one two three four five six seven eight nine " * 30}),
    "zero updates": ("reverse", {"optimizer.lr": 1e-300}),
    "loss not finite": ("reverse", {"optimizer.name": "sgd", "optimizer.lr": 100.0, "train.clip": None}),
    "one head, one layer": ("reverse", {"model.layers": 1, "model.heads": 1}),
}
WHOLE = [pytest.param(name, tuple(PAGES), marks=pytest.mark.prove, id=f"whole-{name}") for name in presets()]

FREE = {"course", "search", "runs"}  # pages that are as tall as what they list; all others fit the larger window


def finished(frame: bytes | str) -> bool:
    """Whether a message from the server is the last of a drawing."""
    return isinstance(frame, bytes) and ForwardMsg.FromString(frame).WhichOneof("type") == "script_finished"


class Walk:
    """One visit's walk. found: what was wrong, and where."""

    def __init__(self, here):
        self.here, self.page = here, here.page
        self.found: list[str] = []
        self.wide = True
        self.stream = None
        self.page.on("websocket", self.keep)

    def keep(self, socket) -> None:
        """Keeps the connection on which the server draws."""
        if "/_stcore/stream" in socket.url:
            self.stream = socket

    @contextmanager
    def drawn(self) -> Iterator[None]:
        """What is done within has been answered, and nothing is waited for any more."""
        with self.stream.expect_event("framereceived", finished):
            yield
        self.settled()

    def settled(self) -> None:
        expect(self.page.get_by_test_id("stSkeleton")).to_have_count(0)
        waits = self.page.locator(".where .step").filter(has_text=re.compile("^≈"))
        expect(waits).to_have_count(0, timeout=WARMING_UP)
        expect(self.page.locator("[data-stale=true]")).to_have_count(0)

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
            if self.wide and not any(where.lower().startswith(name) for name in FREE):
                tall = self.page.get_by_test_id("stMain").evaluate("e => e.scrollHeight")
                if tall > SIZES[0]["height"]:
                    self.found.append(f"{where}: {tall} pixels tall, which is more than a screen")
            if nth == 0:
                self.resize(wide=not self.wide)

    def resize(self, wide: bool) -> None:
        """The window in one of both sizes."""
        self.wide = wide
        self.page.set_viewport_size(SIZES[0] if wide else SIZES[1])

    def sections(self, name: str, where: str) -> None:
        """Every section of one row, and of the row within it."""
        for section in self.row(name).get_by_role("radio").all_inner_texts():
            radio = self.row(name).get_by_role("radio", name=section, exact=True)
            if not radio.is_checked():
                with self.drawn():
                    radio.click()
                expect(radio).to_be_checked()
            self.look(f"{where} › {section}")
            if name != PART and self.row(PART).count():
                self.sections(PART, f"{where} › {section}")

    def says_why_not(self, title: str, run: Run) -> bool:
        """Whether the page says in a sentence why it has nothing to show of this run."""
        try:
            if title == "Writing":
                run.task.opening()
        except ValueError:
            return True
        lacks = title in NEEDS and not run.config.has(NEEDS[title])
        return lacks or (title == "Gradients" and not run.last)  # the first step has the first gradient

    def through(self, run: Run, titles: Sequence[str]) -> None:
        """Pages on a run, each with all of its sections."""
        self.here.open(f"/train?run={run.id}")
        for title in titles:
            try:
                with self.drawn():
                    self.here.go(title)
                if title not in ROWS or self.says_why_not(title, run):
                    self.look(title)
                else:
                    expect(self.row(NAME)).to_be_visible()
                    self.settled()
                    self.sections(NAME, title)
            except AssertionError as error:  # the walk goes on with the next page
                self.found.append(f"{title}: {error}")


@pytest.mark.parametrize(("preset", "pages"), [*SHORT.items(), *WHOLE])
def test_every_section_of_every_page_is_sound_in_both_sizes(visit, preset, pages):
    walk = Walk(visit())
    walk.through(recorded(catalogue.new_path("walk"), STEPS, RunConfig.preset(preset), every=5), pages)
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
