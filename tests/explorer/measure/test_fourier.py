"""Waves around a clock: numpy's whole transform, Parseval, and tables whose waves are known."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.measure import fourier


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape)


@pytest.mark.parametrize("p", [5, 6, 31, 47, 48])
def test_the_power_is_that_of_numpys_transform_and_sums_to_the_squared_differences(p: int):
    table = noise(p, 9) + 3
    every = (np.abs(np.fft.fft(table, axis=0)) ** 2).sum(1) / p  # both halves
    assert len(fourier.power(table)) == p // 2
    for k, power in enumerate(fourier.power(table), 1):
        both = {k, p - k}
        assert power == pytest.approx(sum(every[list(both)]))
    assert fourier.power(table).sum() == pytest.approx(((table - table.mean(0)) ** 2).sum())  # Parseval
    assert fourier.shares(table).sum() == pytest.approx(1)


@pytest.mark.parametrize("p", [5, 6])
def test_the_power_is_that_of_sums_by_hand(p: int):
    table = noise(p, 2)
    for k, power in enumerate(fourier.power(table), 1):
        angles = 2 * np.pi * k * np.arange(p) / p
        square = (table.T @ np.cos(angles)) ** 2 + (table.T @ np.sin(angles)) ** 2
        assert power == pytest.approx(square.sum() * (1 if 2 * k == p else 2) / p)


def test_two_waves_have_the_shares_of_their_squared_heights():
    n = 2 * np.pi * np.arange(7) / 7
    table = np.stack([np.cos(3 * n), 0.5 * np.sin(2 * n), np.full(7, 4.0)], 1)
    np.testing.assert_allclose(fourier.shares(table), [0, 0.2, 0.8], atol=1e-12)
    assert fourier.keys(fourier.shares(table), 0.1) == [3, 2]


def test_logits_that_turn_with_the_sum_are_waves_of_it_and_others_are_none():
    p, n = 11, np.arange(11)
    a, b, c = n[:, None, None], n[None, :, None], n[None, None, :]
    turning = np.cos(2 * np.pi * 4 * (a + b - c) / p)
    np.testing.assert_allclose(fourier.logit_shares(turning), [0, 0, 0, 1, 0], atol=1e-12)
    alone = np.cos(2 * np.pi * 4 * (a - c) / p) + np.sin(2 * np.pi * 2 * (b + c) / p) + 5 * a  # the last, softmax drops
    np.testing.assert_allclose(fourier.logit_shares(alone), np.zeros(5), atol=1e-12)
    np.testing.assert_allclose(fourier.logit_shares(turning + alone)[3], 1 / 3, atol=1e-12)  # three of one size


def test_the_share_of_the_logits_that_depends_on_the_sum_is_that_of_a_plain_loop():
    p, logits = 6, noise(6, 6, 6)
    even = logits - logits.mean(-1, keepdims=True)
    means = even.mean((0, 1))
    between = 0.0
    for total in range(p):
        group = [even[a, (total - a) % p] for a in range(p)]
        between += p * ((np.mean(group, axis=0) - means) ** 2).sum()
        np.testing.assert_allclose(fourier.by_sum(even)[total], np.mean(group, axis=0))
    whole = sum(((even[a, b] - means) ** 2).sum() for a in range(p) for b in range(p))
    assert fourier.logit_shares(logits).sum() == pytest.approx(between / whole)


def test_in_a_random_order_a_wave_is_spread_over_all_frequencies():
    n = 2 * np.pi * np.arange(47) / 47
    table = np.stack([np.cos(5 * n), np.sin(5 * n)], 1)
    random = fourier.shuffled(table)
    assert random.shape == (fourier.ORDERS, 23)
    np.testing.assert_allclose(random.sum(1), 1)
    assert random.max() < 0.4 < fourier.shares(table)[4]
    np.testing.assert_array_equal(random, fourier.shuffled(table), "the same orders at every call")


def test_a_table_without_variance_has_no_shares_and_no_keys():
    for value in (0.0, 1.0, 0.1, 1e30):
        assert np.isnan(fourier.shares(np.full((7, 3), value))).all()
        assert np.isnan(fourier.logit_shares(np.full((7, 7, 7), value))).all()
    assert fourier.keys(np.full(3, np.nan), 0.0) == []
    assert fourier.keys(np.array([0.2, 0.5, 0.3]), 0.3) == [2], "one as strong as a random order's stands out from none"


def test_cubes_modulo_7_have_the_same_power_in_every_frequency():
    """Frozen, from numpy 2's rfft; by hand the squared differences from 3 sum to 48."""
    cubes = (np.arange(7) ** 3 % 7)[:, None]
    np.testing.assert_allclose(fourier.power(cubes), [16, 16, 16])
    powers_of_3 = (3 ** np.arange(11) % 11)[:, None]
    expected = [0.03983874, 0.74001675, 0.03024762, 0.09798873, 0.09190816]
    np.testing.assert_allclose(fourier.shares(powers_of_3), expected, rtol=1e-6)
