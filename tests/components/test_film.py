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
from explorer.ui.components import (
    backward,
    heat_map,
    landscape,
    matrix_grid,
    microscope,
    ribbons,
    samples,
    stages,
    strips,
    tensor_map,
    tiles,
    written,
)
from explorer.ui.components.message import pack
from explorer.ui.components.source import joined

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


TRAVELS = {"backward": backward, "ribbons": ribbons, "stages": stages, "strips": strips, "tiles": tiles}
WORDS = {"samples": samples, "written": written}
MOVING = "parent_.getAnimations({ subtree: true }).length"


@pytest.mark.parametrize("name", [*TRAVELS, *WORDS])
def test_shapes_travel_and_words_go_over_and_are_exactly_the_next_at_the_end(blank: BlankPage, name: str):
    module = (TRAVELS | WORDS)[name]
    first, then, *_ = messages(module, EXAMPLES[name])
    if name in TRAVELS:
        _, numbers = parts(first)
        then = pack(parts(first)[0], [np.roll(numbers, 1)])
    wanted = blank.fresh(module.SOURCE, then)
    blank.fresh(module.SOURCE, first)
    blank.page.evaluate("void Object.assign(explorerFeed, { film: true, ease: 60000 })")
    try:
        drawn = blank.tell(then)
        assert blank.page.evaluate(MOVING) > 0
        assert name in TRAVELS or "before" in json.dumps(drawn)
        blank.page.evaluate("parent_.getAnimations({ subtree: true }).forEach((one) => one.finish())")
        blank.page.evaluate("void (explorerFeed.ease = 200)")
        blank.tell(first)
        blank.tell(then)
        blank.page.wait_for_function(f"{MOVING} === 0 && {GOING} === 0")
        assert json.loads(blank.page.evaluate("seen()")) == wanted
    finally:
        blank.page.evaluate("void Object.assign(explorerFeed, { film: false, ease: undefined })")
    blank.tell(first)
    assert blank.page.evaluate(MOVING) == 0, "nothing travels without a film"


CHART = """
<div data-testid="stVegaLiteChart"><svg><g class="mark-rect role-mark">
  <path d="M0,0h10v5h-10Z" fill="#000" transform="translate(0,0)"></path><text transform="translate(10,0)">1</text>
</g></svg></div>"""
LATER = """
  <path d="M0,0h90v5h-90Z" fill="#fff" transform="translate(0,0)"></path><text transform="translate(90,0)">9</text>"""


def test_a_chart_that_vega_draws_anew_goes_from_where_it_was(blank: BlankPage):
    """Its own elements are new ones; another number of them, or a form of other strokes, is there at once."""
    page = blank.page
    page.add_script_tag(content=joined(("hot.js", "moving.js", "film_charts.js")))
    page.evaluate("chart => void document.body.insertAdjacentHTML('beforeend', chart)", CHART)
    seen = """later => {
      explorerFeed.film = true;
      const charts = new Map(), mark = document.querySelector("[data-testid=stVegaLiteChart] g");
      followCharts({ charts });
      mark.innerHTML = later;
      return new Promise((done) => queueMicrotask(() => {
        const [path, text] = mark.children, going = document.getAnimations().map((one) => [one.effect.target.tagName,
          Object.keys(one.effect.getKeyframes()[0]).filter((name) => ["d", "fill", "transform"].includes(name))]);
        for (const one of document.getAnimations()) {
          one.pause();
          one.currentTime = one.effect.getTiming().duration / 2;
        }
        const half = [getComputedStyle(path).d, getComputedStyle(text).transform, text.textContent];
        for (const one of document.getAnimations()) one.finish();
        explorerFeed.film = false;
        for (const one of charts.values()) one.disconnect();
        done([going, half, getComputedStyle(text).transform]);
      }));
    }"""
    going, half, end = page.evaluate(seen, LATER)
    assert going == [["path", ["d", "fill"]], ["text", ["transform"]]]
    assert half == ['path("M 0 0 H 50 V 5 H 0 Z")', "matrix(1, 0, 0, 1, 50, 0)", "9"], "words are the new step's"
    assert end == "matrix(1, 0, 0, 1, 90, 0)"
    assert page.evaluate(seen, LATER + LATER)[0] == []
    page.evaluate("() => document.querySelector('[data-testid=stVegaLiteChart]').remove()")


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
