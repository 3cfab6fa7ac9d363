"""What an optimizer keeps and how large its steps are, against the training's own state and what a step does."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny_runs import TINY, recorded

from explorer import Run
from explorer.answers import optimizer_state as view
from explorer.runs.replay import restore
from explorer.training.optimizers import steppings


def made(tmp_path, name: str, steps: int = 9) -> Run:
    config = TINY.replace({"optimizer.name": name, "optimizer.weight_decay": 0.0, "train.clip": None})
    return recorded(tmp_path / f"{name}.run", steps, config, every=3)


def test_quantiles_and_histogram_are_those_of_the_state_itself(tmp_path):
    run = made(tmp_path, "adamw")
    answer = view.spread(str(run.path), 9)
    assert [(numbers.key, numbers.symbol) for numbers in answer.kept] == [("exp_avg", "m"), ("exp_avg_sq", "v")]
    assert answer.steps.tolist() == run.snapshot_steps
    quantiles, histogram = answer.kept[0].quantiles, answer.kept[0].histogram
    assert np.isnan(quantiles[0]).all()
    state = restore(run, 9).state()
    sizes = np.concatenate([v.numpy().ravel() for k, v in state.items() if k.endswith("/exp_avg")])
    sizes = np.abs(sizes)[sizes != 0].astype(np.float64)
    np.testing.assert_allclose(quantiles[-1], np.quantile(sizes, view.QUANTILES), rtol=1e-12)
    assert histogram.sum() == pytest.approx(1)
    at = np.searchsorted(view.BINS, np.log10(np.median(sizes))) - 1
    inside = (np.log10(sizes) >= view.BINS[at]) & (np.log10(sizes) < view.BINS[at + 1])
    assert histogram[at] == pytest.approx(inside.mean())


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("sgd", []),
        ("nesterov", ["momentum_buffer"]),
        ("rmsprop", ["square_avg"]),
        ("adagrad", ["sum"]),
        ("muon", ["momentum_buffer", "exp_avg", "exp_avg_sq"]),
    ],
)
def test_each_optimizer_keeps_its_own(tmp_path, name, keys):
    kept = view.spread(str(made(tmp_path, name, 4).path), 4).kept
    assert [numbers.key for numbers in kept] == keys


@pytest.mark.parametrize("name", ["adamw", "adam", "sgd", "rmsprop", "adagrad"])
def test_the_step_just_taken_is_the_factor_times_what_it_was_applied_to(tmp_path, name):
    run = made(tmp_path, name)
    training = restore(run, 8)
    before = {key: value.clone() for key, value in training.weights().items()}
    step = next(training)
    state = training.state()
    for key, stepping in steppings(training.optimizer).items():
        factor = stepping.factor(step.lr)
        if f"{key}/exp_avg" in state:
            pulled = (state[f"{key}/exp_avg"] / (1 - 0.9 ** state[f"{key}/step"])).flatten()
        else:
            pulled = training.grads[key].flatten()
        moved = (before[key] - training.weights()[key]).flatten()
        torch.testing.assert_close(factor * pulled, moved, rtol=1e-3, atol=3e-7)


def test_muons_matrices_have_no_factor_and_the_rest_has(tmp_path):
    answer = view.effective(str(made(tmp_path, "muon", 4).path), 4)
    assert answer.whole
    assert all("blocks." in name for name in answer.whole)
    assert "embedding.weight" in answer.names
    assert answer.sizes.shape == (len(answer.names), len(view.QUANTILES))
    assert (np.diff(answer.sizes, axis=1) >= 0).all()


def test_at_its_end_a_run_shows_the_rate_of_its_last_step_and_not_the_zero_behind_it(tmp_path):
    config = TINY.replace({"train.steps": 6, "optimizer.schedule": "linear"})
    run = recorded(tmp_path / "ended.run", 6, config, every=3)
    assert view.effective(str(run.path), 6).lr == pytest.approx(run.steps["lr"][-1])
    assert view.effective(str(run.path), 3).lr == pytest.approx(run.steps["lr"][3])
