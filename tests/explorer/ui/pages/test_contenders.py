"""Contenders of a race and drawn schedules, as the form makes them."""

from __future__ import annotations

import pandas as pd
import pytest
from tiny_runs import TINY

from explorer import RunConfig, presets
from explorer.config.optimizers import OPTIMIZERS
from explorer.runs import race
from explorer.ui import knobs
from explorer.ui.components.sketch import PLACES, checked
from explorer.ui.optimizers import contenders, scheduling

STEPS = 30


BASE = TINY.replace({"train.steps": STEPS})


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ("train.batch", "is no setting; write it as"),
        ("train.batch=0", "train.batch"),
        ("foo.bar=1", "there is no setting"),
        ("optimizer.drawn=0:1", "is no curve"),
    ],
)
def test_a_contender_that_cannot_be_is_refused_in_words(words, refusal):
    rows = [{"optimizer": "sgd", "learning rate": None, "other settings": words}]
    with pytest.raises(ValueError, match=refusal):
        contenders.configured(BASE, 1, rows)


def test_the_form_races_any_knob_and_the_names_say_what_differs():
    table = pd.DataFrame(
        [("adamw", 1e-3, ""), ("adamw", 1e-3, "train.batch=64 train.label_smoothing=0.1"), ("sgd", None, None)],
        columns=contenders.COLUMNS,
    )
    named = race.named(contenders.configured(contenders.started("reverse", 100), 1, table.to_dict("records")))
    assert list(named) == [
        "AdamW · lr 0.001",
        "AdamW · lr 0.001 · batch 64 · label smoothing 0.1",
        "SGD · lr 0.3",
    ]
    assert len(contenders.configured(BASE, 3, table.to_dict("records"))) == 9
    with pytest.raises(ValueError, match="two contenders are the same"):
        race.named([BASE, BASE])


@pytest.mark.parametrize("name", presets())
def test_a_race_of_one_click_is_on_the_task_and_the_model_of_the_run_looked_at(name):
    config = RunConfig.preset(name).replace({"train.seed": 3})
    raced = contenders.usual(config).values()
    assert [one.optimizer.name for one in raced] == list(contenders.AT_FIRST)
    for one in raced:
        assert (one.task, one.model) == (config.task, config.model)
        assert one.train == config.replace({"train.steps": contenders.STEPS}).train
        assert one.optimizer.lr == OPTIMIZERS[one.optimizer.name].lr


def test_without_a_run_a_race_of_one_click_reverses_a_sequence():
    assert {one.task for one in contenders.usual().values()} == {RunConfig.preset("reverse").task}


def test_no_two_values_of_a_slider_look_alike():
    assert all(rate == float(f"{rate:g}") for rate in knobs.RATES)


def test_a_drawn_curve_is_previewed_as_it_is_drawn():
    falling = BASE.replace({"optimizer.schedule": "drawn", "optimizer.drawn": "0:1 1:0"})
    (line,) = scheduling.ahead(falling, 0)
    assert line["value"][[0, -1]].tolist() == pytest.approx([5e-4, 0])


@pytest.mark.parametrize("sent", [None, "x", [1.0], [float("nan")] * PLACES, ["1"] * PLACES])
def test_a_drawn_curve_that_is_none_is_refused(sent):
    with pytest.raises(ValueError, match="draw it again"):
        checked(sent, 1.0)


def test_a_drawn_curve_stays_on_its_paper():
    assert checked([-1, 9, *[0.5] * (PLACES - 2)], 1.0)[:3] == [0, 1, 0.5]
