"""Gradient by distance: no number lies outside the picture, and the scale is the same while it has room."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.charts import recurrence
from explorer.measure.recurrence import reach
from explorer.ui.picture import spec_of


@pytest.mark.parametrize(
    ("factor", "powers"),
    [(0.9, (-12, 2)), (1.0, (-12, 2)), (2.0, (-12, 14)), (0.1, (-40, 2)), (1e-9, (-300, 2)), (0.0, (-12, 2))],
)
def test_the_scale_has_room_for_what_grows_and_what_fades(factor: float, powers: tuple[int, int]) -> None:
    apart = np.arange(40)[:, None] - np.arange(40)[None]
    sizes = np.where(apart < 0, 0.0, factor ** np.maximum(apart, 0).astype(float))
    data = recurrence.frame({"run": reach(sizes, list(range(40)))})
    assert recurrence.domain(data) == powers
    scale = spec_of(recurrence.by_distance, data, powers=powers)["layer"][2]["encoding"]["y"]
    first, last = scale["scale"]["domain"]
    assert (first, last) == pytest.approx((10.0 ** powers[0], 10.0 ** powers[1]))
    ticks = scale["axis"]["values"]
    assert 4 <= len(ticks) <= 12
    assert first <= ticks[0]
    assert ticks[-1] <= last * 1.000001


def test_without_any_gradient_the_scale_is_the_common_one() -> None:
    assert recurrence.domain(recurrence.frame({})) == recurrence.DOMAIN


def test_those_of_a_race_keep_their_colours_and_another_run_has_none_of_these() -> None:
    one = reach(np.tril(np.ones((3, 3))), [0, 1, 2])
    first = recurrence.frame({"run": one})["color"][0]
    race = {"RNN": first, "LSTM": "#123456"}
    table = recurrence.frame({"LSTM": one, "run": one, "RNN": one}, race)
    colors = dict(zip(table["series"], table["color"], strict=True))
    assert (colors["LSTM"], colors["RNN"]) == ("#123456", first)
    assert colors["run"] not in race.values()
