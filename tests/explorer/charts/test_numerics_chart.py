"""Charts of the numbers lab: what is not finite is marked, and a spec never depends on data."""

from __future__ import annotations

import numpy as np
from gallery import of_numbers

from explorer.charts import dropout, fates, numerics, theme


def test_columns_of_tables_have_the_same_kinds_whatever_the_data():
    for (_, empty), (_, full) in zip(of_numbers("empty"), of_numbers("normal"), strict=True):
        assert list(empty.columns) == list(full.columns)
        assert list(empty.select_dtypes("number")) == list(full.select_dtypes("number"))


def test_cells_that_are_not_finite_say_which():
    table = numerics.cells_frame(["a"], list("wxyz"), np.array([[0.5, np.nan, np.inf, -np.inf]]))
    assert table["kind"].tolist() == ["cell", "nonfinite", "nonfinite", "nonfinite"]
    assert table["label"].tolist() == ["0.5", "NaN", "+∞", "−∞"]
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


def test_infinite_is_the_colour_of_what_is_wrong():
    assert fates.FATES["infinite"] == theme.BAD
    assert len(set(numerics.FORMATS.values())) == 3
