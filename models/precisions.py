"""Faster products for processors that multiply bfloat16 quickly: a choice of the visitor's, never silent.
And a model once more in float64, to prove what the faster ones say.

B batch, Q query, K key, H heads, D channels a head.

bfloat16 keeps float32's range and 8 of its 24 bits. Only the operands and the result of each product are
rounded, those of the backward pass too; sums inside a product, biases, masks, softmax, norms, weights and
the optimizer stay float32. torch differentiates the conversions, so second derivatives are as good.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from models.attention import Attention, attention_scores, weighted_values
from models.layers import Linear
from models.positions import Positions


def bfloat16_linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """`F.linear`, float32 in and out."""
    return x.bfloat16() @ weight.bfloat16().mT + bias  # adding a float32 bias gives float32


def bfloat16_scores(q: Tensor, k: Tensor, mask: Tensor, scale: float | None = None) -> Tensor:
    """`attention_scores`: (B, H, Q, D) and (B, H, K, D) -> (B, H, Q, K), float32 in and out."""
    products = q.bfloat16() @ k.bfloat16().mT
    return mask.add(products, alpha=q.shape[-1] ** -0.5 if scale is None else scale)


def bfloat16_values(pattern: Tensor, v: Tensor) -> Tensor:
    """`weighted_values`: (B, H, Q, K) and (B, H, K, D) -> (B, H, Q, D), float32 in and out."""
    return (pattern.bfloat16() @ v.bfloat16()).float()


def use(model: nn.Module, precision: str) -> None:
    """Every product of `model` is done in `precision` from now on: float32 or bfloat16."""
    low = {"float32": False, "bfloat16": True}[precision]
    for module in model.modules():
        if isinstance(module, Linear):
            module.multiply = bfloat16_linear if low else Linear.multiply
        elif isinstance(module, Attention):
            module.score = bfloat16_scores if low else attention_scores
            module.weigh = bfloat16_values if low else weighted_values


def in_float64(model: nn.Module) -> nn.Module:
    """A copy on the CPU with float64 weights and products, and with positions whose formulas are worked out in float64.

    Heads that are switched off still are.
    """
    exact = copy.deepcopy(model).to("cpu", torch.float64)
    use(exact, "float32")  # plain products: of float64 weights, in float64
    for module in exact.modules():
        if isinstance(module, Positions):
            module.widen()
        elif isinstance(module, Attention) and module.head_gain is not None:
            module.head_gain = module.head_gain.to("cpu", torch.float64)
    return exact
