"""Exposure against the paper's definition."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.measure.text.exposure import exposure, rank


def test_the_likeliest_of_ten_thousand_has_all_bits_and_the_least_likely_none():
    log_p = -np.arange(10_000.0)
    assert rank(log_p, 0) == 1
    assert exposure(log_p, 0) == pytest.approx(13.2877, abs=1e-4)  # log₂ 10,000
    assert exposure(log_p, 9_999) == 0
    assert exposure(log_p, 9) == pytest.approx(np.log2(1000))  # the tenth


def test_rank_is_by_counting_and_a_tie_counts_against_the_secret():
    log_p = np.log([0.2, 0.3, 0.2, 0.3])
    assert [rank(log_p, n) for n in range(4)] == [4, 2, 4, 2]


def test_probabilities_that_differ_by_rounding_alone_are_equal():
    log_p = np.array([0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1, 0.0]) - 1
    assert [rank(log_p, n) for n in range(3)] == [2, 2, 3]


def test_where_nothing_is_known_the_mean_exposure_is_that_of_chance():
    log_p = np.random.default_rng(0).permutation(1024) * 1e-3
    mean = np.mean([exposure(log_p, n) for n in range(1024)])
    assert mean == pytest.approx(10 - np.log2(np.arange(1, 1025)).mean())  # 1.44 bits for many candidates
    assert mean == pytest.approx(1 / np.log(2), abs=0.01)
