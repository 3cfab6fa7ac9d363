"""The stages of a sampler in a real browser: what the hand chose stands until the page answers that very choice."""

from __future__ import annotations

import pytest

from components.mounting import messages, numbers
from explorer.measure.sampling import ORDERS
from explorer.ui.components import stages

pytestmark = pytest.mark.journey
ORDER = "[...parent_.querySelectorAll('.column')].map((column) => column.dataset.stage)"


def choices_and_answers() -> None:
    """The page's messages: at first, its answer to a slider, and its answer to a press that came after it."""
    face, _ = ORDERS.values()
    moved = list(face)
    at = moved.index("top_k")
    moved[at - 1 : at + 1] = [moved[at], moved[at - 1]]
    for settings, order in (({}, face), ({"temperature": 2.0}, face), ({"temperature": 2.0}, tuple(moved))):
        data = stages.message("After “a”", "abcdefgh", numbers(8), [], settings, order)
        stages.stages(data, key="c", on_chosen=print)


def test_an_answer_to_an_earlier_choice_does_not_take_a_later_one_back(blank_page):
    first, to_slider, to_press = messages(stages, choices_and_answers)
    blank = blank_page(1400, 900)
    blank.open(stages.SOURCE)
    blank.tell(first)
    before = blank.page.evaluate(ORDER)
    blank.page.get_by_role("slider", name="Temperature").fill("2")
    blank.page.get_by_role("button", name="Top-k earlier").click()
    after = blank.page.evaluate(ORDER)
    assert after != before
    for answer in (to_slider, to_press):
        blank.tell(answer)
        assert blank.page.evaluate(ORDER) == after
