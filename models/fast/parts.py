"""Parts of the passes that are written out. Each returns a value and its backward pass, a closure over what that needs.

N = B · T rows, K channels in, M out, C width, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.layers import Linear, Norm
from models.transformer import ACTIVATIONS, MLP

Back = Callable[[Tensor], Tensor]  # the gradient of an output -> the gradient of the input
Gradients = dict[nn.Parameter, Tensor]  # filled by the backward pass

aten = torch.ops.aten
onednn = torch.ops.mkldnn._linear_pointwise.default

DERIVATIVES: dict[Callable[[Tensor], Tensor], Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    # the gradient of y, x, y -> the gradient of x
    ACTIVATIONS["gelu"]: lambda g, x, y: aten.gelu_backward.grad_input(g, x, grad_input=g),
    ACTIVATIONS["relu"]: lambda g, x, y: aten.threshold_backward.default(g, x, 0),
    ACTIVATIONS["silu"]: lambda g, x, y: aten.silu_backward.default(g, x),
    ACTIVATIONS["tanh"]: lambda g, x, y: aten.tanh_backward.default(g, y),
    ACTIVATIONS["sigmoid"]: lambda g, x, y: aten.sigmoid_backward.default(g, y),
}


def _intel() -> bool:
    """Whether this is one of Intel's processors, on which MKL uses every instruction there is."""
    try:
        return "GenuineIntel" in Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return False


MKL = _intel() and torch.backends.mkl.is_available()  # where it is as fast as oneDNN, and copies no operand


def linear(layer: Linear, x: Tensor, gradients: Gradients) -> tuple[Tensor, Back]:
    """x Wᵀ + b, (N, K) -> (N, M)."""

    def back(g: Tensor) -> Tensor:
        gradients[layer.weight], gradients[layer.bias] = gradient_of_weight(g, x), g.sum(0)
        return product(g, layer.weight.mT, None)

    return product(x, layer.weight, layer.bias), back


def product(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """x Wᵀ + b, (N, K) and (M, K) -> (N, M), of float32 by oneDNN if this torch has it.

    Without a bias by MKL where that is as fast: it has no bias of its own, which would be one more pass.
    """
    if MKL and bias is None:
        return x @ weight.mT
    if x.dtype == torch.float32 and torch.backends.mkldnn.is_available():
        return onednn(x, weight, bias, "none", [], "")  # type: ignore[no-any-return]
    return F.linear(x, weight, bias)


def gradient_of_weight(g: Tensor, x: Tensor) -> Tensor:
    """gᵀ x, (M, K). oneDNN copies its first operand: here the smaller of the two."""
    if MKL:
        return g.mT @ x
    if g.shape[1] <= x.shape[1]:
        return product(g.mT, x.mT, None)
    return product(x.mT, g.mT, None).mT


def norm(layer: nn.Module, x: Tensor, gradients: Gradients) -> tuple[Tensor, Back]:
    """LayerNorm of (N, C), or nothing."""
    if not isinstance(layer, Norm):
        return x, lambda g: g
    shape, weight, bias = layer.normalized_shape, layer.weight, layer.bias
    y, mean, rstd = torch.native_layer_norm(x, shape, weight, bias, layer.eps)

    def back(g: Tensor) -> Tensor:
        of_x: Tensor
        of_x, gradients[weight], gradients[bias] = aten.native_layer_norm_backward.default(
            g, x, shape, mean, rstd, weight, bias, (True, True, True)
        )
        return of_x

    return y, back


def mlp(layer: MLP, x: Tensor, gradients: Gradients) -> tuple[Tensor, Back]:
    """(N, C) -> (N, C)."""
    derivative = DERIVATIVES[layer.activation]
    pre, back_expand = linear(layer.expand, x, gradients)  # (N, 4C)
    post = layer.activation(pre)
    out, back_contract = linear(layer.contract, post, gradients)
    return out, lambda g: back_expand(derivative(back_contract(g), pre, post))


def gradient_of_rows(weight: Tensor, numbers: Tensor, g: Tensor) -> Tensor:
    """The gradient of a table (V, C) of which rows were taken, (…,) and (…, C): the sum at each row, in their order."""
    return torch.zeros_like(weight).index_add_(0, numbers.flatten(), g.reshape(-1, *weight.shape[1:]))
