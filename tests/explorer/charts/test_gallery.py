"""Every chart of the gallery is Vega-Lite, says what it shows, and has one spec whatever its data."""

from __future__ import annotations

import json
import re

import altair as alt
import numpy as np
import pytest
from altair.utils.schemapi import debug_mode
from gallery import GALLERY, KINDS, specs

from explorer import charts
from explorer.charts import nothing, timeline


@pytest.mark.parametrize("subject", GALLERY)
def test_every_chart_is_vega_lite_and_says_what_it_shows(subject: str):  # `specs` raises where one is not
    for (chart, table), spec in zip(GALLERY[subject]("normal"), specs(subject), strict=True):
        assert isinstance(chart(table.iloc[:0]), alt.LayerChart)
        assert spec["title"]
        assert len(spec["description"]) > 10
        assert isinstance(spec["height"], int)
        assert spec["data"] == {"name": timeline.SOURCE}
        assert "datasets" not in spec  # a page replaces them all
        assert not re.search(r'ormat": "(d|~s|[^,"]*~r)"', json.dumps(spec)), "2000 is written 2,000"


@pytest.mark.parametrize("subject", GALLERY)
def test_one_layer_of_a_chart_takes_its_colours_from_its_rows(subject: str):  # of two, Vega says that they conflict
    for spec in specs(subject):
        assert json.dumps(spec).count('"range": {"field": "color"}') <= 1, spec["title"]


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
