"""Numbers about attention patterns."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.measure.attention import entropy, line, visible


def causal_even(n: int) -> np.ndarray:
    """A head that spreads evenly over all it may see."""
    seen = np.tril(np.ones((n, n)))
    return seen / seen.sum(1, keepdims=True)


def one_hot(keys: np.ndarray) -> np.ndarray:
    """A head in which query q looks at keys[q] alone."""
    return np.eye(len(keys))[keys]


def test_an_even_head_has_full_entropy_and_a_sharp_one_none():
    n = 12
    found = entropy(np.stack([causal_even(n), one_hot(np.maximum(np.arange(n) - 1, 0))]))
    assert found == pytest.approx([1, 0])


def test_entropy_leaves_out_rows_with_one_key():
    assert entropy(causal_even(2)[None]) == pytest.approx(1)  # the second row alone
    assert np.isnan(entropy(np.ones((1, 1, 1))))


def test_an_even_head_scores_as_chance():
    found = line(causal_even(16))
    assert found.score == pytest.approx(found.chance)


def test_a_head_that_looks_back_is_found_with_its_distance():
    q = np.arange(16)
    found = line(0.9 * one_hot(np.maximum(q - 3, 0)) + 0.1 * causal_even(16))
    assert (found.kind, found.offset) == ("back", 3)
    assert found.score > 0.9 > 0.3 > found.chance


def test_a_head_that_reads_backwards_is_found():
    n = 16  # the first half is read, the second half says it backwards
    q = np.arange(n)
    found = line(one_hot(np.where(q < n // 2, 0, n - 1 - q)))
    assert (found.kind, found.offset) == ("mirror", n - 1)
    assert found.score == pytest.approx(1)


def test_a_probability_that_underflowed_is_still_visible():
    pattern = one_hot(np.zeros(8, dtype=int))
    assert np.array_equal(visible(pattern), np.tril(np.ones((8, 8), dtype=bool)))


def test_a_hidden_column_is_not_visible():
    pattern = np.full((6, 6), 0.2)
    pattern[:, 5] = 0
    assert not visible(pattern)[:, 5].any()
    assert line(pattern).score == pytest.approx(line(pattern).chance)
