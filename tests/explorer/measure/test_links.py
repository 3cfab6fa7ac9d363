"""Links: pieces and alignment error on links made by hand, by plain loops, and from a frozen example."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from explorer.measure.text import links

# "4 mai" from "May 4": a digit, a space without a partner, and a name of three characters
GOLD = np.zeros((5, 5))
GOLD[0, 4] = 1
GOLD[2:, :3] = 1


def pattern(*places: int) -> np.ndarray:
    """A head that reads one place for each token of the answer."""
    return np.eye(5)[list(places)]


def test_a_name_is_one_piece_and_a_space_is_none_of_the_links():
    target, source = links.pieces(GOLD)
    assert target.tolist() == [0, 1, 2, 2, 2]
    assert source.tolist() == [0, 0, 0, 3, 4]
    assert links.sure(GOLD) == {(0, 4), (2, 0)}


@pytest.mark.parametrize(
    ("places", "links_of_it", "error"),
    [
        ((4, 3, 0, 1, 2), {(0, 4), (2, 0)}, 0.0),
        ((4, 0, 2, 2, 2), {(0, 4), (2, 0)}, 0.0),  # anywhere in the name; where the space looks does not count
        ((4, 3, 0, 0, 4), {(0, 4), (2, 0)}, 0.0),  # most of the name's characters read the name
        ((4, 3, 4, 0, 1), {(0, 4), (2, 0)}, 0.0),  # and not its first one alone
        ((4, 3, 4, 4, 4), {(0, 4), (2, 4)}, 0.5),
        ((3, 3, 4, 4, 4), {(0, 3), (2, 4)}, 1.0),
    ],
)
def test_the_error_rate_of_links_made_by_hand(places, links_of_it, error):
    """Och & Ney 2003: 1 − 2 |A ∩ S| / (|A| + |S|)."""
    mine = links.linked(pattern(*places), GOLD)
    assert mine == links_of_it
    assert links.error_rate(mine, links.sure(GOLD)) == error
    assert links.error_rates([pattern(*places)[None]], [GOLD]).tolist() == [error]


def test_examples_are_counted_together():
    right, wrong = pattern(4, 3, 0, 0, 0)[None], pattern(3, 3, 4, 4, 4)[None]
    assert links.error_rates([right, wrong, right], [GOLD] * 3) == pytest.approx([1 - 2 * 4 / (6 + 6)])


def test_more_links_of_the_task_than_of_a_head_count_as_missed():
    """A piece that comes from two others has two sure links, of which argmax gives one: 1 − 2 · 2 / (2 + 3)."""
    gold = np.array([[1, 1, 0], [1, 0, 0]])
    right = links.error_rates([np.eye(3)[[0, 0]][None]], [gold])
    assert right == pytest.approx([1 - 2 * 2 / (2 + 3)])
    assert links.error_rate(links.linked(np.eye(3)[[0, 0]], gold), links.sure(gold)) == pytest.approx(right[0])
    assert links.chance([gold]) == pytest.approx(1 - 2 * (3 / 3) / (2 + 3))


def test_of_equal_symbols_any_is_right():
    """Sorting "bab": both b of the answer come from either b."""
    gold = np.array([[0, 1, 0], [1, 0, 1], [1, 0, 1]])
    assert links.sure(gold) == {(0, 1), (1, 0)}
    assert links.error_rate(links.linked(np.eye(3)[[1, 2, 2]], gold), links.sure(gold)) == 0


@given(
    arrays.arrays(np.int8, (4, 5), elements=st.integers(0, 1)),
    arrays.arrays(np.int8, (4, 5), elements=st.integers(0, 8)),
)
def test_links_are_those_of_a_plain_loop(gold, eighths):
    weights = eighths / 8  # whose sums are exact, so that a tie is one

    def partners(matrix, n):
        return [int(x > 0) for x in matrix[n]]

    targets = {}
    for t in range(4):
        if any(partners(gold, t)):
            targets.setdefault(tuple(partners(gold, t)), []).append(t)
    sources: list[list[int]] = []
    for s in range(5):
        column = partners(gold.T, s)
        same = [group for group in sources if any(column) and partners(gold.T, group[0]) == column]
        same[0].append(s) if same else sources.append([s])
    expected = set()
    for group in targets.values():
        on = [sum(float(weights[t, s]) for t in group for s in piece) for piece in sources]
        best = max(range(len(sources)), key=lambda n: (on[n], -n))
        expected.add((group[0], sources[best][0]))
    assert links.linked(weights, gold) == expected
    assert len(links.linked(weights, gold)) == len(targets)
    error = links.error_rate(links.linked(weights, gold), links.sure(gold))
    assert math.isnan(error) == (not targets)
    assert math.isnan(error) or 0 <= error <= 1


def test_random_links_have_the_error_that_is_drawn_beside_the_heads():
    rng, errors = np.random.default_rng(0), []
    pieces = sorted(set(links.pieces(GOLD)[1].tolist()))
    for _ in range(4000):
        drawn = {(t, pieces[rng.integers(len(pieces))]) for t in (0, 2)}
        errors.append(links.error_rate(drawn, links.sure(GOLD)))
    assert np.mean(errors) == pytest.approx(links.chance([GOLD]), abs=0.02)


def test_of_pieces_with_equal_attention_the_first_is_linked() -> None:
    alignment = np.eye(3)
    assert links.linked(np.full((3, 3), 1 / 3), alignment) == {(0, 0), (1, 0), (2, 0)}
    assert links.error_rates([np.full((1, 3, 3), 1 / 3)], [alignment]) == pytest.approx([1 - 2 * 1 / 6])
