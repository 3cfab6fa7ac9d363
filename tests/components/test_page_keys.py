"""The keys of a page without a player bar, on a blank page."""

from __future__ import annotations

from typing import Any

import pytest

from components.blank_page import BlankPage
from components.examples import EXAMPLES
from components.mounting import messages
from explorer.ui.components import page_keys

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def keys(blank_page) -> BlankPage:
    blank = blank_page(800, 400)
    blank.open(page_keys.SOURCE)
    blank.tell(messages(page_keys, EXAMPLES["page_keys"])[0])
    return blank


def actions_of(keys: BlankPage, key: str) -> list[dict[str, Any]]:
    """What a key tells the server that it has not answered yet, without numbers."""
    keys.page.evaluate("answers.length = 0")
    keys.page.keyboard.press(key)
    return [{k: v for k, v in action.items() if k != "n"} for action in keys.page.evaluate("answers.at(-1)?.[1] ?? []")]


def test_p_n_and_b_mean_what_they_mean_beside_a_bar_and_each_is_told_until_it_is_answered(keys: BlankPage):
    first = messages(page_keys, EXAMPLES["page_keys"])[0]
    actions = [{"kind": "projector"}, {"kind": "scene", "by": 1}, {"kind": "scene", "by": -1}]
    assert [actions_of(keys, key) for key in "pNb"] == [actions[:1], actions[:2], actions]
    keys.tell(first | {"seen": keys.page.evaluate("answers.at(-1)[1][1].n")})
    assert actions_of(keys, "n") == [actions[2], actions[1]]
    keys.tell(first | {"seen": keys.page.evaluate("answers.at(-1)[1][1].n")})


def test_what_only_a_run_has_and_what_is_typed_is_left_alone(keys: BlankPage):
    assert [actions_of(keys, key) for key in (" ", "ArrowRight", "Home", "End")] == [[]] * 4
    keys.page.evaluate("document.body.append(document.createElement('input'))")
    keys.page.locator("input").focus()
    assert actions_of(keys, "n") == actions_of(keys, "p") == []
    assert keys.page.locator("input").input_value() == "np"
    keys.page.evaluate("document.querySelector('input').remove()")


def test_where_arrows_turn_a_page_each_press_is_sent_until_it_is_answered(keys: BlankPage):
    first = messages(page_keys, EXAMPLES["page_keys"])[0]
    keys.tell(first | {"means": [*first["means"], "move"]})
    on, back = ({"kind": "move", "direction": direction} for direction in (1, -1))
    assert [actions_of(keys, f"Arrow{way}") for way in ("Right", "Right", "Left")] == [[on], [on, on], [on, on, back]]
    assert actions_of(keys, "Shift+ArrowRight") == [], "a leap means nothing without steps"
    keys.tell(first | {"seen": keys.page.evaluate("Date.now()") + 60_000})


def test_a_key_that_was_pressed_before_the_page_had_its_keys_is_heard_once(keys: BlankPage):
    first = messages(page_keys, EXAMPLES["page_keys"])[0]
    early = """(elsewhere, ago) => (window.explorerEarly = [elsewhere, location.pathname].map((page) => (
        { key: "n", page, at: performance.now() - ago, composedPath: () => [document.body], preventDefault() {} })))"""
    for ago, heard in ((0, 1), (60_000, 0)):
        keys.page.evaluate(f"([elsewhere, ago]) => ({early})(elsewhere, ago)", ["/elsewhere", ago])
        for times in (heard, 0):
            keys.page.evaluate("answers.length = 0")
            keys.tell(first | {"seen": keys.page.evaluate("Date.now()") + 120_000 * (1 - times)})
            assert len(keys.page.evaluate("answers")) == times
    keys.tell(first | {"seen": keys.page.evaluate("Date.now()") + 60_000})


def test_the_sentence_of_a_scene_stands_there_and_leads_back(keys: BlankPage):
    *_, last = messages(page_keys, EXAMPLES["page_keys"])
    keys.tell(last)
    scene = keys.page.locator("p.scene")
    assert scene.is_visible()
    keys.page.evaluate("answers.length = 0")
    scene.get_by_role("button").click()
    (action,) = keys.page.evaluate("answers.at(-1)[1]")
    assert (action["kind"], action["by"]) == ("scene", 0)
