"""Buckets keep what is worth seeing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.measure.decimation import GRAD_NORM_MAX, decimate, decimate_blocks

VALUES = st.one_of(st.floats(-1e9, 1e9), st.sampled_from([np.nan, np.inf, -np.inf]))
CURVES = st.integers(0, 300).flatmap(lambda n: arrays(np.float64, n, elements=VALUES))


@given(y=CURVES, points=st.integers(1, 50))
def test_smallest_and_largest_survive(y, points):
    x = np.arange(len(y))
    _, low, high, mean = decimate(x, y, points)
    known = y[~np.isnan(y)]
    assert len(low) <= max(points, 0)
    if len(known):
        assert np.nanmin(low) == known.min()
        assert np.nanmax(high) == known.max()
    there = ~np.isnan(mean) & np.isfinite(low) & np.isfinite(high)
    slack = 1e-9 * (1 + np.abs(mean[there]))
    assert (mean[there] >= low[there] - slack).all()
    assert (mean[there] <= high[there] + slack).all()


@given(y=CURVES)
def test_a_short_curve_stays_as_it_is(y):
    x = np.arange(len(y))
    for got, want in zip(decimate(x, y, max(len(y), 1)), (x, y, y, y), strict=True):
        np.testing.assert_array_equal(got, want)


@given(n=st.integers(1, 500), points=st.integers(1, 60))
def test_means_match_a_plain_loop(n, points):
    y = np.sin(np.arange(n))[:, None] * [1.0, 2.0]
    x, low, _, mean = decimate(np.arange(n), y, points)
    edges = [*x, n]
    for k in range(len(x)):
        part = y[edges[k] : edges[k + 1]]
        np.testing.assert_allclose(mean[k], part.mean(0))
        np.testing.assert_array_equal(low[k], part.min(0))


def test_a_bucket_of_nothing_is_nothing():
    _, low, high, mean = decimate(np.arange(4), np.array([1.0, 2.0, np.nan, np.nan]), 2)
    np.testing.assert_array_equal(low, [1, np.nan])
    np.testing.assert_array_equal(high, [2, np.nan])
    np.testing.assert_array_equal(mean, [1.5, np.nan])


def test_blocks_weigh_by_the_steps_they_stand_for_and_keep_the_peak():
    row = np.zeros(2 + 3 * 6)
    table = np.stack([row, row, row, row])
    table[:, 0] = [0, 16, 32, 33]  # two blocks of 16 steps, then single steps
    table[:, 1] = [7, 20, 32, 33]
    table[:, 2], table[:, 3], table[:, 4] = [0, 1, 2, 3], [5, 4, 3, 9], [1.0, 3.0, 2.0, 4.0]
    table[:, GRAD_NORM_MAX] = [1, 8, np.nan, 2]
    short = decimate_blocks(table, 2)
    np.testing.assert_array_equal(short[:, :4], [[0, 20, 0, 5], [32, 33, 2, 9]])
    np.testing.assert_allclose(short[:, 4], [2.0, 3.0])
    assert decimate_blocks(table, 4) is table


def test_no_points_is_refused():
    with pytest.raises(ValueError, match="points=0"):
        decimate(np.arange(3), np.zeros(3), 0)
