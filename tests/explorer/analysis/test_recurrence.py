"""Gradient through time: against autograd, finite differences and a plain loop, for every family that has states."""

import copy

import numpy as np
import pytest
import torch

from explorer import RunConfig
from explorer.analysis import differences
from explorer.analysis.recurrence import through_time
from explorer.config.states import DECODER, states_of
from explorer.measure.recurrence import memory_time, reach
from explorer.tasks.base import IGNORE, Batch
from explorer.tasks.objective import CROSS_ENTROPY
from explorer.trace import observe
from explorer.training.loop import Training
from models import recurrent, transformer
from models.config import ModelConfig, RecurrentConfig

V, T = 9, 6


def of_kind(kind):
    generator = torch.Generator().manual_seed(1)
    if kind == "decoder":
        model = transformer.build(ModelConfig(width=8, heads=2, context=T), V, generator)
        return model, "blocks.1.residual_in"
    model = recurrent.build(RecurrentConfig(kind=kind, width=8, layers=2, context=T), V, generator)
    return model, "layers.0.hidden"


def example():
    tokens = torch.randint(V, (1, T), generator=torch.Generator().manual_seed(2))
    targets = tokens.roll(-1, 1).clone()
    targets[0, 1] = IGNORE
    return Batch(tokens, targets)


def one_tap(model, given, tap):
    places, parts = through_time(model, given, [tap])
    return places, parts[tap]


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru", "decoder"])
def test_the_parts_sum_to_the_gradient_of_the_whole_loss_and_none_comes_from_later(kind):
    model, tap = of_kind(kind)
    positions, parts = one_tap(model, example(), tap)
    assert positions == [0, 2, 3, 4, 5]
    for row, t in enumerate(positions):
        assert not parts[row, t + 1 :].any()
    whole = observe(model, example()).grads[tap][0] * len(positions)  # observe's loss is the mean
    np.testing.assert_allclose(parts.sum(0), whole, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru", "decoder"])
def test_one_state_nudged_changes_one_loss_as_the_gradient_says(kind):
    model, tap = of_kind(kind)
    model = copy.deepcopy(model).double()
    positions, parts = one_tap(model, example(), tap)
    t, s, c = 4, 2, 3

    def loss(size):
        passed = [0]

        def nudge(_module, _args, out):
            passed[0] += 1
            change = torch.zeros_like(out)
            if out.ndim == 3:
                change[0, s, c] = size
            elif passed[0] == s + 1:
                change[0, c] = size
            return out + change

        handle = model.get_submodule(tap).register_forward_hook(nudge)
        losses = CROSS_ENTROPY.losses(model.eval()(example().tokens), example().targets)
        handle.remove()
        return losses[0, t].item()

    slope = (loss(1e-5) - loss(-1e-5)) / 2e-5
    assert parts[positions.index(t), s, c].item() == pytest.approx(slope, rel=1e-5)


def test_many_targets_take_several_passes_and_say_the_same(monkeypatch):
    model, tap = of_kind("lstm")
    _, whole = one_tap(model, example(), tap)
    monkeypatch.setattr("explorer.analysis.recurrence.AT_ONCE", 1)
    assert torch.allclose(one_tap(model, example(), tap)[1], whole, rtol=1e-5, atol=1e-8)


def test_reach_is_the_mean_of_powers_at_each_distance():
    sizes = np.array([[1.0, 0, 0], [1e-2, 1e-1, 0], [1e-4, 0.0, np.inf]])
    found = reach(sizes, [0, 1, 2])
    assert found.distance.tolist() == [0, 1, 2]
    np.testing.assert_allclose(found.mean, [-0.5, -2, -4])
    np.testing.assert_allclose(found.high - found.mean, [0.5, 0, 0])
    np.testing.assert_allclose(found.gone, [0, 0.5, 0])
    assert reach(np.zeros((0, 3)), []).distance.tolist() == []
    assert np.isnan(reach(np.zeros((1, 1)), [0]).mean).all()


def test_memory_time_is_one_over_what_is_lost():
    np.testing.assert_allclose(memory_time(np.array([[0.5, 0.9, 1.0, 0.0]] * 2)), [2, 10, np.inf, 1])


def test_a_gradient_that_explodes_is_proved_by_nudges_that_arrive_alike(monkeypatch):
    training = Training(RunConfig.preset("exploding-rnn"))
    of_it = (states_of(training.config)[DECODER], 0, training.task.objective, training.task.vocabulary.pad, 39)
    row = differences.proof(training.model, training.task.probe(1), *of_it)
    assert row["exact"].max() > 1e4 * row["exact"][-1]
    np.testing.assert_allclose(row["h"] * np.maximum(row["exact"], row["exact"][-1]), row["h"][-1] * row["exact"][-1])
    np.testing.assert_allclose(row["along"], row["exact"], rtol=1e-5)
    assert (np.abs(row["along"] - row["exact"]) < 100 * row["grain"] + 1e-5 * row["exact"]).all()
    monkeypatch.setattr(differences, "MOST_GROWN", 1.0)  # nudges of one size
    alike = differences.proof(training.model, training.task.probe(1), *of_it)
    assert np.abs(alike["along"] / alike["exact"] - 1).max() > 0.01


def test_where_the_nearest_state_is_the_first_nudges_are_measured_by_it():
    lengths = torch.tensor([1.0, 4.0, 2.0, 0.5])
    h, noise = differences.sizes(lengths, backwards=True)
    assert (differences.H / h).tolist() == [1, 4, 2, 1]
    assert (noise / differences.EPSILON).tolist() == [1, 4, 4, 4]
    h, noise = differences.sizes(lengths.flip(0))
    assert (differences.H / h).tolist() == [1, 2, 4, 1]
    assert (noise / differences.EPSILON).tolist() == [4, 4, 4, 1]
    assert (differences.sizes(torch.tensor([3.0, 0.0]))[0] == differences.H).all()
