"""Thinning: a budget by the size of the model, and a finished run that is small and still exact at every step."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_runs import problems, recorded

from explorer.answers import attention, instruments, optimizer_state
from explorer.runs import restored, thinning
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore
from explorer.runs.run import Run
from explorer.runs.verification import check, stretches

Weights = dict[int, dict[str, torch.Tensor]]  # by step and name


@pytest.fixture(scope="module")
def slimmed(tmp_path_factory) -> tuple[Path, Weights]:
    """A run of 60 steps with a checkpoint at each that was made slim, and the weights that it had at each."""
    run = recorded(tmp_path_factory.mktemp("slim") / "run.run", 60, every=1)
    before = {s: {n: w.clone() for n, w in restore(run, s).weights().items()} for s in run.snapshot_steps}
    assert not problems(run)
    run.close()
    with pytest.MonkeyPatch.context() as patch, Recorder(run.path) as recorder:
        patch.setattr(thinning, "WEIGHTS_BYTES", 0)
        patch.setattr(thinning, "STATE_BYTES", 0)
        recorder.slim()
    return run.path, before


@pytest.fixture
def slim(slimmed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Weights]:
    """A copy of that run, where a run is made as slim."""
    path, before = slimmed
    monkeypatch.setattr(thinning, "WEIGHTS_BYTES", 0)
    monkeypatch.setattr(thinning, "STATE_BYTES", 0)
    return Path(shutil.copy(path, tmp_path)), before


def test_a_slim_run_shows_every_step_exactly(slim):
    path, before = slim
    run = Run.open(path)
    assert (run.last, len(run.snapshot_steps), len(run.checkpoint_steps)) == (60, 16, 9)
    for step, weights in before.items():
        of_a_page = [restored.training_at(str(path), step, None)] if step % 5 == 0 else []
        for training in (restore(run, step), *of_a_page):
            assert all(torch.equal(weights[name], weight) for name, weight in training.weights().items()), step
    assert all(check(run, stretch).exact for stretch in stretches(run))


def test_slimming_gives_the_space_back(tmp_path: Path, slim):
    whole = recorded(tmp_path / "whole.run", 60, every=1)
    whole.close()
    path, _ = slim
    assert path.stat().st_size < 0.3 * whole.path.stat().st_size
    assert not path.with_name(f"{path.name}-wal").exists()


def test_verification_compares_weights_from_which_training_cannot_go_on(slim):
    path, _ = slim
    run = Run.open(path)
    (bare, *_) = sorted({*run.snapshot_steps} - {*run.checkpoint_steps})
    (other,) = run.query("SELECT weights FROM snapshots WHERE step = 60")[0]
    run.close()
    with Recorder(path) as recorder, recorder._connection as connection:
        connection.execute("UPDATE snapshots SET weights = ? WHERE step = ?", (other, bare))
    changed = Run.open(path)
    (problem,) = problems(changed)
    assert f"at step {bare} differ" in problem


def test_a_slim_run_goes_on_and_stays_exact(slim):
    path, _ = slim
    with Recorder(path) as recorder:
        training = restore(Run.open(path), 60)
        for _ in range(20):
            recorder.add(next(training), training)
        recorder.snapshot(training)
        recorder.slim()
    run = Run.open(path)
    assert run.last == 80
    assert {0, 80} <= {*run.checkpoint_steps}
    assert not problems(run)


def test_slimming_twice_changes_nothing_more(slim):
    path, _ = slim
    before = Run.open(path).snapshot_steps
    with Recorder(path) as recorder:
        recorder.slim()
    assert Run.open(path).snapshot_steps == before


def test_what_needs_the_optimizer_reads_checkpoints_alone(slim):
    path, _ = slim
    run = Run.open(path)
    assert optimizer_state.spread(str(path), 60).steps.tolist() == run.checkpoint_steps
    assert instruments.history(str(path), 60, ("noise",)).steps.tolist() == run.checkpoint_steps
    bare = next(step for step in run.snapshot_steps if step not in run.checkpoint_steps)
    assert attention.patterns(str(path), bare).step == bare
    with pytest.raises(AssertionError):
        next(restored.training_at(str(path), bare, None))
    assert len(optimizer_state.effective(str(path), bare).names)


def test_the_budget_follows_the_size_of_the_model():
    assert thinning.allowance(10_000, 160_000_000, 16) == 3200  # all of a tiny model's: 32 MB
    assert thinning.allowance(1_267_524, 160_000_000, 16) == thinning.USUAL
    assert thinning.allowance(5_000_000, 160_000_000, 16) == 32
    assert thinning.allowance(5_000_000, 160_000_000, 2) == 32  # 160 MB
    assert thinning.allowance(50_000_000, 160_000_000, 2) == 4


@pytest.mark.parametrize("most", [1, 3, 16])
def test_sparse_steps_are_multiples_of_one_stride(most):
    kept = sorted(thinning.sparse(list(range(0, 100, 4)), most))
    assert 0 in kept
    assert len(kept) <= most
    assert len({*np.diff(kept)}) <= 1
