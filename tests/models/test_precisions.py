"""bfloat16 products against plain float32, with the tolerance that eight bits allow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from models import precisions
from models.attention import attention_scores, weighted_values
from models.config import ModelConfig
from models.transformer import build

EPS = 2**-8  # bfloat16's: the spacing of numbers at 1 is 2 · EPS, rounding errs by EPS at most


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).requires_grad_()


MASK = torch.zeros(9, 9).masked_fill(torch.ones(9, 9).triu(1).bool(), float("-inf"))
PAIRS = {
    "linear": (precisions.bfloat16_linear, F.linear, (drawn(4, 9, 16), drawn(24, 16), drawn(24))),
    "scores": (
        lambda q, k: precisions.bfloat16_scores(q, k, MASK).softmax(-1),
        lambda q, k: attention_scores(q, k, MASK).softmax(-1),
        (drawn(2, 3, 9, 8), drawn(2, 3, 9, 8, seed=1)),
    ),
    "values": (precisions.bfloat16_values, weighted_values, (drawn(2, 3, 9, 9), drawn(2, 3, 9, 8))),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_bfloat16_product_is_the_float32_one_within_its_rounding(name: str) -> None:
    fast, plain, inputs = PAIRS[name]
    ours, theirs = fast(*inputs), plain(*inputs)
    assert ours.dtype == torch.float32
    assert (ours - theirs).norm() <= 2 * EPS * theirs.norm()
    weight = drawn(*theirs.shape, seed=5).detach()
    mine = torch.autograd.grad((ours * weight).sum(), inputs)
    other = torch.autograd.grad((theirs * weight).sum(), inputs)
    for a, b in zip(mine, other, strict=True):
        assert a.dtype == torch.float32
        assert (a - b).norm() <= 4 * EPS * b.norm()


def gradient(model: torch.nn.Module, tokens: Tensor, create_graph: bool = False) -> Tensor:
    loss = F.cross_entropy(model(tokens).flatten(0, 1), tokens.roll(-1).flatten())
    grads = torch.autograd.grad(loss, list(model.parameters()), create_graph=create_graph)
    return torch.cat([g.flatten() for g in grads])


def hessian_product(model: torch.nn.Module, tokens: Tensor, direction: Tensor) -> Tensor:
    along = gradient(model, tokens, create_graph=True) @ direction
    return torch.cat([g.flatten() for g in torch.autograd.grad(along, list(model.parameters()))])


def test_the_whole_gradient_points_the_same_way_and_curvature_too() -> None:
    model = build(ModelConfig(context=16), 20, torch.Generator().manual_seed(0))
    tokens = torch.randint(20, (8, 16), generator=torch.Generator().manual_seed(1))
    plain = gradient(model, tokens)
    direction = plain / plain.norm()
    curved = hessian_product(model, tokens, direction)
    precisions.use(model, "bfloat16")
    fast = gradient(model, tokens)
    assert torch.cosine_similarity(plain, fast, 0) > 0.999
    assert not torch.equal(plain, fast)
    assert torch.cosine_similarity(curved, hessian_product(model, tokens, direction), 0) > 0.99
    precisions.use(model, "float32")
    assert torch.equal(plain, gradient(model, tokens))


def test_in_float64_the_numbers_of_positions_are_their_formulas_own():
    """Against numpy in float64: the model's own numbers are float32, and longer they would be no more exact."""
    T, C, H = 40, 24, 3
    D, t = C // H, np.arange(40)[:, None]
    config = ModelConfig(width=C, heads=H, context=T, layers=1, positions="rotary")

    def wide(positions: Any) -> Any:
        model = build(replace(config, positions=positions), 9, torch.Generator().manual_seed(0))
        return precisions.in_float64(model).positions

    angle = t * 10000.0 ** (-np.arange(0, D, 2) / D)
    rotary = wide("rotary")
    np.testing.assert_allclose(rotary.cos.numpy(), np.cos(angle), rtol=0, atol=1e-15)
    np.testing.assert_allclose(rotary.sin.numpy(), np.sin(angle), rtol=0, atol=1e-15)
    angle = t * 10000.0 ** (-np.arange(0, C, 2) / C)
    table = np.stack([np.sin(angle), np.cos(angle)], -1).reshape(T, C) * 0.02 * np.sqrt(2)
    np.testing.assert_allclose(wide("sinusoidal").table.numpy(), table, rtol=0, atol=1e-16)
    slopes = np.array([2**-4.0, 2**-8.0, 2**-2.0])  # three heads: two of a power of two, and one between
    biases = -slopes[:, None, None] * np.abs(t - t.T)
    np.testing.assert_allclose(wide("alibi").table.numpy(), biases, rtol=1e-15)
    assert wide("learned").table.dtype == torch.float64
