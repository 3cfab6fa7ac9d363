"""Which implementation of the model trained a run: recorded, and used again wherever its steps are."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import torch
from tiny_runs import TINY, recorded, trained
from torch import Tensor, nn

from explorer import Run, RunConfig
from explorer.runs import file
from explorer.runs.branch import branch
from explorer.runs.file import RunFileError
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore
from explorer.runs.verification import check, stretches
from explorer.tasks.objective import mean_loss
from explorer.training.device import place
from explorer.training.loop import Training
from explorer.training.place import Implementation
from models import fast

WIDE = TINY.replace({"model.width": 64})  # where the two are seen to round differently


def losses(config: RunConfig, implementation: Implementation, steps: int = 12) -> list[float]:
    training = Training(config, implementation=implementation)
    return [step.loss for step in itertools.islice(training, steps)]


def made_old(path: Path) -> Run:
    """The run as a version without the fast implementation writes it: the same file without the record."""
    with Recorder(path) as recorder:
        recorder._connection.execute("DELETE FROM meta WHERE key IN ('implementation', 'plain because')")
    return Run.open(path)


def test_a_new_run_says_that_the_fast_one_trains_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[Tensor] = []
    forward = fast.forward

    def counted(model: nn.Module, tokens: Tensor, source: Tensor | None) -> tuple:
        passes.append(tokens)
        return forward(model, tokens, source)

    monkeypatch.setattr(fast, "forward", counted)
    trained(tmp_path / "a.run", 12, WIDE)
    run = Run.open(tmp_path / "a.run")
    assert (run.meta("implementation"), run.meta("plain because")) == ("fast", "")
    assert len(passes) == 12, "its losses may be those of the plain one, to the bit, on some processors"
    assert run.steps["loss"].tolist() == losses(WIDE, "fast")
    passes.clear()
    losses(WIDE, "plain")
    assert not passes


def test_a_new_run_that_it_cannot_train_says_why(tmp_path: Path) -> None:
    config = WIDE.replace({"model.dropout": 0.1})
    run = recorded(tmp_path / "a.run", 12, config)
    assert (run.meta("implementation"), run.meta("plain because")) == ("fast", "it has no dropout")
    assert run.steps["loss"].tolist() == losses(config, "plain")


def test_a_run_without_the_record_is_replayed_branched_and_gone_on_with_by_the_plain_one(tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    file.begin(path, WIDE)
    with Recorder(path) as recorder:
        recorder._connection.execute("DELETE FROM meta WHERE key = 'implementation'")
        training = restore(Run.open(path), 0)
        recorder.describe(training)
        recorder.snapshot(training)
        for _ in range(12):
            recorder.add(next(training), training)
        recorder.snapshot(training)
    run = made_old(path)
    assert run.steps["loss"].tolist() == losses(WIDE, "plain")
    assert all(check(run, stretch).exact for stretch in stretches(run))
    branch(str(path), 7, str(tmp_path / "b.run"), {})
    other = Run.open(tmp_path / "b.run")
    with Recorder(other.path) as recorder:
        training = restore(other, 7)
        recorder.describe(training)
        for _ in range(5):
            recorder.add(next(training), training)
    assert other.steps["loss"].tolist() == losses(WIDE, "plain")
    assert [e.kind for e in other.events] == ["branched"], "it was trained here"


def test_the_plain_one_is_still_autograd_through_the_model() -> None:
    training, other = Training(WIDE, implementation="plain"), Training(WIDE, implementation="plain")
    batch = other.batch(0)
    loss = mean_loss(other.model(batch.tokens), batch.targets)
    reference = torch.autograd.grad(loss, list(other.named.values()))
    assert training.fill_gradients(0)[0] == loss.item()
    assert all(torch.equal(a, b) for a, b in zip(training.grads.values(), reference, strict=True))


@pytest.mark.parametrize("name", ["adamw", "muon"])  # one that steps numbers, one that steps matrices
def test_a_fast_training_goes_on_bit_for_bit_when_paused_changed_and_branched(name: str, tmp_path: Path) -> None:
    config = WIDE.replace({"optimizer.name": name, "optimizer.lr": 1e-3, "train.accumulate": 2})
    straight = losses(config, "fast", 14)
    run = recorded(tmp_path / "a.run", 8, config, every=3)
    with Recorder(run.path) as recorder:
        training = restore(run, run.last)
        for _ in range(6):
            recorder.add(next(training), training)
    assert run.steps["loss"].tolist() == straight
    branch(str(run.path), 5, str(tmp_path / "b.run"), {})
    training = restore(Run.open(tmp_path / "b.run"), 5)
    assert [next(training).loss for _ in range(9)] == straight[5:]


def test_the_plain_one_takes_only_the_steps_that_the_fast_one_cannot() -> None:
    training = Training(WIDE)
    reasons = []
    for kind, detail in (
        ("none", {}),
        ("ablate", {"head": "blocks.0.attention.1"}),
        ("restore", {"head": "blocks.0.attention.1"}),
        ("freeze", {"head": "blocks.0.attention.1"}),
        ("set", {"model.dropout": 0.2}),
        ("set", {"model.dropout": 0.0, "model.activation": "relu", "train.label_smoothing": 0.1}),
    ):
        training.apply(kind, detail)
        reasons.append(training.plain_because)
        next(training)
    assert reasons == ["", "it switches no heads off", "", "", "it has no dropout", ""]


def test_a_smoothed_loss_has_the_gradient_of_autograd() -> None:
    config = WIDE.replace({"train.label_smoothing": 0.2, "train.accumulate": 3})
    ours, plain = Training(config), Training(config, implementation="plain")
    assert ours.fill_gradients(0)[1:] == plain.fill_gradients(0)[1:]
    assert (ours.flat.grads - plain.flat.grads).norm() <= 1e-6 * plain.flat.grads.norm()


def test_an_unknown_implementation_is_refused(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.run", 3).path
    with Recorder(path) as recorder:
        file.set_meta(recorder._connection, "implementation", "faster still")
    with pytest.raises(RunFileError, match="implementation"):
        Run.open(path)


def test_a_place_without_a_record_of_products_is_the_same_if_all_else_is() -> None:
    here = place("cpu")
    plain = {key: value for key, value in here.plain().items() if key != "products"}
    before = type(here).of(plain)
    assert before is not None
    assert before.same(here)
    assert here.same(before)
    assert not here.same(type(here).of(plain | {"products": "another"}))
    assert not here.same(type(here).of(plain | {"rounding": "another"}))


def test_products_by_onednn_are_used_where_they_are() -> None:
    x, w, b = torch.ones(3, 4), torch.ones(2, 4), torch.ones(2)
    assert torch.equal(fast.product(x, w, b), torch.full((3, 2), 5.0))
    assert torch.equal(fast.gradient_of_weight(torch.ones(3, 5), x), torch.full((5, 4), 3.0))
