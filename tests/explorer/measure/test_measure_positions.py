"""Likeness of positions and attention over distance: against loops, against their own sums, and a library's numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.measure import positions as measure
from explorer.measure.attention import even
from models.positions import angles, linear_biases, sinusoid


def patterns(B: int, H: int, T: int, causal: bool, seed: int = 0) -> np.ndarray:
    """Random attention, (B, H, T, T)."""
    weights = np.random.default_rng(seed).random((B, H, T, T))
    weights = np.tril(weights) if causal else weights
    return weights / weights.sum(-1, keepdims=True)


def test_the_likeness_of_two_turns_is_a_librarys():
    """Frozen from rotary-embedding-torch 0.9.1, RotaryEmbedding(dim=8): the product of (1, 0, 1, 0, …) with itself."""
    likeness = measure.waves(angles(12, 8).double().numpy())
    frozen = {0: 1.0, 1: 0.8838140, 5: 0.7899957, 11: 0.6129794}
    for distance, value in frozen.items():
        assert likeness[11, 11 - distance] == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize("base", [10.0, 10_000.0])
def test_the_waves_are_the_cosine_between_rows_of_the_sinusoid(base: float):
    table, turns = sinusoid(20, 12, base).numpy(), angles(20, 12, base).numpy()
    np.testing.assert_allclose(measure.cosines(table), measure.waves(turns), atol=1e-6)
    for t in (0, 7, 19):
        for u in (0, 4):
            mean = sum(math.cos((t - u) * base ** (-2 * i / 12)) for i in range(6)) / 6
            assert measure.waves(turns)[t, u] == pytest.approx(mean, abs=1e-5)


@pytest.mark.parametrize("width", [8, 7])
def test_the_angles_are_the_models(width: int):
    np.testing.assert_allclose(measure.turns(20, width, 10_000), angles(20, width).numpy(), rtol=1e-5)


def test_products_and_cosines_are_those_of_the_rows():
    table = np.random.default_rng(0).normal(size=(5, 3))
    table[3] = 0
    for t in range(5):
        for u in range(5):
            product = sum(a * b for a, b in zip(table[t], table[u], strict=True))
            assert measure.products(table)[t, u] == pytest.approx(product)
            size = math.sqrt(sum(a * a for a in table[t])) * math.sqrt(sum(b * b for b in table[u]))
            assert measure.cosines(table)[t, u] == pytest.approx(product / size if size else 0)


def test_along_takes_every_pair_so_far_apart():
    matrix = np.random.default_rng(1).normal(size=(6, 6))
    found = measure.along(matrix)
    for d in range(6):
        pairs = [matrix[t, t - d] for t in range(d, 6)]
        assert (found["low"][d], found["high"][d]) == (min(pairs), max(pairs))
        assert found["mean"][d] == pytest.approx(sum(pairs) / len(pairs))


@pytest.mark.parametrize("causal", [True, False])
def test_alibi_alone_is_its_formula_in_loops(causal: bool):
    bias = linear_biases(7, 2).numpy()
    found = measure.tilted(bias, causal)
    for h, slope in enumerate((2**-4, 2**-8)):
        for q in range(7):
            seen = range(q + 1) if causal else range(7)
            total = sum(math.exp(-slope * abs(q - k)) for k in seen)
            for k in range(7):
                weight = math.exp(-slope * abs(q - k)) / total if k in seen else 0
                assert found[h, q, k] == pytest.approx(weight, abs=1e-6)


@pytest.mark.parametrize("causal", [True, False])
def test_attention_by_distance_is_the_mean_over_pairs_so_far_apart(causal: bool):
    given_ = patterns(3, 2, 6, causal)
    distances, pairs, means = measure.by_distance(given_, causal)
    assert distances.tolist() == list(range(0 if causal else -5, 6))
    for i, d in enumerate(distances):
        there = [(q, q - d) for q in range(6) if 0 <= q - d < 6]
        assert pairs[i] == len(there)
        for h in range(2):
            values = [given_[b, h, q, k] for b in range(3) for q, k in there]
            assert means[h, i] == pytest.approx(sum(values) / len(values))


@settings(max_examples=30, deadline=None)
@given(B=st.integers(1, 3), H=st.integers(1, 3), T=st.integers(2, 12), causal=st.booleans(), seed=st.integers(0, 99))
def test_attention_by_distance_sums_to_all_attention(B, H, T, causal, seed):
    _, pairs, means = measure.by_distance(patterns(B, H, T, causal, seed), causal)
    np.testing.assert_allclose((means * pairs).sum(-1), T)


def test_the_centre_is_the_mean_distance_over_all_queries():
    given_ = patterns(2, 3, 8, causal=True)
    q, k = np.indices((8, 8))
    np.testing.assert_allclose(
        measure.centre(*measure.by_distance(given_, True)), (given_ * abs(q - k)).sum(-1).mean((0, 2))
    )


def test_an_even_head_gives_each_distance_what_is_left_for_one_key():
    open_to = np.tril(np.ones((1, 4, 4)))
    _, _, means = measure.by_distance(even(open_to)[None], True)
    expected = [(1 + 1 / 2 + 1 / 3 + 1 / 4) / 4, (1 / 2 + 1 / 3 + 1 / 4) / 3, (1 / 3 + 1 / 4) / 2, 1 / 4]
    np.testing.assert_allclose(means[0], expected)


def test_right_answers_are_counted_where_something_is_asked():
    right = np.array([[True, True, False], [False, True, True]])
    counted = np.array([[False, True, True], [False, True, True]])
    found = measure.right_by_position(right, counted)
    assert np.isnan(found[0])
    assert found[1:].tolist() == [1, 0.5]


def test_a_table_shows_order_once_neighbours_are_clearly_more_alike_than_others():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(32, 64))
    assert not measure.in_order(noise)
    assert measure.in_order(sinusoid(32, 64).numpy())
    smooth = np.array([noise[max(0, t - 1) : t + 2].mean(0) for t in range(32)])
    assert measure.in_order(smooth)
    assert not measure.in_order(np.ones((32, 64))), "all alike is no order"
    assert not measure.in_order(noise[:2])
