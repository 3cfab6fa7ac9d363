"""Memory in a browser: the triangle, a cell that is held while one scrubs, a span that is looked for, and a race."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from tiny_runs import TINY, recorded
from waiting import until

from explorer.runs import catalogue
from journeys.bar import keys, section, shows

pytestmark = pytest.mark.journey
LSTM = {"model.kind": "lstm", "model.width": 8, "optimizer.lr": 5e-3}


def map_of(page: Page, title: str) -> Locator:
    return page.locator(".heat-map", has_text=title)


def test_the_triangle_a_cell_held_a_span_and_a_race(visit: Callable) -> None:
    path = catalogue.new_path("memory")
    recorded(path, 20, TINY.replace(LSTM), every=5).close()
    tab = visit()
    page = tab.open(f"/memory?run={path.stem}")
    triangle = map_of(page, "Gradient through time")
    over = triangle.locator("canvas.over")
    box = over.bounding_box()
    assert box is not None
    over.hover(position={"x": 0.3 * box["width"], "y": 0.6 * box["height"]})
    expect(triangle.locator(".tip")).to_contain_text(re.compile(r"prediction at.*hidden state h at.*‖∂ℓ/∂h‖\d"))
    page.get_by_text("Details", exact=True).first.click()
    heard = page.locator(".heat-map", has_text="still has of the past").locator("b").first
    before = heard.inner_text()
    over.click(position={"x": 0.3 * box["width"], "y": 30})
    expect(heard).not_to_have_text(before)

    section(page, "Inside the cells")
    cells = map_of(page, "Cell state c")
    expect(cells).to_be_visible()  # the fold of the section before is gone
    expect(triangle).to_have_count(0)
    page.get_by_text("Details", exact=True).first.click()
    held = page.get_by_text(re.compile(r"^Arithmetic of cell \d"))
    expect(held).to_be_visible()  # with its fold, whose code may still be on its way
    first = held.inner_text()  # the row on top
    cells.locator("canvas.over").click(position={"x": 200, "y": 120})
    other = rf"^Arithmetic of cell (?!{first.split()[-1]}$)\d+$"  # is there, and another: it is drawn anew meanwhile
    expect(held).to_have_text(re.compile(other))
    cell = held.inner_text()
    keys(page, "Home")
    shows(page, 0)
    expect(map_of(page, "Cell state c · layer 1 · step 0")).to_be_visible()
    expect(held).to_have_text(cell)

    section(page, "Find a cell")
    tokens = page.locator(".brush .text span")
    expect(tokens).to_have_count(12)
    for place, act in ((4, page.mouse.down), (6, page.mouse.up)):
        at = tokens.nth(place).bounding_box()
        assert at is not None
        page.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
        act()
    expect(page.locator(".brush .foot b")).to_have_text("tokens 4 to 6")
    page.wait_for_url(re.compile("span=4-6"))
    expect(page.get_by_text(re.compile("these tokens have in common"))).to_be_visible()

    section(page, "Race")
    steps = page.get_by_role("spinbutton", name="Steps")
    steps.fill("10")
    steps.press("Enter")
    page.get_by_role("button", name="Race the four").click()
    page.wait_for_url(lambda address: path.stem not in address and "run=" in address)
    run = tab.run
    until(lambda: run.last > 0, "the race is on")
    expect(page.get_by_text(re.compile("no memory reaches 4 tokens yet|of the memories"))).to_be_visible()
