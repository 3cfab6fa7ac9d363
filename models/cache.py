"""The cache of a model that writes: what it computed of the tokens that it has read, so that it reads only new ones.

B batch, H heads, K positions read so far, D channels a head, C width.

A key and a value depend on their own token and those before it, where no position sees what comes after it. They stay
as they are when the next token comes, and its query is the only one that is new. The same holds of the state of a
recurrent layer. With the mask off, every new token changes what all others say: such a model has no cache.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


class Cache:
    """What a model keeps of the tokens (B, length) that it has read, by the module that computed it."""

    def __init__(self) -> None:
        self.length = 0
        self.kept: dict[nn.Module, tuple[Tensor, ...]] = {}

    def extended(self, module: nn.Module, *new: Tensor) -> tuple[Tensor, ...]:
        """Keys and values (B, H, K, D) of all tokens up to the new ones (B, H, T, D)."""
        old = self.kept.get(module)
        self.kept[module] = new if old is None else tuple(torch.cat(pair, 2) for pair in zip(old, new, strict=True))
        return self.kept[module]

    def once(self, module: nn.Module, compute: Callable[[], tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
        """What stays the same for all tokens, such as the keys and values of what an encoder read."""
        if module not in self.kept:
            self.kept[module] = compute()
        return self.kept[module]

    def copy(self) -> Cache:
        """The same once more, to go on from twice. No tensor is copied: what is added makes new ones."""
        other = Cache()
        other.length, other.kept = self.length, dict(self.kept)
        return other

    def rows(self, rows: Tensor) -> Cache:
        """The same of other rows of the batch, each as often as it is named."""
        other = self.copy()
        other.kept = {module: tuple(one[rows] for one in kept) for module, kept in self.kept.items()}
        return other


def cache_of(model: nn.Module) -> Cache | None:
    """An empty cache. None if the model offers none (`onward` is missing or False)."""
    return Cache() if getattr(model, "onward", False) else None
