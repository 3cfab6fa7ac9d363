"""Charts of the residual stream: order kept, sums stated, and a spec that never depends on data."""

import numpy as np
import pytest
from gallery import JUNCTIONS, PARTS, lens_table, of_layers, specs

from explorer import charts
from explorer.charts import lens, theme


def test_columns_of_tables_have_the_same_kinds_whatever_the_data():
    for (_, empty), (_, full) in zip(of_layers("empty"), of_layers("normal"), strict=True):
        assert list(empty.columns) == list(full.columns)
        numbers = ["p", "value", "depth"]
        assert all(table[c].dtype == np.float64 for table in (empty, full) for c in numbers if c in table)


def test_a_knob_gives_every_row_its_room():
    table = lens_table()
    low, high = (charts.spec(lens.lens_chart(table, junctions=n))["height"] for n in (3, 9))
    assert high - low == 6 * lens.ROW
    low, high = (charts.spec(lens.attribution_chart(table, components=n))["height"] for n in (10, 30))
    assert high - low == 20 * lens.BAR


def test_repeated_tokens_keep_their_places():
    table = lens_table("abba")
    assert sorted(set(table["column"])) == ["000a", "001b", "002b", "003a"]
    assert sorted(set(table["row"])) == ["000input", "001attention 1", "002MLP 1"]


def test_a_cell_tells_the_target_its_rank_and_the_most_likely_tokens():
    cell = lens_table().iloc[1]
    assert (cell["after"], cell["where"], cell["word"]) == ("input", "1: b", "a")
    assert (cell["target"], cell["probability"], cell["rank"]) == ("b", "0.2500", "2")
    assert cell["most likely"] == "a 0.5000   b 0.2500   c 1\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}10⁻⁵"


def test_a_space_can_be_seen():
    table = lens_table("a b ", "bba ")
    assert table["where"][1] == "1: ␣"
    assert table["target"][3] == "␣"


def test_where_nothing_is_asked_no_probability_is_claimed():
    J, T = 3, 2
    p, rank = np.full((J, T), np.nan), np.zeros((J, T), dtype=int)
    table = lens.lens_frame(JUNCTIONS, ["a", "b"], ["", ""], [[["a"]] * T] * J, np.full((J, T, 1), 0.9), p, rank)
    assert set(table["kind"]) == {"idle"}
    assert set(table["probability"]) == set(table["rank"]) == {""}
    assert set(table["target"]) == {"nothing is asked here"}
    assert set(table["word"]) == {"a"}


def test_a_model_that_diverged_says_nan():
    J, T = 3, 1
    nan = np.full((J, T), np.nan)
    table = lens.lens_frame(JUNCTIONS, ["a"], ["b"], [[["a"]]] * J, nan[..., None], nan, np.zeros((J, T), dtype=int))
    assert set(table["kind"]) == {"nonfinite"}
    assert set(table["word"]) == set(table["probability"]) == {"NaN"}
    table = lens.attribution_frame({"embedding": np.nan, "blocks.0.mlp": np.inf}, np.nan)
    assert table["label"].tolist() == ["NaN", "+∞", "NaN"]
    assert set(table["kind"]) == {"nonfinite"}


def test_probability_is_always_coloured_from_0_to_1_in_the_ramp_of_the_theme():
    scales = [layer["encoding"]["color"].get("scale") for layer in specs("layers")[0]["layer"]]
    assert [(s["domain"], s["range"], s["type"]) for s in scales if s] == [([0, 1], "ramp", "sqrt")] * 2  # cells, words


def test_bars_stand_in_the_order_of_the_forward_pass_and_end_with_their_sum():
    table = lens.attribution_frame(PARTS, sum(PARTS.values()))
    assert table["component"].tolist() == ["embedding", "head 1.2", "MLP 1", "final norm bias", lens.SUM]
    assert table["value"].iloc[-1] == pytest.approx(table["value"].iloc[:-1].sum())
    assert table["label"].tolist() == ["+0.500", "−2.000", "+1.000", "+0.250", "−0.250"]


def test_the_side_of_zero_tells_the_sign_and_the_colour_the_layer():
    table = lens.attribution_frame(PARTS, -0.25).set_index("component")
    assert table["color"]["head 1.2"] == table["color"]["MLP 1"] == theme.layer(0)
    assert table["color"]["embedding"] == table["color"]["final norm bias"] == theme.OUTSIDE
    assert table["color"][lens.SUM] not in {theme.OUTSIDE, *theme.CATEGORICAL}
    assert table["kind"][lens.SUM] == "sum"


def test_components_have_plain_names():
    assert lens.component("decoder.embedding") == ("embedding", None)
    assert lens.component("unembedding.bias") == ("unembedding bias", None)
    assert lens.component("decoder.blocks.1.cross.0") == ("cross-head 2.1", 1)
    assert lens.component("blocks.1.attention.output.bias") == ("attention 2 bias", 1)
    assert lens.component("decoder.blocks.0.cross_norm.bias") == ("cross-attention norm 1 bias", 0)
    assert lens.junction("decoder.blocks.2.residual_cross") == "cross-attention 3"


def test_norms_hold_every_position_and_their_mean():
    table = lens.norms_frame(JUNCTIONS, ["a", "a"], np.array([[1, 3], [2, 4], [3, 5]]))
    assert table[table.kind == "mean"]["value"].tolist() == [2, 3, 4]
    assert table[table["where"] == "1: a"]["value"].tolist() == [3, 4, 5]
