"""Scales of canvases: of none, one, two, equal, zero, negative and not finite values, every one in a real browser."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from components.blank_page import BlankPage
from explorer.charts import theme
from explorer.ui.components import landscape
from explorer.ui.components.landscape import Ground, Track
from explorer.ui.components.source import FILES

pytestmark = pytest.mark.journey
VALUES = {
    "none": [],
    "unknown": ["NaN"] * 9,
    "infinite": ["Infinity"] * 9,
    "one": [2.5],
    "two": [2.5, 3.5],
    "equal": [3.0] * 9,
    "zero": [0.0] * 9,
    "zero and one": [0.0, 1.0],
    "negative": [-2.0] * 9,
    "both signs": [-1.0, 2.0],
    "tiny": [1e-44, 1e-44],
    "huge": [1e38, 3e38],
    "some not finite": [1.0, "Infinity", "NaN", 20.0],
}
SCALES = ("log", "linear", "signed")


@pytest.fixture(scope="module")
def blank(blank_page) -> BlankPage:
    """A blank page that has the functions of axes and contours."""
    blank: BlankPage = blank_page(1000, 800, reduced_motion="reduce")
    for name in ("axes.js", "contours.js"):
        blank.page.add_script_tag(content=FILES[name].read_text("utf-8"))
    return blank


@pytest.fixture
def page(blank) -> Page:
    return blank.page


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("floor", [0, 0.1])
def test_a_surface_of_any_heights_has_ends_and_few_rising_levels(page, values, scale, floor):
    made: dict[str, Any] = page.evaluate(
        """([values, scale, floor]) => {
            const from = ends(values.map(Number), { scale, floor });
            return { ends: from, levels: levels(...from, scale, 14) };
        }""",
        [values, scale, floor],
    )
    low, high = made["ends"]
    assert low < high
    assert low > 0 or scale != "log"
    assert len(made["levels"]) < 40
    assert all(a < b for a, b in pairwise(made["levels"]))
    assert all(np.isfinite(made["levels"]))


@pytest.mark.parametrize(("low", "high"), [(0, 0), (1, 1), (-3, -3), (0, 1), (-1, 1), (1e-300, 1e-300), (0, 1e300)])
def test_an_axis_of_any_range_has_finite_places_and_few_ticks(page, low, high):
    made = page.evaluate(
        """([low, high]) => {
            const { at, ticks } = valueAxis("linear", low, high, 200, 0);
            return { at: [low, high].map(at), ticks: ticks.map(({ value }) => value) };
        }""",
        [low, high],
    )
    assert all(np.isfinite(made["at"]))
    assert 0 < len(made["ticks"]) < 40


GROUNDS = {
    "unknown": np.full((9, 9), np.nan),
    "infinite": np.full((9, 9), np.inf),
    "equal": np.full((9, 9), 3.0),
    "zero": np.zeros((9, 9)),
    "one point": np.where(np.arange(81).reshape(9, 9) == 40, 2.0, np.nan),
}


@pytest.mark.parametrize("ground", GROUNDS.values(), ids=GROUNDS)
def test_a_landscape_of_such_heights_is_drawn(blank, ground):
    track = Track("sgd", theme.layer(0), np.arange(1), np.zeros(1), np.zeros(1))
    stride = 0 if np.isnan(ground).any() else 1  # of the finest grid that is whole
    surface = Ground(ground, ((-1, 1), (-1, 1)), "a", "b", "c", stride=stride)
    data = landscape.message("Loss", "Loss", surface, [track])
    seen = blank.fresh(landscape.SOURCE, data)
    known = int((~np.isnan(ground)).sum())
    assert any(f"data-known={known}" in words for words in seen)
