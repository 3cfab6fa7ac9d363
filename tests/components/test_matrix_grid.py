"""The map of heads in a real browser: its height is its own, however few heads a layer has."""

from __future__ import annotations

import browser as found
import numpy as np
import pytest
from components.blank_page import LIGHT, BlankPage
from components.mounting import messages
from playwright.sync_api import sync_playwright

from explorer.ui.components import matrix_grid

pytestmark = pytest.mark.journey
HEIGHT = 430
BODY = "parent_.querySelector('.body').offsetHeight"


def grid(layers: int, heads: int) -> None:
    """A map of layers, each with this number of heads."""
    row = [matrix_grid.Head(f"h{h}", f"head {h}", "") for h in range(heads)]
    rows = [
        matrix_grid.Row(f"layer {n}", [np.eye(4)[None].repeat(heads, 0)], row, [*"abcd"], [*"abcd"])
        for n in range(layers)
    ]
    modes = [matrix_grid.Mode("pattern", "probability", "probability")]
    matrix_grid.attention_map(
        rows, modes, key="c", on_head=print, on_query=print, selected=None, query=None, height=HEIGHT
    )


def test_few_heads_are_no_taller_than_many():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.find(), args=found.ARGUMENTS)
        blank = BlankPage(browser.new_page(viewport={"width": 1120, "height": 900}))
        blank.start()
        blank.theme(LIGHT)
        blank.open(matrix_grid.SOURCE)
        for layers, heads in ((1, 1), (2, 1), (2, 2), (2, 4), (3, 1)):
            for message in messages(matrix_grid, lambda layers=layers, heads=heads: grid(layers, heads)):
                blank.tell(message)
                assert 100 < blank.page.evaluate(BODY) <= HEIGHT, (layers, heads)
        browser.close()
