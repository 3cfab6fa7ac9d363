"""Attention, written out: scores, softmax, weighted values.

B batch, T position, Q query, K key, H heads, C width, D = C / H channels a head.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from models.cache import Cache
from models.config import ModelConfig
from models.layers import INIT_STD, Dropout, Linear
from models.positions import Positions
from models.tap import Tap

SCALES: dict[str, Callable[[int], float]] = {  # of D channels
    "sqrt": lambda D: D**-0.5,
    "none": lambda D: 1.0,
}


def attention_scores(q: Tensor, k: Tensor, mask: Tensor, scale: float | None = None) -> Tensor:
    """q kᵀ · scale + mask, scale 1/√D unless another is given (Vaswani et al. 2017, §3.2.1).

    q (B, H, Q, D), k (B, H, K, D), mask broadcastable to (B, H, Q, K): 0 where a query may look,
    −inf where not, or a bias. One `baddbmm` reads and writes the scores once; it has a double backward,
    which torch's fused attention lacks on the CPU.
    """
    B, H, Q, D = q.shape
    if mask.ndim > 2:
        mask = mask.expand(B, H, Q, k.shape[2]).flatten(0, 1)
    scores = torch.baddbmm(mask, q.flatten(0, 1), k.flatten(0, 1).mT, alpha=D**-0.5 if scale is None else scale)
    return scores.unflatten(0, (B, H))


def weighted_values(pattern: Tensor, v: Tensor) -> Tensor:
    """Σ over keys of pattern · v: (B, H, Q, K) and (B, H, K, D) -> (B, H, Q, D)."""
    return torch.bmm(pattern.flatten(0, 1), v.flatten(0, 1)).unflatten(0, v.shape[:2])


def patterned(model: nn.Module) -> dict[str, Any]:
    """Every module with an attention pattern by its path, in the order of the forward pass."""
    return {name: module for name, module in model.named_modules() if isinstance(getattr(module, "pattern", None), Tap)}


class Attention(nn.Module):
    """Multi-head attention. With `memory` its keys and values come from there (cross-attention).

    `project` holds the weights of queries, keys and values above one another, (3C, C).
    `head_gain` is None, or (H,) with 0 for a head that was switched off.
    """

    score = staticmethod(attention_scores)  # precisions.py has faster ones
    weigh = staticmethod(weighted_values)

    def __init__(self, config: ModelConfig, generator: torch.Generator):
        super().__init__()
        self.heads = config.heads
        self.adopt(config)
        self.project = Linear(config.width, 3 * config.width, generator)
        residual_std = INIT_STD / (2 * config.layers) ** 0.5  # GPT-2: the stream sums 2 · layers of these
        self.output = Linear(config.width, config.width, generator, residual_std)
        self.dropout = Dropout(config.dropout)
        self.head_gain: Tensor | None = None

        self.queries, self.keys, self.values = Tap(), Tap(), Tap()  # (B, H, T, D)
        self.scores, self.pattern = Tap(), Tap()  # (B, H, Q, K)
        self.head_out = Tap()  # (B, H, Q, D)
        self.out = Tap()  # (B, Q, C)

    def adopt(self, config: ModelConfig) -> None:
        """Takes over the settings that need no other weights."""
        self.scale = SCALES[config.scale](config.head_width)

    def forward(
        self,
        x: Tensor,
        mask: Tensor,
        positions: Positions | None = None,
        memory: Tensor | None = None,
        cache: Cache | None = None,
    ) -> Tensor:
        q, k, v = self.split(x, memory, cache)
        if positions is not None:
            start = 0 if cache is None else cache.length
            q, k = positions.rotate(q, start), positions.rotate(k, start)
        if cache is not None and memory is None:
            k, v = cache.extended(self, k, v)
        q, k, v = self.queries(q), self.keys(k), self.values(v)
        scores = self.scores(self.score(q, k, mask, self.scale))
        pattern = self.pattern(scores.softmax(-1))
        head_out = self.weigh(self.dropout(pattern), v)
        if self.head_gain is not None:
            head_out = head_out * self.head_gain[:, None, None]
        head_out = self.head_out(head_out)
        return self.out(self.output(head_out.transpose(1, 2).flatten(2)))

    def split(self, x: Tensor, memory: Tensor | None, cache: Cache | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Queries of x, keys and values of x or of memory, each (B, H, T, D); those of memory are cached."""
        if memory is None:
            q, k, v = map(self.by_head, self.project(x).split(x.shape[2], dim=2))
            return q, k, v
        C, weight, bias, multiply = x.shape[2], self.project.weight, self.project.bias, self.project.multiply

        def keys_and_values() -> tuple[Tensor, ...]:
            return tuple(map(self.by_head, multiply(memory, weight[C:], bias[C:]).split(C, dim=2)))

        q = self.by_head(multiply(x, weight[:C], bias[:C]))
        k, v = keys_and_values() if cache is None else cache.once(self, keys_and_values)
        return q, k, v

    def by_head(self, x: Tensor) -> Tensor:
        """(B, T, C) -> (B, H, T, D)."""
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2).contiguous()
