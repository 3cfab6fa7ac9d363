"""Blocks against formulas, and what each kind of model may see."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.config import ModelConfig
from models.families import adopt
from models.layers import Dropout
from models.positions import POSITIONS
from models.transformer import Block, attentions, build

V, T = 11, 8
SMALL = {"width": 16, "heads": 2, "layers": 2, "context": T}


def model_of(**fields: object) -> nn.Module:
    return build(ModelConfig(**SMALL | fields), V, torch.Generator().manual_seed(0), pad=0)


def tokens(rows: int = 2, length: int = T, seed: int = 0) -> Tensor:
    return torch.randint(1, V, (rows, length), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("positions", POSITIONS)
def test_a_decoder_never_looks_ahead(positions: str) -> None:
    model = model_of(positions=positions)
    read = tokens()
    for t in range(T - 1):
        changed = read.clone()
        changed[:, t + 1 :] = (changed[:, t + 1 :] % (V - 1)) + 1
        assert torch.equal(model(read)[:, : t + 1], model(changed)[:, : t + 1])


def test_the_jacobian_of_a_causal_model_is_lower_triangular() -> None:
    model = model_of().double()
    embedded = model.embedding(tokens(1)).detach().requires_grad_()
    model.embedding.forward = lambda _: embedded
    logits = model(tokens(1))[0]
    for t in range(T):
        (reach,) = torch.autograd.grad(logits[t].square().sum(), embedded, retain_graph=True)
        assert (reach[0, t + 1 :] == 0).all()
        assert (reach[0, : t + 1].abs().sum(-1) > 0).all()


def test_an_encoder_looks_both_ways() -> None:
    model = model_of(kind="encoder")
    read = tokens()
    changed = read.clone()
    changed[:, -1] = changed[:, -1] % (V - 1) + 1
    assert not torch.allclose(model(read)[:, 0], model(changed)[:, 0], atol=1e-9, rtol=0)


def test_an_encoder_decoder_ignores_what_pads_its_source() -> None:
    model = model_of(kind="encoder-decoder")
    source = tokens(length=5, seed=1)
    padded = torch.cat([source, torch.zeros(2, 3, dtype=torch.long)], 1)
    torch.testing.assert_close(model(tokens(), source), model(tokens(), padded), atol=1e-6, rtol=1e-5)
    other = source.clone()
    other[:, 0] = other[:, 0] % (V - 1) + 1
    assert not torch.equal(model(tokens(), source), model(tokens(), other))


def test_a_decoder_without_its_mask_looks_both_ways_and_that_of_a_translator_too() -> None:
    changed = tokens()
    changed[:, -1] = changed[:, -1] % (V - 1) + 1
    for kind in ("decoder", "encoder-decoder"):
        model = model_of(kind=kind, mask="none")
        assert not torch.equal(model(tokens(), tokens(seed=1))[:, 0], model(changed, tokens(seed=1))[:, 0])


def test_large_initial_weights_are_ten_times_the_others_and_biases_and_norms_as_ever() -> None:
    large = dict(model_of(init="large").named_parameters())
    for name, parameter in model_of().named_parameters():
        assert torch.equal(large[name], parameter * (10 if parameter.ndim > 1 else 1)), name


SWITCHES = [{"residual": "none"}, {"scale": "none"}, {"mask": "none"}, {"activation": "sigmoid"}]


@pytest.mark.parametrize("fields", SWITCHES, ids=lambda fields: next(iter(fields)))
@pytest.mark.parametrize("kind", ["decoder", "encoder-decoder"])
def test_a_model_that_adopts_a_setting_is_as_if_built_with_it(kind: str, fields: dict) -> None:
    model, source = model_of(kind=kind, init="large"), tokens(seed=1)
    before = model(tokens(), source)
    adopt(model, ModelConfig(**SMALL | fields, kind=kind))
    assert torch.equal(model(tokens(), source), model_of(kind=kind, init="large", **fields)(tokens(), source))
    assert not torch.equal(model(tokens(), source), before)
    adopt(model, ModelConfig(**SMALL, kind=kind))
    assert torch.equal(model(tokens(), source), before)


@pytest.mark.parametrize("residual", ["add", "none"])
@pytest.mark.parametrize("norm", ["pre", "post", "none"])
@pytest.mark.parametrize(
    ("name", "activation"),
    [("gelu", F.gelu), ("relu", F.relu), ("silu", F.silu), ("tanh", torch.tanh), ("sigmoid", torch.sigmoid)],
)
def test_a_block_is_its_formula(residual: str, norm: str, name: str, activation) -> None:
    config = ModelConfig(**SMALL, norm=norm, activation=name, positions="none", residual=residual)
    block = Block(config, torch.Generator().manual_seed(0), cross=False)
    x = torch.randn(2, T, 16, generator=torch.Generator().manual_seed(1))
    mask = torch.zeros(T, T)

    def attend(y: Tensor) -> Tensor:
        q, k, v = F.linear(y, block.attention.project.weight, block.attention.project.bias).split(16, 2)
        q, k, v = (a.view(2, T, 2, 8).transpose(1, 2) for a in (q, k, v))
        heads = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(2, T, 16)
        return F.linear(heads, block.attention.output.weight, block.attention.output.bias)

    def mlp(y: Tensor) -> Tensor:
        hidden = activation(F.linear(y, block.mlp.expand.weight, block.mlp.expand.bias))
        return F.linear(hidden, block.mlp.contract.weight, block.mlp.contract.bias)

    def normed(y: Tensor) -> Tensor:
        centred = y - y.mean(-1, keepdim=True)
        return centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()

    stay = float(residual == "add")
    if norm == "pre":
        middle = stay * x + attend(normed(x))
        expected = stay * middle + mlp(normed(middle))
    elif norm == "post":
        middle = normed(stay * x + attend(x))
        expected = normed(stay * middle + mlp(middle))
    else:
        middle = stay * x + attend(x)
        expected = stay * middle + mlp(middle)
    torch.testing.assert_close(block(x, mask, None), expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", ["decoder", "encoder", "encoder-decoder"])
def test_building_and_running_a_model_draws_nothing_from_the_global_state(kind: str) -> None:
    before = torch.get_rng_state()
    model = model_of(kind=kind, dropout=0.2)
    for dropout in (m for m in model.modules() if isinstance(m, Dropout)):
        dropout.generator = torch.Generator().manual_seed(0)
    model(tokens(), tokens(seed=1))
    assert torch.equal(before, torch.get_rng_state())


def test_the_same_generator_gives_the_same_weights() -> None:
    one, other = model_of().state_dict(), model_of().state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_dropout_zeroes_its_share_and_keeps_the_mean() -> None:
    dropout = Dropout(0.3).train()
    dropout.generator = torch.Generator().manual_seed(0)
    out = dropout(torch.ones(100_000))
    assert (out == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert out.mean().item() == pytest.approx(1, abs=0.01)
    assert torch.equal(dropout.eval()(out), out)


def test_attentions_are_named_by_their_paths() -> None:
    assert list(attentions(model_of())) == ["blocks.0.attention", "blocks.1.attention"]
    assert "decoder.blocks.1.cross" in attentions(model_of(kind="encoder-decoder"))
