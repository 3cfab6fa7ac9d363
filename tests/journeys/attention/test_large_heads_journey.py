"""A grid of heads too large for its numbers: means in the pictures, the exact number under the pointer."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from tiny_runs import recorded

from explorer import RunConfig
from explorer.answers import attention
from explorer.runs import catalogue

pytestmark = pytest.mark.journey
LARGE = {"model.layers": 4, "model.heads": 8, "model.width": 16, "model.context": 128, "train.batch": 2}
LAYER, H, T = 1, 2, 128


@pytest.fixture(scope="module")
def large(dashboard) -> str:
    """A run with 32 heads over 128 tokens."""
    path = catalogue.new_path("large")
    recorded(path, 3, RunConfig.preset("shakespeare").replace(LARGE), every=1).close()
    return path.stem


@pytest.mark.prove
def test_the_picture_is_a_mean_and_the_pointer_finds_the_exact_number(visit: Callable, large: str):
    tab = visit()
    page = tab.open(f"/attention?run={large}&step=3")
    cell = page.locator(".cell").nth(8 * LAYER + H)
    cell.click()
    expect(page.locator(".view .heading")).to_contain_text("Head 2.3")
    expect(page.locator(".subject")).to_contain_text("each cell the mean of 2 × 2 pairs")
    expect(page.locator(".view .foot")).to_contain_text("Weights from 1 %")
    maps = attention.patterns(str(tab.run.path), 3)
    assert maps.block == 2
    box = cell.locator(".frame").bounding_box()
    page.mouse.move(box["x"] + (40 + 0.5) / T * box["width"], box["y"] + (96 + 0.5) / T * box["height"])
    tip = page.locator(".matrix-grid .tip")
    expect(tip).to_contain_text("painted")
    expect(tip).to_contain_text(re.compile(r"the mean of 2 × 2 pairs"))
    query, key = (int(position) for position in re.findall(r"position (\d+)", tip.inner_text()))
    assert (query, key) == pytest.approx((96, 40), abs=2)  # a picture has fewer pixels than tokens
    exact = attention.lines_at(str(tab.run.path), 3, f"blocks.{LAYER}.attention", query=query).kinds["pattern"]
    expect(tip.locator("strong")).to_have_text(f"{exact[H, key]:#.4g}")
    page.get_by_role("radio", name="scores", exact=True).click()
    expect(page.get_by_role("radio", name="scores", exact=True)).to_have_attribute("aria-checked", "true")
    expect(page.locator(".subject")).to_contain_text("scores before the softmax · each cell the mean")
