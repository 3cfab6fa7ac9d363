"""Buckets keep what is worth seeing."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.measure.decimation import decimate_blocks


def of_steps(values: list[float]) -> np.ndarray:
    """Rows that stand for one step each: min, max and mean are the value."""
    table = np.empty((len(values), 5))
    table[:, 0] = table[:, 1] = np.arange(len(values))
    table[:, 2:] = np.array(values)[:, None]
    return table


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400), st.integers(1, 50))
@settings(max_examples=60, deadline=None)
def test_smallest_and_largest_survive_and_the_peak_is_named(values: list[float], points: int):
    out = decimate_blocks(of_steps(values), points, peak=3)
    assert len(out) <= points or len(out) == len(values)
    assert out[:, 2].min() == min(values)
    assert out[:, 3].max() == max(values)
    assert values.index(max(values)) in out[:, 1]


def test_a_short_curve_stays_as_it_is():
    table = of_steps([3.0, 1.0, 2.0])
    np.testing.assert_array_equal(decimate_blocks(table, 3, 3), table)


def test_blocks_weigh_by_the_steps_they_stand_for():
    table = np.zeros((4, 5))
    table[:, 0] = [0, 16, 32, 33]  # two blocks of 16 steps, then single steps
    table[:, 1] = [7, 20, 32, 33]
    table[:, 2], table[:, 3], table[:, 4] = [0, 1, 2, 3], [5, 4, 3, 9], [1.0, 3.0, 2.0, 4.0]
    out = decimate_blocks(table, 1, peak=3)
    assert out[0].tolist() == [0, 33, 0, 9, (16 * 1 + 16 * 3 + 2 + 4) / 34]
