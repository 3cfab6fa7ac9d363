"""Every chart of the gallery is Vega-Lite, says what it shows, and has one spec whatever its data."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import altair as alt
import numpy as np
import pytest
from altair.utils.schemapi import debug_mode
from gallery import GALLERY, KINDS, specs

from explorer import charts
from explorer.charts import embeddings, instruments, nothing, search, timeline, tuning

LONGEST = 36  # letters of a title, which is cut where it is wider than a chart on a phone
CHANNELS = ("x", "y", "size", "opacity", "color", "fill")


@pytest.mark.parametrize("subject", GALLERY)
def test_every_chart_is_vega_lite_and_says_what_it_shows(subject: str):  # `specs` raises where one is not
    for (chart, table), spec in zip(GALLERY[subject]("normal"), specs(subject), strict=True):
        assert isinstance(chart(table.iloc[:0]), alt.LayerChart)
        assert 0 < len(spec["title"]) <= LONGEST
        assert len(spec["description"]) > 10
        assert isinstance(spec["height"], int)
        assert spec["data"] == {"name": timeline.SOURCE}
        assert "datasets" not in spec  # a page replaces them all
        assert not re.search(r'ormat": "(d|~s|[^,"]*~r)"', json.dumps(spec)), "2000 is written 2,000"


@pytest.mark.parametrize("subject", GALLERY)
def test_one_layer_of_a_chart_takes_its_colours_from_its_rows(subject: str):  # of two, Vega says that they conflict
    for spec in specs(subject):
        assert json.dumps(spec).count('"range": {"field": "color"}') <= 1, spec["title"]


def axes_without_ends(spec: dict[str, Any]) -> list[str]:
    """The channels of numbers that go only as far as rows do: of a layer without a row Vega says that it has no extent.

    Ends are numbers, or those of a ground layer (`timeline.spanning`, `timeline.extent`), whose own column has some.
    """
    ends: dict[str, bool] = {}
    for layer in spec["layer"]:
        made = {name for step in layer.get("transform", []) if "fold" in step for name in step["as"]}
        for channel, drawn in layer.get("encoding", {}).items():
            if channel not in CHANNELS or drawn.get("type") != "quantitative" or "field" not in drawn:
                continue
            domain = (drawn.get("scale") or {}).get("domain")
            sure = isinstance(domain, list) or (domain is not None and drawn["field"] in made)
            ends[channel] = ends.get(channel, False) or sure
    return [channel for channel, sure in ends.items() if not sure]


@pytest.mark.parametrize("subject", GALLERY)
def test_an_axis_of_numbers_has_ends_whatever_the_rows(subject: str):
    for spec in specs(subject):
        assert not axes_without_ends(spec), spec["title"]


def test_so_has_one_of_a_search_of_a_batch_and_of_points_on_a_line():
    few = np.ones(2)
    dots = [search.Dot(0, "training", math.nan, "lr 0.1"), search.Dot(1, "diverged", math.inf, "lr 9")]
    points = {"AdamW": [tuning.Point(0.1, math.nan, tuning.DIVERGED, 0)]}
    for chart in (
        instruments.pulls(instruments.pulls_frame(few, np.nan * few, np.nan * few, ["a", "b"])),
        search.history(search.history_frame(dots), ends=(0.0, 1.0)),
        tuning.sweep(tuning.frame(points, {}, 3.4), ends=(1e-4, 1.0)),
        embeddings.strip(embeddings.strip_frame(np.nan * few, ["a", "b"], 0, 1)),
    ):
        assert not axes_without_ends(charts.spec(chart))


def test_the_ground_of_a_logarithmic_axis_leaves_out_what_has_no_place_there():
    axis = timeline.magnitude_axis("size", alt.X, "size:Q")
    calculated, *_ = timeline.spanning(axis, (1e-3, 1.0), "size").to_dict()["transform"]
    assert "datum.size > 0 ? datum.size : 0.001" in calculated["calculate"]


SHORT = ("empty", "nan", "infinite")


@pytest.mark.parametrize("kind", [k if k in SHORT else pytest.param(k, marks=pytest.mark.prove) for k in KINDS])
@pytest.mark.parametrize("subject", GALLERY)
def test_a_spec_is_the_same_whatever_the_data(subject: str, kind: str):
    for (chart, table), first in zip(GALLERY[subject](kind), specs(subject), strict=True):
        with debug_mode(False):  # what equals a spec that is Vega-Lite is Vega-Lite too
            picture = chart(table)
            json.dumps(picture.to_dict(validate=False), allow_nan=False)  # raises where the table cannot travel
            assert charts.spec(picture, check=False) == first


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("subject", GALLERY)
def test_a_table_has_a_row_whatever_the_data(subject: str, kind: str):
    for _, table in GALLERY[subject](kind):
        assert len(table) >= 1  # Vega asks for an extent
        assert not np.isinf(charts.theme.finite(table).select_dtypes("number")).to_numpy().any()


@pytest.mark.parametrize("subject", ["gradients", "optimizers"])
def test_a_chart_whose_log_axis_can_be_empty_says_why(subject: str):
    for spec in specs(subject):
        text = json.dumps(spec, ensure_ascii=False)
        assert (nothing.WORDS in text) == ('"type": "log"' in text), spec["title"]
