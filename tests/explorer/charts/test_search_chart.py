"""A trial's picture: the point from which it overfits stands on both of its curves."""

from __future__ import annotations

import numpy as np

from explorer.charts import theme, trials

TRAIN = np.arange(10), np.linspace(2.0, 0.2, 10)
HELD_OUT = np.array([2, 4, 6, 8]), np.array([2.2, 1.8, 1.9, 2.4])


def series(parts: list[dict]) -> list[str]:
    return [part["series"] for part in parts if "series" in part]


def test_the_point_of_overfitting_joins_the_training_and_the_held_out_curve():
    parts = trials.course(TRAIN, HELD_OUT, [], 4)
    (turn,) = [part for part in parts if part.get("series") == "overfits from here"]
    assert turn["color"] == theme.WARN
    assert turn["step"].tolist() == [4, 4]
    np.testing.assert_allclose(turn["value"], [TRAIN[1][4], 1.8])


def test_a_trial_that_does_not_overfit_has_two_curves_and_one_without_held_out_data_has_one():
    assert series(trials.course(TRAIN, HELD_OUT, [], None)) == ["training", "validation"]
    assert series(trials.course(TRAIN, None, [], None)) == ["training"]
