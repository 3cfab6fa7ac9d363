"""Measurements that compute something of their own, against a plain loop on a small training."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from explorer.answers.records.task import About
from explorer.config.run import RunConfig
from explorer.lessons.measurements import MEASUREMENTS
from explorer.lessons.measurements.curves import RECORDED, curve
from explorer.lessons.trial import Trial, Trials
from explorer.runs.replay import restore
from explorer.tasks.base import IGNORE

SMALL = {"model.width": 16, "model.heads": 2, "model.layers": 1, "train.batch": 8}
STEPS = 12


@pytest.fixture(scope="module")
def tally(tmp_path_factory) -> Trial:
    folder: Path = tmp_path_factory.mktemp("measurements")
    return Trial(folder / "tally.run", RunConfig.preset("tally").replace(SMALL), {STEPS})


def measure(name: str, trial: Trial, at: int, **using) -> float:
    return MEASUREMENTS[name].function(trial, at, **using)


def test_the_curve_beside_a_drawn_one_is_what_the_lesson_measures_at_each_step(tally):
    for name in RECORDED:
        steps, values = curve(tally.run, name, STEPS)
        assert steps.tolist() == list(range(STEPS + 1))
        assert values.tolist() == [measure(name, tally, at) for at in steps]
    assert [len(half) for half in curve(tally.run, "loss", 4)] == [5, 5]


def test_lessons_share_a_training_which_goes_on_bit_for_bit_and_is_asked_once(tally):
    config = RunConfig.preset("tally").replace(SMALL)
    with Trials() as trials:
        shared = trials.of(config, {5})
        assert shared.run.last == 5
        assert trials.of(config, {STEPS}) is trials.of(config, {3}) is shared
        assert list(shared.run.steps["loss"]) == list(tally.run.steps["loss"])
        assert shared.ask(About, 0) is shared.ask(About, 0)
        assert trials.of(config.replace({"train.seed": 1}), {1}) is not shared
        path = shared.path
    assert not path.exists()


def test_answers_from_their_own_memory_are_the_models_own(tally):
    training = restore(tally.run, STEPS)
    batch, right = training.task.probe(128), 0
    with torch.no_grad():
        for row in range(128):
            logits = training.model.eval()(batch.tokens[[row]], batch.source[[row]])[0]
            places = (batch.targets[row] != IGNORE).nonzero()[:, 0]
            right += all(int(logits[t].argmax()) == int(batch.targets[row, t]) for t in places)
    assert measure("right_from_memory", tally, STEPS, memory="own") == pytest.approx(right / 128)
    assert 0 <= measure("right_from_memory", tally, STEPS, memory="mean") <= 1


def test_the_computing_of_a_step_is_that_of_every_product(tmp_path):
    config = RunConfig.preset("shakespeare").replace({**SMALL, "model.context": 16})
    trial = Trial(tmp_path / "letters.run", config, {0})
    assert measure("off_flops", trial, 0, formula="whole") == 0
    blocks, rest = 24 * 16 * 16, 4 * 16 * 16 + 2 * 16 * len(trial.run.task.vocabulary)
    assert measure("off_flops", trial, 0, formula="6N") == pytest.approx(rest / (blocks + rest))
    with pytest.raises(ValueError, match="formulas are 6N, whole"):
        measure("off_flops", trial, 0, formula="7N")


def test_pruning_loses_what_the_rate_that_leads_early_is_behind_in_the_end(tally):
    alone = measure("lost_by_pruning", tally, STEPS, rates="0.01", early=3)
    assert alone == 0
    rates = "1e-6 0.01"
    assert measure("lost_by_pruning", tally, STEPS, rates=rates, early=STEPS) == 0
    first = measure("lost_by_pruning", tally, STEPS, rates=rates, early=1)  # the same loss before any step: the first
    assert first > 0.01
