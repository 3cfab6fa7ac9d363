"""The map of heads in a real browser: its height is its own, however few heads a layer has."""

from __future__ import annotations

import numpy as np
import pytest

from components.mounting import messages
from explorer.ui.components import matrix_grid

pytestmark = pytest.mark.journey
HEIGHT = 430
BODY = "parent_.querySelector('.body').offsetHeight"


def grid(layers: int, heads: int, step: int | None = None) -> None:
    """A map of layers, each with this number of heads."""
    row = [matrix_grid.Head(f"h{h}", f"head {h}", "") for h in range(heads)]
    rows = [
        matrix_grid.Row(f"layer {n}", [np.eye(4)[None].repeat(heads, 0)], row, [*"abcd"], [*"abcd"])
        for n in range(layers)
    ]
    modes = [matrix_grid.Mode("pattern", "probability", "probability")]
    matrix_grid.attention_map(
        rows, modes, key="c", on_head=print, on_query=print, selected=None, query=None, height=HEIGHT, step=step
    )


def test_few_heads_are_no_taller_than_many(blank_page):
    blank = blank_page(1120, 900)
    blank.open(matrix_grid.SOURCE)
    for layers, heads in ((1, 1), (2, 1), (2, 2), (2, 4), (3, 1)):
        for message in messages(matrix_grid, lambda layers=layers, heads=heads: grid(layers, heads)):
            blank.tell(message)
            assert 100 < blank.page.evaluate(BODY) <= HEIGHT, (layers, heads)


def film(blank, on: bool = True) -> None:
    """Whether a film is shown."""
    blank.page.evaluate("film => void (window.explorerFeed && (window.explorerFeed.film = film))", on)


def test_heads_go_over_in_a_film_alone_and_when_the_step_is_another(blank_page):
    blank = blank_page(1120, 900)
    blank.open(matrix_grid.SOURCE)
    going = []
    for on, step in ((False, 1), (False, 2), (True, 2), (True, 3)):
        film(blank, on)
        for message in messages(matrix_grid, lambda step=step: grid(1, 2, step)):
            blank.tell(message)
        going.append(blank.page.evaluate("parent_.querySelectorAll('.frame .before').length"))
    film(blank, False)
    assert going == [0, 0, 0, 2]
