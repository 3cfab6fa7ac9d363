"""What is said of a file of weights: better than guessing or not, and where it says it is from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from explorer.answers.records.task import Judgement
from explorer.ui.runs import judging

FOUND = Judgement(
    preset="reverse",
    changes={"model.layers": "1"},
    run="reverse-0a1b2c",
    step="200",
    parameters=12_345,
    loss=0.16,
    right=0.99,
    guessing=3.3,
    chance=0.04,
    unit="nats",
    examples=64,
)


@pytest.mark.parametrize(("loss", "knows"), [(0.16, True), (3.27, False), (3.5, False), (float("nan"), False)])
def test_a_model_knows_something_where_it_does_better_than_guessing(loss: float, knows: bool) -> None:
    words = judging.sentence(replace(FOUND, loss=loss))
    assert ("does better than guessing" in words) is knows
    assert ("it knows nothing" in words) is not knows


def test_what_a_file_says_of_itself_is_shown_as_its_own_and_as_it_is() -> None:
    words = judging.sentence(replace(FOUND, run="**x** <b>", step="$1$"))
    assert "which nothing proves" in words
    assert not {"*", "<", "$"} & set(words)
    assert "which nothing proves" not in judging.sentence(replace(FOUND, run=""))


def test_its_numbers_stand_beside_those_of_guessing() -> None:
    assert judging.numbers(FOUND) == {
        "Loss, nats": "0.160",
        "Loss of guessing": "3.300",
        "Right": "99\u202f%",
        "Right by guessing": "4\u202f%",
        "Parameters": "12,345",
    }
