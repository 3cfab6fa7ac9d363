"""Gradient through time in an encoder's states: identities, finite differences, the way that attention cuts short."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from explorer.analysis import differences
from explorer.analysis.recurrence import alone, of_states
from explorer.config.run import RunConfig
from explorer.config.states import DECODER, states_of
from explorer.measure.recurrence import each_token, reach
from explorer.tasks.base import IGNORE, Batch
from explorer.tasks.objective import CROSS_ENTROPY
from explorer.trace import observe
from models.families import build

V, S, T, C, PAD = 11, 9, 5, 8, 0
LENGTH = 7  # of the source, the rest is padding
KINDS = ["gru-encoder-decoder", "gru-attention", "encoder-decoder"]
AHEAD, BACK = "encoder, left to right", "encoder, right to left"
RECURRENT = [(kind, name) for kind in KINDS[:2] for name in (AHEAD, BACK)]
EVERY = [*RECURRENT, ("encoder-decoder", "encoder"), *[(kind, DECODER) for kind in KINDS]]


def config_of(kind):
    changes = {"model.kind": kind, "model.width": C}
    return RunConfig.preset("dates-fr").replace(changes | ({"model.heads": 2} if kind == "encoder-decoder" else {}))


def made(kind):
    config = config_of(kind)
    model = build(config.model, V, torch.Generator().manual_seed(3), PAD)
    return model.double().eval(), states_of(config)


def example():
    generator = torch.Generator().manual_seed(4)
    source = torch.randint(1, V, (1, S), generator=generator)
    source[0, LENGTH:] = PAD
    tokens = torch.randint(1, V, (1, T), generator=generator)
    targets = tokens.roll(-1, 1).clone()
    targets[0, 1] = IGNORE
    return Batch(tokens, targets, source)


def itemised(kind, name):
    model, states = made(kind)
    return model, states[name], of_states(model, example(), states[name], 0, CROSS_ENTROPY, PAD)


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_the_parts_sum_to_autograds_gradient_of_the_whole_loss(kind, name):
    model, states, parts = itemised(kind, name)
    assert parts.places == [0, 2, 3, 4]
    count = T if name == DECODER else LENGTH
    assert parts.grads.shape == (4, count, C)
    whole = observe(model, example()).grads[states.tap.format(0)][0] * 4  # observe's loss is the mean
    read = whole[LENGTH - 1 :: -1] if name == BACK else whole
    np.testing.assert_allclose(parts.grads.sum(0), read[:count], rtol=1e-10, atol=1e-14)
    if name in (AHEAD, BACK):
        assert not whole[LENGTH:].any(), "nothing comes from padding"


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_each_state_nudged_changes_each_loss_as_the_gradient_says(kind, name):
    model, states, parts = itemised(kind, name)
    count, c = parts.length, 3
    for row, t in enumerate(parts.places):
        nudges = torch.zeros(2 * count, C, dtype=torch.float64)
        nudges[:count, c], nudges[count:, c] = 1e-5, -1e-5
        order = torch.arange(count) if name != BACK else count - 1 - torch.arange(count)
        losses = differences.nudged(
            model, alone(example(), [t]), states.tap.format(0), CROSS_ENTROPY, nudges, order.repeat(2)
        )[:, t]
        slopes = (losses[:count] - losses[count:]) / 2e-5
        torch.testing.assert_close(parts.grads[row, :, c], slopes, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_the_proof_finds_the_gradient_and_would_see_a_wrong_one(kind, name, monkeypatch):
    model, states, parts = itemised(kind, name)
    model = model.float()
    arguments = (example(), states, 0, CROSS_ENTROPY, PAD, 3)
    row = differences.proof(model, *arguments)
    seen = 4 if name == DECODER else LENGTH
    exact = parts.grads[2, :seen].norm(dim=1).numpy()
    for field in ("shown", "exact", "along"):
        np.testing.assert_allclose(row[field], exact, rtol=1e-4, atol=1e-8)
    np.testing.assert_allclose(row["along"], row["exact"], rtol=1e-6, atol=100 * row["grain"].max())
    np.testing.assert_allclose(row["aside"], row["expected"], rtol=1e-4, atol=100 * row["grain"].max() + 1e-7)
    assert row["summed"] < 1e-12

    def too_long(*given):
        result = of_states(*given)
        return type(result)(result.places, result.length, 1.01 * result.grads, result.direct)

    monkeypatch.setattr(differences, "of_states", too_long)
    wrong = differences.proof(model, *arguments)
    assert np.abs(wrong["along"] - wrong["exact"]).max() > 1e-3 * exact.max()
    assert wrong["summed"] == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize("name", [AHEAD, BACK])
def test_what_is_not_read_directly_goes_through_the_next_state(name):
    """h_s reaches the loss by attention to it, and by the state that follows; the last one by both ends."""
    model, states, parts = itemised("gru-attention", name)
    encoder = model.encoder.layers[0]
    cell = encoder.ahead if name == AHEAD else encoder.back
    tokens = example().source[0, :LENGTH] if name == AHEAD else example().source[0, :LENGTH].flip(0)
    hidden = observe(model, example(), gradients=False).values[states.tap.format(0)][0]
    whole, direct = (x if name == AHEAD else x.flip(1) for x in (parts.grads, parts.direct))
    for s in range(LENGTH - 1):
        h = torch.tensor(hidden[s], dtype=torch.float64)[None].requires_grad_()
        (after,) = cell.step(cell.input(model.encoder.embedding(tokens[s + 1 : s + 2])), h)
        for row in range(len(parts.places)):
            (passed,) = torch.autograd.grad(after, h, whole[row, s + 1][None], retain_graph=True)
            torch.testing.assert_close(whole[row, s], direct[row, s] + passed[0], rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize("name", [AHEAD, BACK])
def test_without_attention_nothing_is_read_directly(name):
    _, _, parts = itemised("gru-encoder-decoder", name)
    assert parts.direct is not None
    assert not parts.direct.any()
    assert parts.grads.all(-1).all()


def test_attention_makes_every_path_short():
    """What one token further from the end leaves at step 0; values of torch 2.13, proved above by differences."""
    factors = {}
    for kind, name in RECURRENT:
        model, states = made(kind)
        parts = of_states(model, example(), states[name], 0, CROSS_ENTROPY, PAD)
        sizes = parts.grads.norm(dim=2).numpy()
        factors[kind, name] = each_token(reach(sizes, parts.places, states[name].order))[0]
    assert factors == pytest.approx(
        {
            ("gru-encoder-decoder", AHEAD): 0.6258,
            ("gru-encoder-decoder", BACK): 0.5761,
            ("gru-attention", AHEAD): 1.1318,
            ("gru-attention", BACK): 0.9557,
        },
        rel=1e-3,
    )


def test_a_source_of_one_token_and_a_width_of_one_are_followed_too():
    config = config_of("gru-attention").replace({"model.width": 1})
    model = build(config.model, V, torch.Generator().manual_seed(3), PAD).eval()
    one = torch.ones(1, 1, dtype=torch.long)
    for states in states_of(config).values():
        parts = of_states(copy.deepcopy(model), Batch(one, one, one), states, 0, CROSS_ENTROPY, PAD)
        assert parts.grads.shape == (1, 1, 1)
        row = differences.proof(model, Batch(one, one, one), states, 0, CROSS_ENTROPY, PAD, 0)
        np.testing.assert_allclose(row["along"], row["exact"], rtol=1e-6, atol=1e-9)
