"""What Python sends to the canvas of curves."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from gallery import KINDS, panels
from messages import read_curves

from explorer.charts import gradients, nothing, progress, theme
from explorer.measure.names import tensor_name
from explorer.ui.components.curves import message, together

COLUMNS = ("loss", "lr", "grad_norm", "clipped_grad_norm", "metric", "seconds")


def curve(values: np.ndarray, spread: float = 0.0) -> dict[str, np.ndarray]:
    ends = {"min": -spread, "mean": 0.0, "max": spread}
    parts = {f"{c}_{end}": values + by for c in COLUMNS for end, by in ends.items()}
    return {"step": np.arange(len(values)), **parts}


def test_values_arrive_exactly_and_the_extremes_where_there_are_any():
    values = np.random.default_rng(0).random(50)
    _, (drawn,) = read_curves(message(progress.LOSS, progress.parts(curve(values, 0.1), "loss")))
    assert drawn["value"].tolist() == values.tolist()
    assert drawn["low"].tolist() == (values - 0.1).tolist()
    assert not read_curves(message(progress.LOSS, progress.parts(curve(values), "loss")))[1][0]["band"]


def test_a_run_without_steps_has_its_legend_and_no_number():
    header, (drawn,) = read_curves(message(progress.LOSS, progress.parts({}, "loss")))
    assert (drawn["series"], drawn["n"]) == ("training", 0)
    assert header["cursor"] is None


def test_what_belongs_to_a_curve_travels_with_it():
    events = [SimpleNamespace(step=3, kind="set", label="lr 1e-3, at step 3")]
    guide = progress.Guide(3.43, "guessing")
    other = progress.Earlier("lr 0.1", 0, curve(np.ones(4)))
    parts = progress.parts(curve(np.ones(9)), "loss", guide=guide, events=events, earlier=[other], cursor=5)
    header, drawn = read_curves(message(progress.LOSS, parts))
    assert [c["series"] for c in drawn] == ["training", "lr 0.1"]
    assert header["guides"] == [{"value": 3.43, "label": "guessing"}]
    assert header["events"] == [{"step": 3, "label": "lr 1e-3, at step 3", "color": theme.WARN}]
    assert header["cursor"] == 5


def test_an_infinite_value_is_a_mark_and_no_point():
    header, (drawn,) = read_curves(message(progress.LOSS, progress.parts(curve(np.array([1, np.inf, 2])), "loss")))
    assert np.isnan(drawn["value"][1])
    assert header["nonfinite"] == [{"step": 1.0, "go": 1, "label": "training: infinite", "short": "∞"}]


@pytest.mark.parametrize("kind", KINDS)
def test_every_picture_over_steps_travels_whatever_its_numbers(kind):
    for panel, parts in panels(kind):
        header, drawn = read_curves(message(panel, parts))
        json.dumps(header, allow_nan=False)
        assert header["look"]["scale"] == panel.scale
        assert drawn
        assert not any(np.isinf(c[column]).any() for c in drawn for column in ("value", "low", "high"))


def test_the_legend_names_the_parts_that_the_model_has_and_no_other():
    names = ["embedding.weight", "blocks.0.attention.project.weight", "blocks.0.mlp.expand.weight"]
    parts = gradients.ratio_parts(np.arange(2), np.full((2, 3), 1e-3), names)
    header, drawn = read_curves(message(gradients.RATIOS, parts))
    assert [name for name, _ in header["dashes"]] == ["attention", "MLP"]
    assert [c["name"] for c in drawn] == [tensor_name(name) for name in names]
    assert drawn[2]["dash"] == [4, 3]


@pytest.mark.parametrize(
    ("ratios", "note"),
    [([[0.0], [0.0]], nothing.WORDS), ([[np.nan], [0.0]], nothing.WORDS), ([[0.0], [1e-30]], ""), ([[np.inf]], "")],
)
def test_a_log_scale_on_which_nothing_has_a_place_says_so(ratios, note):
    parts = gradients.ratio_parts(np.arange(len(ratios)), np.array(ratios), ["embedding.weight"])
    assert read_curves(message(gradients.RATIOS, parts))[0]["nothing"] == note
    assert not read_curves(message(gradients.RATIOS, []))[0]["nothing"]
    assert not read_curves(message(progress.RATE, progress.parts(curve(np.zeros(3)), "lr")))[0]["nothing"]


def test_several_panels_lie_one_after_the_other_where_their_numbers_can_be_read_in_place():
    messages = [message(progress.LOSS, progress.parts(curve(np.arange(float(n))), "loss")) for n in (0, 1, 7)]
    messages.append(message(progress.RATE, progress.parts(curve(np.arange(3.0)), "lr"), sentence="not a multiple"))
    whole = together(messages, cards=True)
    start = 4 + int.from_bytes(whole[:4], "little")
    header = json.loads(whole[4:start])
    assert header == {"lengths": [len(one) for one in messages], "cards": True, "moment": None}
    assert whole[start:] == b"".join(messages)
    assert all(length % 8 == 0 for length in [start, *header["lengths"]])  # float64 lies at multiples of 8


@pytest.mark.parametrize("there", [True, False])
def test_a_branch_has_its_mark_and_its_parents_curve_from_there_on_where_that_is_here(there: bool):
    trunk = progress.Trunk("branch-3f2a9c", 4, curve(np.arange(9.0)) if there else None, fresh=True)
    header, drawn = read_curves(message(progress.LOSS, progress.parts(curve(np.ones(6)), "loss", trunk=trunk)))
    assert header["branch"] == {"step": 4, "label": "branched", "of": "branch-3f2a9c", "fresh": True}
    assert [c["series"] for c in drawn] == (["training", "parent"] if there else ["training"])
    if there:
        assert drawn[1]["kind"] == "earlier"
        assert drawn[1]["step"].tolist() == [4, 5, 6, 7, 8]
        assert drawn[1]["value"].tolist() == [4, 5, 6, 7, 8]


def test_a_branch_beyond_what_its_parent_has_kept_has_the_mark_alone():
    trunk = progress.Trunk("branch-3f2a9c", 9, curve(np.arange(9.0)))
    header, drawn = read_curves(message(progress.LOSS, progress.parts(curve(np.ones(12)), "loss", trunk=trunk)))
    assert (header["branch"]["step"], len(drawn)) == (9, 1)
