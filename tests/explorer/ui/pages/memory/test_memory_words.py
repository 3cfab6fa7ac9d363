"""What the Memory page says of one cell, of gates that never forget, of a gradient that grows, and of a span."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.answers.records.recurrence import Cells, Found, ThroughTime
from explorer.measure.following import Follower
from explorer.measure.recurrence import memory_time, reach
from explorer.ui.memory import fading, finding, inside


@pytest.mark.parametrize(
    ("gates", "says"),
    [
        ([0.5], "one cell keeps what it has for about 2 tokens."),
        ([0.5, 0.75], "one cell keeps what it has for about 4 tokens, and half of the cells for less than 3."),
        ([0.999], "one cell keeps what it has for longer than this input of 8 tokens can show (about 1,000)."),
        ([1.0], "one cell keeps what it has for longer than this input of 8 tokens can show: its gate is at 1."),
    ],
)
def test_how_long_cells_keep_and_one_cell_has_no_half(gates: list[float], says: str) -> None:
    values = np.tile(np.array(gates), (1, 8, 1))
    cells = Cells(3, "lstm", 0, 1, list("abcdefgh"), ["forget_gate"], values, memory_time(values[0]), "forget_gate")
    assert inside.sentence(cells) == f"by its forget gate, {says}"


@pytest.mark.parametrize(
    ("factor", "says"),
    [
        (0.5, "A straight falling line is a memory that fades."),
        (0.97, "Where the line is level, what was read is kept"),
        (1.3, "Where the line rises"),
    ],
)
def test_the_curve_is_not_said_to_fall_where_it_rises(factor: float, says: str) -> None:
    apart, places = np.arange(12)[:, None] - np.arange(12)[None], list(range(12))
    sizes = np.where(apart < 0, 0, factor ** np.maximum(apart, 0))
    tokens = list("abcdefghijkl")
    answer = ThroughTime(
        6, "", 0, 1, "hidden state h", tokens, tokens, places, sizes, reach(sizes, places), "written", tokens
    )
    assert says in fading.reach_sentence(answer)


def test_a_span_is_named_with_where_it_holds_and_no_cell_is_named_that_does_not_follow() -> None:
    one = Follower(3, True, 0.5, 0.95, 0.4, 1.0)
    found = Found(60, 0, list("abcd"), "the token is “a”", 0.2, 64, "cell", [one])
    assert finding.caption(found) == "the token is “a” · at 20\u202f% of the tokens of 64 examples · step 60"
    assert finding.table(found, {}).endswith("| no |")
    assert finding.sentence(found, {}).endswith("none has 90\u202f% or more in all three figures.")
    assert finding.caption(Found(60, 0, list("abcd"), "", 0.0, 64, "cell", [])) == "step 60"
