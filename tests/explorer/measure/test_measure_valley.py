"""The range of learning rates within which an optimizer does nearly as well as at its best."""

from __future__ import annotations

import math

import numpy as np
import pytest

from explorer.measure.valley import valley

RATES = [1e-4, 1e-3, 1e-2, 1e-1, 1.0]


def test_a_valley_by_hand():
    """Best 1 at 0.01, guessing 3: the level is 1.2. To the left it is crossed a tenth, to the right a quarter of
    the way to the next rate."""
    found = valley(RATES, [3, 3, 1, 1.8, 3], 3.0)
    assert found is not None
    assert found.best == pytest.approx(1e-2)
    assert found.loss == 1
    assert math.log10(found.low) == pytest.approx(-2 - 0.1)
    assert math.log10(found.high) == pytest.approx(-2 + 0.25)
    assert found.factor == pytest.approx(10**0.35)
    assert not found.open_low
    assert not found.open_high


def test_what_is_worse_than_guessing_counts_as_guessing():
    assert valley(RATES, [math.inf, 9, 1, math.nan, 3], 3.0) == valley(RATES, [3, 3, 1, 3, 3], 3.0)
    assert valley(RATES, [3, 3, 3, 4, math.inf], 3.0) is None
    assert valley([], [], 3.0) is None


def test_a_valley_that_was_not_left_is_open():
    found = valley(RATES, [1, 1.1, 1, 3, 3], 3.0)
    assert found is not None
    assert found.open_low
    assert found.low == pytest.approx(1e-4)
    assert not found.open_high
    assert valley([0.1], [1.0], 3.0).factor == 1


def test_order_does_not_matter_and_a_parabola_has_its_own_width():
    """loss = (log10 rate + 2)², guessing 1: the level is 0.1, so the ends are √0.1 decades away."""
    rates = np.logspace(-4, 0, 401)
    losses = (np.log10(rates) + 2) ** 2
    order = np.random.default_rng(0).permutation(len(rates))
    found = valley(rates[order], losses[order], 1.0)
    assert found is not None
    assert math.log10(found.factor) == pytest.approx(2 * math.sqrt(0.1), rel=1e-3)
