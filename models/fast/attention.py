"""Attention with its backward pass written out.

B batch, T position, S source position, N = B · T, Q query, K key, H heads, C width, D = C / H.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from models import positions
from models.attention import Attention
from models.fast.parts import Back, Gradients, gradient_of_weight, linear, product

Turn = Callable[[Tensor, int], Tensor]


def self_attention(
    layer: Attention, x: Tensor, B: int, mask: Tensor, turn: Turn | None, gradients: Gradients
) -> tuple[Tensor, Back]:
    """(N, C) -> (N, C). mask: (T, T) or (B·H, T, T)."""
    joined, back_project = linear(layer.project, x, gradients)  # (N, 3C)
    q, k, v = apart(joined, B, layer.heads, 3)
    if turn is not None:
        q, k = turn(q, 1), turn(k, 1)
    head_out, back_attend = attend(q, k, v, mask, layer.scale)
    out, back_output = linear(layer.output, together(head_out[None], B), gradients)

    def back(g: Tensor) -> Tensor:
        of = q.new_empty(3, *q.shape)
        back_attend(*apart(back_output(g), B, layer.heads, 1), *of)
        if turn is not None:
            of[0], of[1] = turn(of[0], -1), turn(of[1], -1)
        return back_project(together(of, B))

    return out, back


def cross_attention(layer: Attention, x: Tensor, B: int, memory: Memory, gradients: Gradients) -> tuple[Tensor, Back]:
    """Queries of x (N, C), keys and values of the memory (B · S, C) -> (N, C)."""
    C, weight, bias = x.shape[1], layer.project.weight, layer.project.bias
    (q,) = apart(product(x, weight[:C], bias[:C]), B, layer.heads, 1)
    k, v = apart(product(memory.values, weight[C:], bias[C:]), B, layer.heads, 2)
    head_out, back_attend = attend(q, k, v, memory.mask, layer.scale)
    out, back_output = linear(layer.output, together(head_out[None], B), gradients)

    def back(g: Tensor) -> Tensor:
        of_q, of_k_and_v = q.new_empty(1, *q.shape), k.new_empty(2, *k.shape)
        back_attend(*apart(back_output(g), B, layer.heads, 1), *of_q, *of_k_and_v)
        of_queries, of_memory = together(of_q, B), together(of_k_and_v, B)
        parts = gradient_of_weight(of_queries, x), gradient_of_weight(of_memory, memory.values)
        gradients[weight], gradients[bias] = torch.cat(parts), torch.cat([of_queries.sum(0), of_memory.sum(0)])
        memory.gradient.add_(product(of_memory, weight[C:].mT, None))
        return product(of_queries, weight[:C].mT, None)

    return out, back


class Memory:
    """What a decoder reads of its encoder: values (B · S, C), a mask (B·H, T, S), the sum of the values' gradients."""

    def __init__(self, values: Tensor, mask: Tensor):
        self.values, self.mask = values, mask
        self.gradient = torch.zeros_like(values)


def attend(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor, scale: float
) -> tuple[Tensor, Callable[[Tensor, Tensor, Tensor, Tensor], None]]:
    """Queries (B·H, Q, D), keys and values (B·H, K, D) -> (B·H, Q, D). Backward fills the gradients of q, k and v."""
    pattern = torch.baddbmm(mask, q, k.mT, alpha=scale)  # (B·H, Q, K)
    torch.softmax(pattern, -1, out=pattern)

    def back(g: Tensor, of_q: Tensor, of_k: Tensor, of_v: Tensor) -> None:
        of_scores = torch.bmm(g, v.mT)
        torch._softmax_backward_data(of_scores, pattern, -1, pattern.dtype, grad_input=of_scores)
        torch.baddbmm(of_q, of_scores, k, beta=0, alpha=scale, out=of_q)
        torch.baddbmm(of_k, of_scores.mT, q, beta=0, alpha=scale, out=of_k)
        torch.bmm(pattern.mT, g, out=of_v)

    return torch.bmm(pattern, v), back


def apart(x: Tensor, B: int, heads: int, parts: int) -> Tensor:
    """(N, parts · C) -> (parts, B·H, T, D)."""
    D = x.shape[1] // (parts * heads)
    return x.view(B, -1, parts, heads, D).permute(2, 0, 3, 1, 4).reshape(parts, B * heads, -1, D)


def together(parts: Tensor, B: int) -> Tensor:
    """The inverse of `apart`: (parts, B·H, T, D) -> (N, parts · C)."""
    P, BH, T, D = parts.shape
    return parts.view(P, B, BH // B, T, D).permute(1, 3, 0, 2, 4).reshape(B * T, P * (BH // B) * D)


def turning(encoding: positions.Positions, T: int) -> Turn | None:
    """Rotary's turn of (B·H, T, D) by its angles, with sign −1 back; None if the encoding does not turn."""
    if not isinstance(encoding, positions.Rotary):
        return None
    cos, sin = encoding.cos[:T], encoding.sin[:T]

    def turn(x: Tensor, sign: int) -> Tensor:
        even, odd, s = x[..., 0::2], x[..., 1::2], sin * sign
        return torch.stack([even * cos - odd * s, even * s + odd * cos], dim=-1).flatten(-2)

    return turn
