"""The map of the model in a real browser: in its place whatever the model, and a part tells its number when clicked."""

from __future__ import annotations

import pytest

from components.blank_page import BlankPage
from components.mounting import mounted
from explorer import RunConfig
from explorer.ui.components import model_map
from explorer.ui.parts.model_map import name_of, parts_of

pytestmark = pytest.mark.journey
DEEP = {"model.layers": 12}
MODELS = {"reverse": {}, "dates-fr": {}, "delay-lstm": {}, "words-glove": {}, "post-norm": {}, "no-norm": DEEP}


@pytest.fixture(scope="module")
def blank(blank_page) -> BlankPage:
    return blank_page(1000, 800, reduced_motion="reduce")


@pytest.mark.parametrize("name", MODELS)
def test_every_part_is_within_the_map_can_be_clicked_and_tells_its_number(blank: BlankPage, name: str):
    made, parts = parts_of(RunConfig.preset(name).replace(MODELS[name]).model)
    zones = [model_map.Zone(ids, f"{part} {row}", "opens a page") for part, row, ids in parts]
    with mounted(model_map) as data:
        model_map.model_map(made, zones, key="c", on_part=print)
    blank.open(model_map.SOURCE)
    blank.tell(data[0])
    page = blank.page
    inside = page.evaluate(
        """() => {
          const map = parent_.querySelector(".model"), box = map.getBoundingClientRect();
          const all = [...map.querySelectorAll("button, rect")].map((one) => one.getBoundingClientRect());
          const inside = (r) => r.left >= box.left - 3 && r.right <= box.right + 3 && r.top >= box.top - 3
            && r.bottom <= box.bottom + 3 && r.width > 0;
          return [box.height, all.every(inside)];
        }"""
    )
    assert inside == [34, True]
    for number in range(len(zones)):
        page.evaluate("() => (window.answers.length = 0)")
        page.locator(".model button").nth(number).click(timeout=5000)
        assert page.evaluate("() => window.answers") == [["part", {"number": number}]]


def test_arrow_keys_go_through_the_parts_which_are_one_stop_of_the_tab_key(blank: BlankPage):
    made, parts = parts_of(RunConfig.preset("reverse").model)
    zones = [model_map.Zone(ids, f"part {i}", "opens", lit=i == 2) for i, (_, _, ids) in enumerate(parts)]
    with mounted(model_map) as data:
        model_map.model_map(made, zones, key="c", on_part=print)
    blank.open(model_map.SOURCE)
    blank.tell(data[0])
    page = blank.page
    stops = page.evaluate("() => [...parent_.querySelectorAll('button')].map((b) => b.tabIndex)")
    assert stops == [-1, -1, 0, *[-1] * (len(zones) - 3)]
    page.locator(".model button").nth(2).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.evaluate("() => window.answers.at(-1)") == ["part", {"number": 3}]


@pytest.mark.parametrize("width", [350, 980])
def test_every_name_is_whole(blank: BlankPage, width: int):
    made, parts = parts_of(RunConfig.preset("reverse").model)
    zones = [model_map.Zone(ids, name_of(part, row), "opens a page") for part, row, ids in parts]
    with mounted(model_map) as data:
        model_map.model_map(made, zones, key="c", on_part=print, height=96, width=None, names=True)
    blank.open(model_map.SOURCE)
    blank.page.evaluate("width => void (host.style.width = `${width}px`)", width)
    blank.tell(data[0])
    cut = (
        "() => [...parent_.querySelectorAll('.name')].filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.title)"
    )
    assert blank.page.evaluate(cut) == []
