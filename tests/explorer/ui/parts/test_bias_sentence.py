"""Bias: the sentence says a difference only where neither splits of the words nor random words have one as large."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.answers.records.words import Association
from explorer.measure.text.association import NULL
from explorer.ui.words.bias import COMPUTED, facts, sentence


def associated(effect: float, p: float) -> Association:
    """An answer whose random lists differ by −1 to 1, and of whose 70 splits none but its own differs as much."""
    return Association(
        step=1,
        lists={name: ["a", "b"] for name in ("first", "second", "one", "other")},
        missing=[],
        left_out=[],
        leaning=np.zeros(4),
        effect=effect,
        p=p,
        p_exchanged=1 - p + 1 / 70,
        splits=70,
        null=np.linspace(-1, 1, 401),
    )


@pytest.mark.parametrize(
    ("effect", "p", "words"),
    [
        (1.6, 1 / 70, "the first list lies nearer to the first attributes: 1.43\u202f% of all splits differ as much."),
        (0.9, 1 / 70, "as much (1.43\u202f%), but lists of random words of this run do"),
        (-0.9, 1.0, "as much (1.43\u202f%), but lists of random words of this run do"),
        (
            -1.6,
            1.0,
            "it is the second list that lies nearer to the first attributes: 1.43\u202f% of all splits differ as",
        ),
        (0.96, 1 / 70, "the first list lies nearer"),
        (0.94, 1 / 70, "random words of this run do"),
        (1.6, 0.0501, "no clear difference between the lists: 5\u202f% of all splits differ as much or more"),
        (0.3, 0.4, "no clear difference between the lists"),
    ],
)
def test_a_difference_is_said_where_random_words_have_none_as_large(effect: float, p: float, words: str) -> None:
    assert words in sentence(associated(effect, p))


def test_the_range_of_random_words_is_written_in_one_piece_however_narrow_its_card_is() -> None:
    assert f"drawn from all words of the run, {NULL} times" in " ".join(COMPUTED.split())
    (row,) = [value for name, value in facts(associated(0.3, 0.4)) if name.startswith("Random words")]
    assert row == "−0.95\N{NO-BREAK SPACE}…\N{NO-BREAK SPACE}+0.95"
