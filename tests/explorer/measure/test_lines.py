"""Lines through attention patterns: each kind is found with its distance, and even attention is chance."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.measure.attention import even
from explorer.measure.lines import FEWEST, KINDS, lines


def causal_even(n: int) -> np.ndarray:
    """A head that spreads evenly over all it may see."""
    return even(np.tril(np.ones((1, n, n))))[0]


def one_hot(keys: np.ndarray) -> np.ndarray:
    """A head in which query q looks at keys[q] alone."""
    return np.eye(len(keys))[keys]


@pytest.mark.parametrize("pattern", [causal_even(16), np.full((6, 9), 1 / 9)])
def test_an_even_head_scores_as_chance_on_every_kind_of_line(pattern: np.ndarray) -> None:
    for found in lines(pattern).values():
        assert found.score == pytest.approx(found.chance)


def test_a_head_that_looks_back_is_found_with_its_distance() -> None:
    q = np.arange(16)
    found = lines(0.9 * one_hot(np.maximum(q - 3, 0)) + 0.1 * causal_even(16))["back"]
    assert (found.offset, found.words) == (3, "looks 3 back")
    assert found.score > 0.9 > 0.3 > found.chance


def test_a_head_that_reads_backwards_is_found() -> None:
    n = 16  # the first half is read, the second half says it backwards
    q = np.arange(n)
    found = lines(one_hot(np.where(q < n // 2, 0, n - 1 - q)))["mirror"]
    assert (found.offset, found.words) == (n - 1, "reads back")
    assert found.score == pytest.approx(1)


def test_a_head_that_looks_ahead_and_one_that_looks_at_itself_are_found() -> None:
    q = np.arange(12)
    ahead, itself = lines(one_hot(np.minimum(q + 2, 11)))["ahead"], lines(one_hot(q))["itself"]
    assert (ahead.offset, ahead.words, ahead.score) == (-2, "looks 2 ahead", 1)
    assert (itself.words, itself.score) == ("looks at itself", 1)


def test_a_kind_without_room_is_left_out() -> None:
    assert list(lines(causal_even(16))) == ["mirror", "back", "itself"], "nothing is ahead of a causal query"
    assert list(lines(np.full((8, 8), 1 / 8))) == list(KINDS)
    assert lines(causal_even(FEWEST - 1)) == {}
