"""Charts of what-if: signs and layers kept, before beside after, and a spec that never depends on data."""

import altair as alt
import numpy as np
import pytest

from explorer import charts
from explorer.charts import interventions, theme

HEADS = {
    "encoder.blocks.0.attention.0": "encoder head 1.1",
    "decoder.blocks.0.attention.1": "decoder head 1.2",
    "decoder.blocks.0.cross.0": "decoder cross-head 1.1",
}


def frames(kind: str):
    """Every chart with its table."""
    bad = {"nan": np.nan, "infinite": np.inf}.get(kind, 0.25)
    n = {"empty": 0, "one": 1}.get(kind, 3)
    heads = dict(list(HEADS.items())[:n])
    yield interventions.worth, interventions.worth_frame(heads, np.full(n, bad), np.full(n, -0.1))
    for chart in (interventions.row, interventions.next_token):
        yield chart, interventions.pairs_frame(["a", "b", "a"][:n], np.full(n, 0.5), np.full(n, bad))


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


def test_every_chart_has_a_title_a_description_and_a_height(specs):
    for spec in specs:
        assert spec["title"]
        assert len(spec["description"]) > 10
        assert isinstance(spec["height"], int)


def test_columns_of_tables_have_the_same_kinds_whatever_the_data():
    for (_, empty), (_, full) in zip(frames("empty"), frames("normal"), strict=True):
        assert list(empty.columns) == list(full.columns)
        assert all(table[c].dtype == np.float64 for table in (empty, full) for c in ("value", "right") if c in table)


def test_a_knob_gives_every_row_its_room():
    table = interventions.worth_frame({}, [], [])
    low, high = (charts.spec(interventions.worth(table, heads=n))["height"] for n in (8, 32))
    assert high - low == 24 * interventions.BAR


def test_heads_stand_in_their_order_and_a_layer_has_one_colour():
    table = interventions.worth_frame(HEADS, [1.5, -0.25, 1e-5], [-0.5, 0.1, 0.0])
    assert table["head"].tolist() == list(HEADS.values())
    assert table["value"].tolist() == [1.5, -0.25, 1e-5]
    assert table["label"].tolist() == ["+1.500", "−0.250", "0"]
    assert table["color"].tolist() == [theme.layer(0), theme.layer(1), theme.layer(1)]
    assert table["series"].tolist() == ["encoder 1", "decoder 1", "decoder 1"]


def test_a_head_that_is_off_and_a_loss_that_is_no_number_say_so():
    table = interventions.worth_frame(HEADS, [0.0, np.nan, np.inf], np.zeros(3), off=[next(iter(HEADS))])
    assert table["label"].tolist() == ["off", "NaN", "infinite"]
    assert table["kind"].tolist() == ["off", "nonfinite", "nonfinite"]


def test_each_label_has_two_bars_and_equal_ones_stay_apart():
    table = interventions.pairs_frame(["a", "b", "a"], [0.5, 0.25, 0.25], [0.1, 0.2, 0.7], target=1)
    assert table["key"].tolist() == 2 * ["000a", f"001b{interventions.TARGET}", "002a"]
    assert table["value"].tolist() == [0.5, 0.25, 0.25, 0.1, 0.2, 0.7]
    assert table["series"].tolist() == 3 * [interventions.BEFORE] + 3 * [interventions.AFTER]


def test_probability_is_always_drawn_from_0_to_1(specs):
    row, token = (spec["layer"][0]["encoding"] for spec in specs[1:])
    assert row["y"]["scale"]["domain"] == token["x"]["scale"]["domain"] == [0, 1]


def test_before_and_after_keep_their_colours(specs):
    for spec in specs[1:]:
        scale = spec["layer"][0]["encoding"]["color"]["scale"]
        assert scale["domain"] == [interventions.BEFORE, interventions.AFTER]
        assert len(set(scale["range"])) == 2
