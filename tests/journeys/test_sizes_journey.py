"""Every page in windows of two sizes and both themes, and its picture, kept to be looked at."""

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
from journeys.bar import chart
from journeys.test_walk_journey import PAGES, SIZES

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
