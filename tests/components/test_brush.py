"""A span of a text in a real browser: by a press and a drag, by a finger, and by arrow keys with shift."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from components.blank_page import BlankPage
from explorer.ui.components import brush

pytestmark = pytest.mark.journey
TOKENS = list("ab(cd[ef]g)hi")


@pytest.fixture(scope="module")
def started(blank_page) -> BlankPage:
    return blank_page(600, 400, has_touch=True)


@pytest.fixture
def blank(started: BlankPage) -> BlankPage:
    started.page.evaluate("answers.length = 0")
    started.open(brush.SOURCE)
    started.tell(brush.message(TOKENS, 0, 3, None, ""))
    return started


@pytest.fixture
def page(blank: BlankPage) -> Page:
    return blank.page


def answers(page: Page) -> list:
    return page.evaluate("answers")


def middle(page: Page, place: int) -> tuple[float, float]:
    box = page.locator(".text span").nth(place).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def brushed(page: Page) -> str:
    return "".join(page.locator(".text .in").all_inner_texts())


def test_a_press_and_a_drag_brush_a_span_either_way_and_one_answer_comes_back(page, blank) -> None:
    assert brushed(page) == "ab(c"
    page.mouse.move(*middle(page, 9))
    page.mouse.down()
    for place in (7, 4, 2):
        page.mouse.move(*middle(page, place))
    assert brushed(page) == "(cd[ef]g"
    assert answers(page) == []  # the page hears of it when the hand is lifted
    page.mouse.move(*(a - 3000 * (i == 0) for i, a in enumerate(middle(page, 2))))  # past the edge: to the first token
    page.mouse.up()
    assert answers(page) == [["span", [0, 9]]]
    expect(page.locator(".foot b")).to_have_text("tokens 0 to 9")
    blank.tell(brush.message(TOKENS, 0, 3, None, "an answer to what was asked before"))
    assert brushed(page) == "ab(cd[ef]g"  # the hand is believed
    blank.tell(brush.message(TOKENS, 4, 4, None, ""))
    assert brushed(page) == "d"


def test_a_click_is_a_span_of_one_and_shift_takes_its_other_end_along(page, blank) -> None:
    page.mouse.click(*middle(page, 5))
    page.keyboard.down("Shift")
    page.mouse.click(*middle(page, 8))
    page.keyboard.up("Shift")
    assert answers(page) == [["span", [5, 5]], ["span", [5, 8]]]


def test_arrow_keys_walk_and_with_shift_brush(page, blank) -> None:
    page.get_by_role("slider", name="Span of the text").focus()
    for key in ("Home", "ArrowRight", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "Shift+End", "End"):
        page.keyboard.press(key)
    ends = [[0, 0], [1, 1], [2, 2], [2, 3], [2, 4], [2, 12], [12, 12]]
    assert answers(page) == [["span", end] for end in ends]


def test_a_finger_along_the_line_brushes_and_one_that_scrolls_leaves_the_span(page, blank) -> None:
    assert page.locator(".text").evaluate("text => getComputedStyle(text).touchAction") == "pan-y"
    devtools = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        given = [{"x": x, "y": y} for x, y in points]
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": given})

    touch("touchStart", middle(page, 2))
    for place in (3, 5, 8):
        touch("touchMove", middle(page, place))
    touch("touchEnd")
    assert answers(page) == [["span", [2, 8]]]
    page.evaluate("document.body.style.height = '3000px'")
    x, y = middle(page, 5)
    touch("touchStart", (x, y))
    for down in (30, 90, 160):
        touch("touchMove", (x, y + down))
    touch("touchEnd")
    assert brushed(page) == "(cd[ef]"
    assert answers(page) == [["span", [2, 8]]]
