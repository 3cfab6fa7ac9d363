"""Charts of what-if: signs and layers kept, before beside after, and a spec that never depends on data."""

import numpy as np
from gallery import HEADS, of_what_if, specs

from explorer import charts
from explorer.charts import interventions, theme


def test_columns_of_tables_have_the_same_kinds_whatever_the_data():
    for (_, empty), (_, full) in zip(of_what_if("empty"), of_what_if("normal"), strict=True):
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
    assert table["series"].tolist() == ["encoder layer 1", "decoder layer 1", "decoder layer 1"]


def test_a_head_that_is_off_and_a_loss_that_is_no_number_say_so():
    table = interventions.worth_frame(HEADS, [0.0, np.nan, np.inf], np.zeros(3), off=[next(iter(HEADS))])
    assert table["label"].tolist() == ["off", "NaN", "+∞"]
    assert table["kind"].tolist() == ["off", "nonfinite", "nonfinite"]


def test_each_label_has_two_bars_and_equal_ones_stay_apart():
    table = interventions.pairs_frame(["a", "b", "a"], [0.5, 0.25, 0.25], [0.1, 0.2, 0.7], target=1)
    assert table["key"].tolist() == 2 * ["000a", f"001b{interventions.TARGET}", "002a"]
    assert table["value"].tolist() == [0.5, 0.25, 0.25, 0.1, 0.2, 0.7]
    assert table["series"].tolist() == 3 * [interventions.BEFORE] + 3 * [interventions.AFTER]


def test_probability_is_always_drawn_from_0_to_1():
    row, token = (spec["layer"][0]["encoding"] for spec in specs("what if")[1:])
    assert row["y"]["scale"]["domain"] == token["x"]["scale"]["domain"] == [0, 1]


def test_before_and_after_keep_their_colours():
    for spec in specs("what if")[1:]:
        scale = spec["layer"][0]["encoding"]["color"]["scale"]
        assert scale["domain"] == [interventions.BEFORE, interventions.AFTER]
        assert len(set(scale["range"])) == 2
