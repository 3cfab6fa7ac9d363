"""In a film every picture goes over into the next, and at the end is exactly what it is without a film."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from components.blank_page import BlankPage
from components.examples import EXAMPLES
from components.mounting import messages
from explorer.ui.components import heat_map, landscape, matrix_grid, microscope, tensor_map
from explorer.ui.components.message import pack

pytestmark = pytest.mark.journey
MIXED = {"heat_map": heat_map, "landscape": landscape, "matrix_grid": matrix_grid, "tensor_map": tensor_map}
GOING = "parent_.querySelectorAll('.before').length"


def parts(message: bytes) -> tuple[dict[str, Any], np.ndarray]:
    """A message's header and numbers."""
    end = 4 + int.from_bytes(message[:4], "little")
    return json.loads(message[4:end]), np.frombuffer(message, "<f4", offset=end)


def two(module: Any, name: str, change: Callable[[dict[str, Any]], None]) -> tuple[bytes, bytes]:
    """A message of a picture, and another of a later step: half of all numbers."""
    first = messages(module, EXAMPLES[name])[0]
    header, numbers = parts(first)
    change(header)
    return first, pack(header, [numbers * 0.5])


@contextmanager
def film(blank: BlankPage) -> Iterator[None]:
    """A film, in which the clock goes so slowly that nothing comes to its end."""
    page = blank.page
    page.evaluate("void ((explorerFeed.film = true), (window.clock = performance.now))")
    page.evaluate("(begun => void (performance.now = () => begun + clock.call(performance) / 1e6))(performance.now())")
    try:
        yield
    finally:
        page.evaluate("void ((performance.now = clock), (explorerFeed.film = false))")


@pytest.fixture(scope="module")
def blank(blank_page) -> BlankPage:
    return blank_page(1120, 900)


@pytest.mark.parametrize("name", MIXED)
def test_a_picture_goes_over_into_the_next_and_is_exactly_that_at_the_end(blank: BlankPage, name: str):
    module = MIXED[name]
    first, then = two(module, name, lambda header: header.update(step=99))
    wanted = blank.fresh(module.SOURCE, then)
    blank.fresh(module.SOURCE, first)
    with film(blank):
        blank.tell(then)
        assert blank.page.evaluate(GOING) > 0
        blank.tell(first)  # before it has come to its end
        blank.tell(then)
    blank.page.wait_for_function(f"{GOING} === 0")
    assert json.loads(blank.page.evaluate("seen()")) == wanted


def test_the_edges_of_a_head_go_over_too(blank: BlankPage):
    first, then = two(matrix_grid, "matrix_grid", lambda header: header.update(step=99))
    blank.fresh(matrix_grid.SOURCE, first)
    with film(blank):
        blank.tell(then)
        assert blank.page.evaluate("Boolean(parent_.querySelector('.edges + .before'))")
    blank.page.wait_for_function(f"{GOING} === 0")


@pytest.mark.parametrize("name", MIXED)
def test_nothing_goes_over_where_motion_is_unwelcome(blank: BlankPage, name: str):
    first, then = two(MIXED[name], name, lambda header: header.update(step=99))
    blank.page.emulate_media(reduced_motion="reduce")
    try:
        blank.fresh(MIXED[name].SOURCE, first)
        with film(blank):
            blank.tell(then)
            assert blank.page.evaluate(GOING) == 0
    finally:
        blank.page.emulate_media(reduced_motion="no-preference")


def test_the_mark_on_the_gradients_travels_past_the_steps_in_between(blank: BlankPage):
    first = messages(microscope, EXAMPLES["microscope"])[0]
    header, numbers = parts(first)
    steps = numbers[header["columns"] : 2 * header["columns"]]
    near, far = (pack(header | {"cursor": int(step)}, [numbers]) for step in (steps[0], steps[-1]))
    wanted = blank.fresh(microscope.SOURCE, far)
    blank.fresh(microscope.SOURCE, near)
    with film(blank):
        assert blank.tell(far) != wanted, "on its way"
    blank.page.wait_for_function("wanted => seen() === JSON.stringify(wanted)", arg=wanted)
