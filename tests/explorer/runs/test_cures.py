"""Cures: a run that fails on purpose goes on with the fix where its weights fit, bit for bit, and learns."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from tiny_runs import TINY, problems, recorded

from explorer import Run
from explorer.config.presets import BROKEN
from explorer.runs.branch import branch
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore
from explorer.training.loop import Training

GOES_ON = [name for name in BROKEN if BROKEN[name].anew is None]
SWITCHES = {
    "model.residual": "none",
    "model.scale": "none",
    "model.activation": "sigmoid",
    "model.mask": "none",
    "train.batch": 1,
}


def test_those_whose_weights_fit_the_cure_go_on_and_the_others_say_why_they_cannot() -> None:
    assert set(BROKEN) - set(GOES_ON) == {
        *("no-norm", "post-norm", "large-init", "large-lr"),
        *("delay-rnn", "forgetful-lstm", "exploding-rnn"),
    }


@pytest.mark.parametrize("path", SWITCHES)
def test_a_switched_setting_acts_from_the_next_step_on(path: str) -> None:
    broken, sound = (Training(TINY.replace({path: value})) for value in (SWITCHES[path], TINY.get(path)))
    broken.apply("set", {path: TINY.get(path)})
    assert [next(broken).loss for _ in range(3)] == [next(sound).loss for _ in range(3)]


@pytest.mark.parametrize("path", SWITCHES)
def test_a_cured_branch_keeps_its_past_and_is_the_same_again_when_trained_again(path: str, tmp_path: Path) -> None:
    run = recorded(tmp_path / "broken.run", 9, TINY.replace({path: SWITCHES[path]}), every=4)
    branch(str(run.path), 6, str(tmp_path / "cured.run"), {path: TINY.get(path)})
    cured = Run.open(tmp_path / "cured.run")
    assert cured.config == run.config
    assert cured.config_at(6).get(path) == TINY.get(path)
    assert (cured.steps["loss"] == run.steps["loss"][:6]).all()
    with Recorder(cured.path) as recorder:
        training = restore(cured, 6)
        for _ in range(5):
            recorder.add(next(training), training)
        recorder.snapshot(training)
    assert problems(cured) == []
    other = Training(TINY)
    with torch.no_grad():
        for name, weight in restore(cured, 8).weights().items():
            other.named[name].copy_(weight)
    batch = other.batch(8)
    assert torch.equal(other.model(batch.tokens), restore(cured, 8).model(batch.tokens))  # the sound model's


def test_a_cure_that_needs_other_weights_is_refused_as_a_branch_in_a_sentence(tmp_path: Path) -> None:
    run = recorded(tmp_path / "broken.run", 3, TINY.replace({"model.norm": "none"}))
    with pytest.raises(ValueError, match=r"model\.norm needs a restart; live are "):
        branch(str(run.path), 2, str(tmp_path / "cured.run"), {"model.norm": "pre"})
    assert not (tmp_path / "cured.run").exists()


@pytest.mark.prove
@pytest.mark.parametrize("name", BROKEN)
def test_started_again_with_its_cure_each_learns(name: str) -> None:
    assert learnt(Training(BROKEN[name].config.replace(BROKEN[name].cure)), 500)


@pytest.mark.prove
@pytest.mark.parametrize("name", GOES_ON)
def test_cured_after_150_steps_each_that_can_go_on_learns(name: str) -> None:
    training = Training(BROKEN[name].config)
    for _ in range(150):
        next(training)
    training.apply("set", BROKEN[name].cure)
    assert learnt(training, 600)
    assert training.config == BROKEN[name].config.replace(BROKEN[name].cure)


@pytest.mark.prove
def test_what_a_learning_rate_a_hundred_times_too_large_ruined_does_not_mend() -> None:
    training = Training(BROKEN["large-lr"].config)
    for _ in range(150):
        next(training)
    training.apply("set", BROKEN["large-lr"].cure)
    assert not learnt(training, 500)


def learnt(training: Training, steps: int) -> bool:
    """True where the loss came to less than half of that of guessing."""
    losses = [next(training).loss for _ in range(steps)]
    return sum(losses[-20:]) / 20 < 0.5 * math.log(len(training.task.vocabulary))
