"""What a page opens on: what stands out, kept until something else clearly does."""

from __future__ import annotations

import pytest

from explorer.measure.lines import Line
from explorer.measure.standing import CLEARLY, claim, leader, middle

CHANCE = {"previous": 0.1, "duplicate": 0.1, "induction": 0.1}
MIRROR = Line("mirror", 31, 0.92, 0.05)


def test_a_head_is_told_by_what_it_does_on_repeated_sequences_before_the_line_on_this_input() -> None:
    line = {"mirror": MIRROR, "back": Line("back", 1, 0.5, 0.1)}
    known = {"previous": 0.1, "duplicate": 0.1, "induction": 0.7}
    found = claim(known, CHANCE, line)
    assert (found.kind, found.words, found.score) == ("induction", "induction", 0.7)
    found = claim(known | {"induction": 0.2}, CHANCE, line)
    assert (found.kind, found.words, found.lead) == ("mirror", "reads back", pytest.approx(0.87 / 0.95))
    assert claim({}, {}, {"mirror": Line("mirror", 31, 0.39, 0.05)}) is None
    assert claim({}, {}, {}) is None


def test_a_head_with_an_alignment_is_held_to_that_alone() -> None:
    assert claim({"agreement": 0.1}, {"agreement": 0.05}, {"mirror": MIRROR}) is None
    assert claim({"agreement": 0.73}, {"agreement": 0.31}, {}).kind == "agreement", (
        "though it cannot be three times that"
    )
    assert claim({"agreement": 0.5}, {"agreement": 0.31}, {}) is None


@pytest.mark.parametrize("even", [1.0, 1 - 1e-16, 1 - 1e-7])
@pytest.mark.parametrize("score", [1.0, 0.9999999])
def test_where_all_keys_are_aligned_no_head_is_said_to_agree(even: float, score: float) -> None:
    """Three pears in a list to count: whatever a head looks at, it looks at a pear."""
    assert claim({"agreement": score}, {"agreement": even}, {"mirror": MIRROR}) is None


def test_what_is_open_stays_until_another_clearly_leads() -> None:
    assert leader({}, "") == "", "nothing stands out yet"
    assert leader({"1.1": 0.4, "1.2": 0.5}, "") == "1.2"
    assert leader({"1.1": 0.6, "1.2": 0.6 - CLEARLY / 2}, "1.2") == "1.2", "no jump for a little"
    assert leader({"1.1": 0.7, "1.2": 0.7 - 2 * CLEARLY}, "1.2") == "1.1"
    assert leader({}, "1.2") == "1.2", "nothing else stands out any more"
    assert leader({"1.1": 0.4}, "1.2") == "1.1", "it stands out no more, and another does"


def test_while_two_heads_take_turns_by_a_little_nothing_jumps() -> None:
    shown, seen = "", []
    for step in range(20):
        shown = leader({"1.1": 0.8 + 0.05 * (step % 2), "1.2": 0.8 + 0.05 * ((step + 1) % 2)}, shown)
        seen.append(shown)
    assert set(seen) == {seen[0]}


def test_the_query_is_in_the_middle_of_the_answer() -> None:
    assert middle(list(range(16, 32)), 32) == 24
    assert middle([5], 9) == 5
    assert middle([], 9) == 4
