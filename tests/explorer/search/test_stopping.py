"""Patience, and the point of overfitting."""

from __future__ import annotations

import numpy as np

from explorer.search.stopping import out_of_patience, overfitting_from

STEPS = [10, 20, 30, 40, 50]


def test_patience_ends_so_many_steps_after_the_first_lowest_loss():
    assert out_of_patience(STEPS, [3, 1, 2, 2, 2], 30) == 20
    assert out_of_patience(STEPS, [3, 1, 2, 2, 2], 31) is None
    assert out_of_patience(STEPS, [3, 1, 1, 1, 1], 30) == 20, "equally low is no better"
    assert out_of_patience(STEPS, [3, 1, 2, 2, 0.9], 10) is None
    assert out_of_patience(STEPS, [3, 1, 2, 2, 2], 0) is None, "0: never"
    assert out_of_patience([], [], 10) is None
    assert out_of_patience([10, 20], [np.inf, np.inf], 10) == 10


def test_overfitting_begins_where_the_held_out_loss_is_lowest():
    train = np.linspace(3, 0.5, 50)
    held_out = np.array([2.0, 1.5, 1.6, 1.8, 2.1])
    found = overfitting_from(np.array(STEPS), held_out, np.arange(50), train)
    assert found is not None
    step, rise, fall = found
    assert step == 20
    assert np.isclose(rise, 0.6)
    assert np.isclose(fall, train[10:20].mean() - train[40:50].mean())


def test_where_the_training_loss_rises_too_it_is_no_overfitting():
    held_out = np.array([2.0, 1.5, 1.6, 1.8, 2.1])
    assert overfitting_from(np.array(STEPS), held_out, np.arange(50), np.linspace(1, 3, 50)) is None
    falling = np.linspace(3, 0.5, 50)
    assert overfitting_from(np.array(STEPS), np.array([2, 1.5, 1.4, 1.3, 1.2]), np.arange(50), falling) is None
    assert overfitting_from(np.array(STEPS), np.array([2, 1.5, 1.4, 1.3, 1.31]), np.arange(50), falling) is None
