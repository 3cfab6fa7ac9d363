"""Charts of the numbers lab: what is not finite is marked, and a spec never depends on data."""

from __future__ import annotations

import altair as alt
import numpy as np
import pytest

from explorer import charts
from explorer.charts import dropout, fates, numerics, theme

LINES = ("softmax_error", "spacing", "sums", "one_plus", "deviation")


def frames(kind: str):
    """Every chart with its table."""
    bad = {"nan": np.nan, "infinite": np.inf}.get(kind, 0.25)
    n = {"empty": 0, "one": 1}.get(kind, 3)
    words = list("abc")[:n]
    some, shares = np.full(n, bad), np.full((n, 4), bad)
    for chart in (numerics.probabilities, numerics.normalised):
        yield chart, numerics.cells_frame(words, words, np.full((n, n), bad))
    for name in LINES:
        line = numerics.line(np.arange(1.0, n + 1), some, "float32", "stable")
        yield getattr(numerics, name), numerics.lines_frame(line, here=None if n == 0 else 2.0)
    line = numerics.line(np.arange(1.0, n + 1), some, "kept")
    yield fates.lost, numerics.lines_frame(line, here=None if n == 0 else 2.0)
    yield fates.histogram, fates.histogram_frame(np.arange(n) - 20.0, shares, 4)
    yield fates.by_tensor, fates.tensors_frame(words, shares, [8] * n, [0] * n)
    yield dropout.masks, dropout.masks_frame(some, some, np.abs(some), 0.1)
    yield dropout.noise, dropout.depth_frame(words, activations=(some, some), gradients=(some, some))


@pytest.fixture(scope="module")
def specs():
    return [charts.spec(chart(table.iloc[:0])) for chart, table in frames("empty")]


@pytest.mark.parametrize("kind", ["empty", "one", "normal", "nan", "infinite"])
def test_every_chart_is_valid_and_its_spec_stays_the_same(kind, specs):
    for (chart, table), first in zip(frames(kind), specs, strict=True):
        picture = chart(table)
        assert isinstance(picture, alt.LayerChart)
        picture.to_dict()  # raises where it is not Vega-Lite
        assert charts.spec(picture) == first
        assert len(table) >= 1  # Vega asks for an extent
        assert not np.isinf(table.select_dtypes("number")).to_numpy().any() or kind == "infinite"


def test_every_chart_has_a_title_a_description_a_height_and_no_data_of_its_own(specs):
    for spec in specs:
        assert spec["title"]
        assert len(spec["description"]) > 10
        assert isinstance(spec["height"], int)
        assert "datasets" not in spec  # a page replaces them all


def test_columns_of_tables_have_the_same_kinds_whatever_the_data():
    for (_, empty), (_, full) in zip(frames("empty"), frames("normal"), strict=True):
        assert list(empty.columns) == list(full.columns)
        assert list(empty.select_dtypes("number")) == list(full.select_dtypes("number"))


def test_cells_that_are_not_finite_say_which():
    table = numerics.cells_frame(["a"], list("wxyz"), np.array([[0.5, np.nan, np.inf, -np.inf]]))
    assert table["kind"].tolist() == ["cell", "nonfinite", "nonfinite", "nonfinite"]
    assert table["label"].tolist() == ["0.5", "NaN", "∞", "−∞"]
    assert table["value"].isna().tolist() == [False, True, True, True]


def test_an_error_of_0_is_drawn_at_the_floor_and_told_as_0():
    (row,) = numerics.line(np.array([1.0]), np.array([0.0]), "float16", floor=numerics.FLOOR)
    assert (row["y"], row["label"]) == (numerics.FLOOR, "0")


def test_a_scale_moves_the_histogram_by_its_exponent():
    shares = np.array([[0.0, 0.0, 0.3, 0.0], [0.7, 0.0, 0.0, 0.0]])
    table = fates.histogram_frame(np.array([-30.0, -10.0]), shares, 8)
    assert table[["low", "high", "value"]].to_numpy().tolist() == [[-22, -21, 0.3], [-2, -1, 0.7]]
    assert table["fate"].tolist() == ["flushed to zero", "kept"]


def test_without_scaling_the_mean_is_smaller_by_the_share_that_is_kept():
    table = dropout.masks_frame(np.array([-2.0, 1.0]), np.array([-2.0, 1.0]), np.array([0.0, 1.0]), 0.25)
    assert table["x"].tolist() == [-1, 0.5, -1, 0.5]
    assert table["y"].tolist() == [-1, 0.5, -0.75, 0.375]
    assert table["deviation"].tolist() == ["0", "1", "0", "0.75"]


def test_numbers_keep_their_sign_and_their_words():
    numbers = (1.5, -1.5e-12, -0.0, np.nan, -np.inf)
    assert [numerics.told(x) for x in numbers] == ["1.5", "−1.5e-12", "−0", "NaN", "−∞"]


def test_infinite_is_the_colour_of_what_is_wrong():
    assert fates.FATES["infinite"] == theme.BAD
    assert len(set(numerics.FORMATS.values())) == 3
