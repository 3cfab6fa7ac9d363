"""Which batch: the examples of a step by loss, their shares of the trained gradient, and where the loss spikes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from messages import looked_for
from tiny_runs import TINY, recorded
from visits import look

from explorer import Run
from explorer.answers import instruments
from explorer.measure.names import percent
from explorer.runs import catalogue
from explorer.runs.replay import restore
from explorer.ui.gradients import batch

STEPS = 40


@pytest.fixture(scope="module")
def run(served) -> Run:
    return recorded(catalogue.new_path("batches"), STEPS, TINY, every=10)


def test_the_shares_are_those_of_a_plain_loop_and_sum_to_the_trained_gradient(run):
    """One backward pass an example; their mean is what the trainer wrote."""
    measured = instruments.measure(str(run.path), 13, ())
    training = restore(run, 13)
    (one,) = training.batches(13)
    parameters, B = list(training.named.values()), len(one.tokens)
    training.model.eval()
    gradients = []
    for i in range(B):
        loss = training.criterion.mean(training.model(one.tokens[i : i + 1]), one.targets[i : i + 1])
        gradients.append(torch.cat([g.flatten() for g in torch.autograd.grad(loss, parameters)]).double())
    mean = torch.stack(gradients).mean(0)
    own = [float(g @ mean / mean.square().sum()) / B for g in gradients]
    np.testing.assert_allclose(batch.shares(measured), own, rtol=1e-3, atol=1e-5)
    assert batch.shares(measured).sum() == pytest.approx(1, rel=1e-5)
    row = run.step_row(13)
    assert float(mean.norm()) == pytest.approx(row["grad_norm"], rel=1e-5)
    assert measured.length == pytest.approx(row["grad_norm"], rel=1e-5)


def test_the_page_lists_the_batch_of_the_step_and_goes_to_the_largest_spike(run):
    app = look("gradients", {"run": run.path.stem, "step": "13"}, inside="Which batch")
    measured = instruments.measure(str(run.path), 13, ())
    assert batch.sentence(measured, run.step_row(13)["grad_norm"]) in looked_for(app)[-1]
    (button,) = [one for one in app.button if one.key == "largest-spike"]
    spike = batch.largest_spike(run.steps["loss"])
    button.click().run()
    assert app.query_params["step"] == [str(spike)] or app.query_params["step"] == str(spike)


def test_a_spike_is_the_loss_that_stands_highest_above_the_median_before_it():
    losses = np.linspace(3, 1, 100)
    losses[70] += 1.5
    losses[80] += 1.0
    assert batch.largest_spike(losses) == 70
    losses[90] = np.inf
    assert batch.largest_spike(losses) == 70
    assert batch.largest_spike(np.linspace(3, 1, 100)) is None
    assert batch.largest_spike(losses[: batch.BEFORE]) is None


def test_sentences_say_what_the_hardest_examples_give(run):
    measured = replace(
        instruments.measure(str(run.path), 13, ()),
        losses=np.array([1.0, 4.0, 2.0, 1.0]),
        along=np.array([0.4, 3.0, 0.8, -0.2]),
        length=2.0,
        dropout=0.0,
    )
    assert batch.sentence(measured, 2.0) == (
        f"the mean loss is 2 nats, the highest 4. The example with the highest loss, {percent(0.25)} of the batch, "
        f"gives {percent(0.75)} of ‖g‖. ‖g‖ is 2 here, and 2 when the step was trained."
    )
    assert batch.sentence(measured, None).endswith("This step is not trained yet.")
    assert "not finite" in batch.sentence(replace(measured, along=np.full(4, np.nan)), 2.0)
