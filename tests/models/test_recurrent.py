"""Recurrent networks: against torch's own, and the two ways of computing one against each other."""

import pytest
import torch
from torch import nn

from explorer.tasks.base import Batch
from explorer.trace import observe
from models import recurrent
from models.config import RecurrentConfig
from models.recurrent import CELLS

KINDS = list(CELLS)
TORCHS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
B, T, V = 3, 7, 11


def made(kind, **settings):
    config = RecurrentConfig(kind=kind, **{"width": 8, "layers": 2, **settings})
    return recurrent.build(config, V, torch.Generator().manual_seed(3)).eval()


def tokens():
    return torch.randint(V, (B, T), generator=torch.Generator().manual_seed(4))


def batch():
    return Batch(tokens(), tokens().roll(-1, 1), None)


def torchs(model, kind):
    """torch's network with the same weights."""
    twin = TORCHS[kind](8, 8, len(model.layers), batch_first=True)
    with torch.no_grad():
        for number, layer in enumerate(model.layers):
            for name, part in (("ih", layer.input), ("hh", layer.recurrent)):
                getattr(twin, f"weight_{name}_l{number}").copy_(part.weight)
                getattr(twin, f"bias_{name}_l{number}").copy_(part.bias)
    return twin


@pytest.mark.parametrize("kind", KINDS)
def test_written_out_it_is_torchs_network_in_values_and_in_gradients(kind):
    model = made(kind)
    twin, read = torchs(model, kind), tokens()
    ours, theirs = model(read), model.unembedding(twin(model.embedding(read))[0])
    torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-6)
    weigh = torch.randn(ours.shape, generator=torch.Generator().manual_seed(5))
    ((ours + theirs) * weigh).sum().backward()
    for number, layer in enumerate(model.layers):
        for name, part in (("ih", layer.input), ("hh", layer.recurrent)):
            for what, parameter in part.named_parameters():
                expected = getattr(twin, f"{what}_{name}_l{number}").grad
                torch.testing.assert_close(parameter.grad, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_looking_it_computes_the_same_by_torchs_loop(kind):
    model = made(kind).train()
    fused = model(tokens())
    handle = model.layers[0].hidden.register_forward_hook(lambda *_: None)
    assert model.layers[0].watched()
    assert not model.layers[1].watched()
    torch.testing.assert_close(model(tokens()), fused, rtol=1e-6, atol=1e-6)
    handle.remove()
    assert torch.equal(model(tokens()), fused)


@pytest.mark.parametrize("kind", KINDS)
def test_a_tap_in_a_cell_has_every_position_and_the_whole_gradient(kind):
    model, given = made(kind).double(), batch()
    seen = observe(model, given)
    assert seen.values["layers.0.hidden"].shape == seen.grads["layers.0.hidden"].shape == (B, T, 8)

    def loss(nudged):
        layer, count = model.layers[0], [0]

        def nudge(_module, _args, out):
            count[0] += 1
            change = torch.zeros_like(out)
            change[1, 5] = nudged if count[0] == 3 else 0  # at the third position
            return out + change

        handle = layer.hidden.register_forward_hook(nudge)
        try:
            logits = model(given.tokens)
        finally:
            handle.remove()
        return nn.functional.cross_entropy(logits.flatten(0, 1), given.targets.flatten()).item()

    slope = (loss(1e-5) - loss(-1e-5)) / 2e-5
    assert seen.grads["layers.0.hidden"][1, 2, 5] == pytest.approx(slope, rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_no_position_sees_what_comes_after_it(kind):
    model, one = made(kind), tokens()
    other = one.clone()
    other[:, 4] = (other[:, 4] + 1) % V
    assert torch.equal(model(one)[:, :4], model(other)[:, :4])
    assert not torch.equal(model(one)[:, 4:], model(other)[:, 4:])


def test_the_gate_that_keeps_the_state_begins_with_the_bias_of_the_config():
    lstm, gru = made("lstm", forget_bias=1.0), made("gru", forget_bias=-2.0)
    assert (lstm.layers[0].input.bias.detach() == torch.tensor([0.0, 1, 0, 0]).repeat_interleave(8)).all()
    assert (gru.layers[0].input.bias.detach() == torch.tensor([0.0, -2, 0]).repeat_interleave(8)).all()
    zeros = torch.zeros(1, 8)
    forget = torch.sigmoid(torch.tensor(1.0))
    hidden, cell = lstm.layers[0].step(lstm.layers[0].input(zeros), zeros, torch.ones(1, 8))
    assert torch.allclose(cell, forget.expand(1, 8))
    assert torch.allclose(hidden, 0.5 * torch.tanh(forget).expand(1, 8))


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"width": 0}, "model.width=0"),
        ({"layers": 0}, "model.layers=0"),
        ({"context": 3}, "model.context=3"),
        ({"gain": -1}, "model.gain=-1"),
        ({"forget_bias": 11}, "model.forget_bias=11"),
        ({"dropout": 1.0}, "model.dropout=1.0"),
    ],
)
def test_what_is_out_of_range_is_refused_with_its_name(settings, named):
    with pytest.raises(ValueError, match=named):
        RecurrentConfig(**settings)


@pytest.mark.parametrize("kind", KINDS)
def test_one_cell_reads_one_token(kind):
    model = made(kind, width=1, layers=1)
    assert model(tokens()[:, :1]).shape == (B, 1, V)
