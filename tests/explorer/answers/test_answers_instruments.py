"""The instruments as pages ask for them: on recorded batches at recorded weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_runs import TINY, recorded

from explorer import Run
from explorer.analysis import curvature, instruments
from explorer.analysis.instruments import NOISE, QUALITY, TESTS
from explorer.answers import instruments as views
from explorer.answers.records.instruments import Curvature, Measurement
from explorer.answers.records.record import pack, unpack
from explorer.runs.replay import restore
from explorer.runs.restored import training_at


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    return recorded(tmp_path_factory.mktemp("runs") / "tiny.run", 20, every=5)


@pytest.fixture
def path(run) -> str:
    return str(run.path)


def test_the_batch_is_the_one_that_the_step_was_trained_on(run, path):
    """Its mean gradient and loss are those that the trainer wrote."""
    measured = views.measure(path, 13)
    row = run.step_row(13)
    assert measured.length == pytest.approx(row["grad_norm"], rel=1e-4)
    assert measured.losses.mean() == pytest.approx(row["loss"], rel=1e-5)
    assert measured.along.mean() == pytest.approx(1, rel=1e-4)
    assert len(measured.texts) == len(measured.across) == run.config.train.batch


def test_numbers_travel_and_are_the_instruments_own(run, path):
    measured = unpack(pack(views.measure(path, 13)), Measurement)
    own = instruments.read(restore(run, 13)).numbers
    assert measured.numbers == pytest.approx(own, rel=1e-6)
    lengths = np.hypot(measured.along, measured.across) * measured.length
    squares = instruments.read(restore(run, 13)).pulls.squares
    np.testing.assert_allclose(lengths**2, squares, rtol=1e-4)


def test_the_history_holds_what_each_snapshot_gives(run, path):
    history = views.history(path, 20)
    assert history.steps.tolist() == run.snapshot_steps
    for i, step in enumerate(run.snapshot_steps):
        for name, value in instruments.read(restore(run, step)).numbers.items():
            assert history.numbers[name][i] == pytest.approx(value, rel=1e-5), (step, name)


def test_a_snapshot_is_measured_once(path, monkeypatch):
    views.history(path, 20)
    monkeypatch.setattr(views, "restore", None)
    progress = []
    history = views.history(path, 12, [QUALITY], progress=lambda done, of: progress.append(done))
    assert history.steps.tolist() == [0, 5, 10]
    assert set(history.numbers) == {"quality"}
    assert progress == []


def test_what_is_switched_on_later_is_added(tmp_path: Path):
    run = recorded(tmp_path / "later.run", 6, every=3)
    before = views.history(str(run.path), 6, [NOISE])
    progress: list[tuple[int, int]] = []
    after = views.history(str(run.path), 6, [TESTS, NOISE], progress=lambda done, of: progress.append((done, of)))
    assert progress == [(1, 3), (2, 3), (3, 3)]
    assert set(after.numbers) - set(before.numbers) == {"norm", "inner", "orthogonality"}
    np.testing.assert_array_equal(after.numbers["noise"], before.numbers["noise"])


def test_a_growing_run_is_measured_a_few_snapshots_at_a_time(tmp_path: Path):
    run = recorded(tmp_path / "grows.run", 18, every=2)
    measured = [views.history(str(run.path), 18, [NOISE], most=3).steps.tolist() for _ in range(4)]
    assert measured[0] == [0, 8, 18]
    assert [len(steps) for steps in measured] == [3, 6, 9, 10]
    assert measured[-1] == run.snapshot_steps


def test_with_one_sample_a_step_the_numbers_are_missing(tmp_path: Path):
    run = recorded(tmp_path / "one.run", 4, TINY.replace({"train.batch": 1}), every=2)
    measured = unpack(pack(views.measure(str(run.path), 4)), Measurement)
    assert set(measured.numbers.values()) == {None}
    history = views.history(str(run.path), 4)
    assert np.isnan(history.numbers["norm"]).all()


def test_where_training_ends_it_is_said(tmp_path: Path):
    run = recorded(tmp_path / "end.run", 4, TINY.replace({"train.steps": 4}), every=2)
    measured = views.measure(str(run.path), 4)
    assert measured.last
    assert measured.numbers["quality"] is None
    assert measured.numbers["norm"] > 0
    assert not views.measure(str(run.path), 2).last


def test_the_curvature_is_of_the_step_that_was_asked_for(run, path):
    answer = unpack(pack(views.curvature(path, 12)), Curvature)
    own = curvature.curvature(restore(run, 12))
    numbers = {name: getattr(answer, name) for name in ("top", "bottom", "divided", "lr")}
    numbers |= {"plain": answer.descent_edge, "own": answer.edge}
    assert numbers == pytest.approx(own, rel=1e-5)
    assert answer.optimizer == "adamw"
    assert answer.edge == pytest.approx(38 / answer.lr)


def test_looking_changes_no_weight(run, path):
    before = {name: weight.clone() for name, weight in run.model_at(13).state_dict().items()}
    training = training_at(path, 13, None)
    views.measure(path, 13)
    views.curvature(path, 13)
    assert training.step == 13
    assert all(torch.equal(before[name], weight) for name, weight in training.model.state_dict().items())
    assert not any(module.training for module in training.model.modules())
