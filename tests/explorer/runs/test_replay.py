"""Any step of a run, exactly."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_runs import TINY, problems, recorded

from explorer import Run, train
from explorer.runs.branch import branch
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore
from explorer.trace import mean_loss, observe


def losses_alone(steps: int, config=TINY) -> list[float]:
    return [step.loss for step in itertools.islice(train(config), steps)]


def test_a_recorded_run_has_the_losses_of_the_run_alone(tiny):
    assert tiny.steps["loss"].tolist() == losses_alone(40)


@pytest.mark.parametrize("step", [0, 1, 6, 7, 13, 39, 40])
def test_the_weights_at_any_step_are_those_of_training_straight_there(tiny, step):
    straight = train(TINY)
    for _ in range(step):
        next(straight)
    model = tiny.model_at(step)
    for name, weight in straight.weights().items():
        assert torch.equal(model.get_parameter(name), weight), name


@pytest.mark.parametrize("step", [0, 5, 20])
def test_the_loss_recorded_at_a_step_is_that_of_its_weights_on_its_batch(tiny, step):
    training = restore(tiny, step)
    batch = training.batch(step)
    with torch.no_grad():
        loss = mean_loss(tiny.model_at(step)(batch.tokens), batch.targets).item()
    assert loss == pytest.approx(tiny.steps["loss"][step], rel=1e-6)


def test_observing_between_steps_does_not_change_training():
    training = train(TINY)
    watched = []
    for _ in range(20):
        observe(training.model, training.task.probe())
        watched.append(next(training).loss)
    assert watched == losses_alone(20)


@pytest.mark.parametrize(
    "changes",
    [{"optimizer.name": name} for name in ("adam", "sgd", "momentum", "rmsprop", "adagrad", "muon")]
    + [
        {"model.dropout": 0.2},
        {"train.accumulate": 2},
        {"train.steps": 60, "optimizer.schedule": "cosine", "optimizer.warmup": 5},
        {"train.precision": "bfloat16"},
        {"model.kind": "encoder-decoder"},
    ],
    ids=str,
)
def test_a_resumed_run_goes_on_bit_for_bit(tmp_path: Path, changes):
    config = TINY.replace(changes)
    run = recorded(tmp_path / "run.run", 11, config, every=4)
    with Recorder(run.path) as recorder:
        training = restore(run, run.last)
        for _ in range(9):
            recorder.add(next(training), training)
    assert run.steps["loss"].tolist() == losses_alone(20, config)


def test_a_branch_without_changes_goes_the_same_way(tiny, tmp_path: Path):
    branch(str(tiny.path), 23, str(tmp_path / "branch.run"), {})
    other = Run.open(tmp_path / "branch.run")
    assert other.last == 23
    training = restore(other, 23)
    assert [next(training).loss for _ in range(17)] == tiny.steps["loss"][23:].tolist()


def test_a_branch_keeps_the_past_and_takes_its_changes(tiny, tmp_path: Path):
    branch(str(tiny.path), 23, str(tmp_path / "branch.run"), {"optimizer.lr": 0.5})
    other = Run.open(tmp_path / "branch.run")
    assert other.steps["loss"].tolist() == tiny.steps["loss"][:23].tolist()
    assert other.config_at(22).optimizer.lr == TINY.optimizer.lr
    assert other.config_at(23).optimizer.lr == 0.5
    assert other.meta("parent") == {"run": "tiny", "step": 23}
    assert torch.equal(
        other.model_at(9).get_parameter("embedding.weight"),
        tiny.model_at(9).get_parameter("embedding.weight"),
    )


def test_a_branch_with_a_setting_that_needs_a_restart_leaves_nothing_behind(tiny, tmp_path: Path):
    with pytest.raises(ValueError, match=r"model\.heads needs a restart"):
        branch(str(tiny.path), 5, str(tmp_path / "branch.run"), {"model.heads": 4})
    assert not (tmp_path / "branch.run").exists()


def test_interventions_are_replayed_at_their_step(tmp_path: Path):
    run = recorded(tmp_path / "run.run", 10, every=100)
    head = "blocks.0.attention.1"
    acts = [
        ("set", {"optimizer.lr": 0.02}),
        ("ablate", {"head": head}),
        ("freeze", {"head": "blocks.1.attention.0"}),
    ]
    with Recorder(run.path) as recorder:
        training = restore(run, 10)
        for kind, detail in acts:
            training.apply(kind, detail)
            recorder.event(10, kind, detail)
        for _ in range(6):
            recorder.add(next(training), training)
        training.apply("reset", {"head": head})
        recorder.event(16, "reset", {"head": head})
        recorder.snapshot(training)
        for _ in range(6):
            recorder.add(next(training), training)
        final = {name: w.clone() for name, w in training.weights().items()}
    for start in (0, 16):  # from before all of it, and from the checkpoint in between
        again = restore(run, max(start, 12))
        assert head in again.heads.ablated
        assert again.config.optimizer.lr == 0.02
    again = restore(run, 22)
    for name, weight in again.weights().items():
        assert torch.equal(weight, final[name]), name
    assert not problems(run)


def test_a_run_whose_head_was_reset_after_the_checkpoint_of_its_step_is_sound(tmp_path: Path):
    run = recorded(tmp_path / "run.run", 14, every=7)
    with Recorder(run.path) as recorder:
        training = restore(run, 14)
        training.apply("reset", {"head": "blocks.0.attention.1"})
        recorder.event(14, "reset", {"head": "blocks.0.attention.1"})  # and the process ended before its checkpoint
    assert not problems(run)
    with Recorder(run.path) as recorder:
        for _ in range(7):
            recorder.add(next(training), training)
        recorder.snapshot(training)
    assert not problems(run)


def test_a_step_never_taken_is_refused_in_a_sentence(tiny):
    with pytest.raises(ValueError, match="has steps 0 to 40 and not 41"):
        tiny.model_at(41)


def test_verification_finds_a_changed_number(tiny):
    assert not problems(tiny)
    path = tiny.path
    tiny.close()
    with Recorder(path) as recorder:
        recorder._connection.execute("UPDATE steps SET loss = loss + 1e-9 WHERE step = 17")
    changed = Run.open(path)
    found = problems(changed)
    assert len(found) == 1
    assert "step 17" in found[0]


def test_the_curve_of_a_run_keeps_every_column(tiny):
    curve = tiny.curve()
    assert np.array_equal(curve["loss_mean"], tiny.steps["loss"])
    assert np.array_equal(curve["step"], np.arange(40))
