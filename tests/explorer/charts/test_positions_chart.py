"""The charts of positions: fixed domains, one spec whatever the data, colours of their own."""

from __future__ import annotations

import numpy as np
import pytest
from altair.utils.schemapi import debug_mode

from explorer.charts import positions as charts
from explorer.charts import theme
from explorer.charts.theme import spec

CHARTS = (charts.alike, charts.wave, charts.sum_of_waves, charts.by_position, charts.reach)


def table(values: list[float]):
    x = np.arange(len(values), dtype=float)
    line = charts.line(x, np.array(values), "rotary", theme.layer(3))
    return charts.frame([line], [charts.at(1.5, "trained up to here")])


@pytest.mark.parametrize("chart", CHARTS)
def test_a_charts_spec_does_not_depend_on_its_data(chart):
    first = spec(chart(table([0.1, 0.2, 0.3])))
    with debug_mode(False):  # what equals a spec that is Vega-Lite is Vega-Lite too
        for other in (table([1.0, -1.0]), table([0.5]), charts.frame([])):
            assert spec(chart(other), check=False) == first


def test_what_is_not_known_is_left_out_and_a_band_keeps_its_ends():
    low, high = np.array([0.0, 0.1, 0.2]), np.array([1.0, 0.9, 0.8])
    frame = charts.frame([charts.line(np.arange(3.0), np.array([0.5, np.nan, 0.6]), "a", "#111111", low, high)])
    assert frame["x"].tolist() == [0, 2]
    assert (frame["low"].tolist(), frame["high"].tolist()) == ([0, 0.2], [1, 0.8])
    assert len(charts.frame([])) == 1, "Vega asks for an extent"


def test_likeness_reaches_from_minus_one_and_a_factor_from_zero():
    signed, factor = (spec(charts.alike(table([0.5]), unit="u", signed=s)) for s in (True, False))
    domains = [layer["encoding"]["y"]["scale"]["domain"] for layer in (signed["layer"][1], factor["layer"][1])]
    assert domains == [[-1, 1], [0, 1]]


def test_an_axis_of_positions_begins_where_there_are_numbers():
    line = charts.line(np.arange(30.0), np.where(np.arange(30) < 16, np.nan, 0.5), "run", "#000000")
    assert charts.ends(charts.frame([line])) == (16, 29)
    assert charts.ends(charts.frame([])) == (0, 1)
