"""Since which step a run is not finite: told from its weights and from what it computes, one step after the other."""

from __future__ import annotations

from contextlib import suppress

import pytest
import torch
from tiny_runs import TINY, recorded

from explorer.answers import following, recurrence
from explorer.answers.finiteness import finiteness
from explorer.runs.restored import training_at
from explorer.training.divergence import Diverged
from explorer.training.loop import Training
from explorer.ui.memory import fading, finding, inside, lost

LSTM = TINY.replace({"model.kind": "lstm", "model.width": 8})
BURSTS = LSTM.replace(  # every step multiplies the weights by 999
    {"optimizer.name": "sgd", "optimizer.lr": 100.0, "optimizer.weight_decay": 10.0, "train.clip": None}
)
OVERFLOWS = TINY.replace({"model.norm": "none", "model.layers": 6, "optimizer.lr": 100.0, "train.clip": None})


def first_lost(config) -> tuple[int, bool]:
    """The same by a plain loop: the first step that is lost, and whether its weights are finite."""
    training = Training(config)
    probe = training.task.probe()
    with suppress(Diverged):
        for _ in range(30):
            next(training)
            weights = all(bool(one.isfinite().all()) for one in training.model.parameters())
            with torch.no_grad():
                if not weights or not training.model(probe.tokens).isfinite().all():
                    break
    return training.step, weights


@pytest.mark.parametrize(("config", "every"), [(BURSTS, 1), (BURSTS, 5), (OVERFLOWS, 1), (OVERFLOWS, 50)])
def test_the_first_step_that_is_lost_is_that_of_a_plain_loop(config, every, tmp_path):
    since, weights = first_lost(config)
    run = recorded(tmp_path / "a.run", 30, config, every=every)
    assert run.status.state == "diverged"
    answer = finiteness(str(run.path), run.last)
    assert (answer.since, answer.well, answer.weights) == (since, since - 1, weights)
    assert weights == (config is OVERFLOWS)
    assert finiteness(str(run.path), since - 1).since is None
    said = lost.sentence(answer)
    assert f"since step {since}" in said
    assert said.endswith(f"Step {since - 1} is the last that is well.")


def test_nothing_is_claimed_of_cells_that_hold_no_numbers(tmp_path):
    run = recorded(tmp_path / "a.run", 30, BURSTS, every=1)
    path, end = str(run.path), run.last
    assert not all(bool(one.isfinite().all()) for one in training_at(path, end, None).model.parameters())
    found = following.find(path, end, start=0, end=2)
    assert found.followers == []
    assert found.here is None
    assert finding.sentence(found, {}) == f"at step {end} the states are not finite any more."
    assert following.since(path, end, what=found.what).least[-1].max() == 0
    triangle = recurrence.through_time(path, end)
    assert fading.reach_sentence(triangle) == f"at step {end} the gradient is not finite any more."
    huge = recurrence.one_cell(path, end - 1)
    assert "what it rounds decides" in inside.agreement(huge) or "the model’s own" in inside.agreement(huge)
