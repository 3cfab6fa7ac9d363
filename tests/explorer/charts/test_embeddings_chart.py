"""The strip along a custom axis: nothing overlaps, the ends are named first, the spec never depends on data."""

import numpy as np
import pytest

from explorer import charts
from explorer.charts import embeddings


def table(n: int = 60, spread: float = 1.0):
    along = np.random.default_rng(0).normal(scale=spread, size=n)
    if n > 1:
        along[:2] = 0, 1
    return embeddings.strip_frame(along, [f"t{i}" for i in range(n)], 0, min(1, n - 1)) if n else empty()


def empty():
    return table(2).iloc[:0]


@pytest.mark.parametrize("n", [0, 2, 60, 600])
def test_the_spec_is_the_same_for_any_points(n):
    assert charts.spec(embeddings.strip(table(n))) == charts.spec(embeddings.strip(empty()))


def test_every_point_stands_once_and_the_ends_have_their_names():
    drawn = table(600)
    assert sorted(drawn.token) == sorted(f"t{i}" for i in range(600))
    assert drawn[drawn.role == embeddings.END].word.tolist() == ["t0", "t1"]
    assert (drawn[drawn.role == embeddings.END].along == [0, 1]).all()


def test_names_of_one_lane_do_not_overlap():
    drawn = table(600)
    pixel = np.ptp(drawn.along) / embeddings.WIDE
    for _, lane in drawn[drawn.word != ""].groupby("lane"):
        lane = lane.sort_values("along")
        half = (embeddings.LETTER * lane.token.str.len() + embeddings.PADDING) / 2 * pixel
        gaps = np.diff(lane.along) - (half.to_numpy()[1:] + half.to_numpy()[:-1])
        assert (gaps > -1e-9).all()


def test_points_at_one_place_take_lanes_above_one_another():
    drawn = embeddings.strip_frame(np.zeros(3), ["a", "b", "c"], 0, 1)
    assert drawn.lane.tolist() == [0, 1, 2]
