"""The small parts every block is made of, each drawing its randomness from a generator it is given.

B batch, T position, C width. `torch.nn` initialises from the global random state; these do not, so that
building a model disturbs nobody's randomness.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.tap import Tap

INIT_STD = 0.02  # GPT-2's (Radford et al. 2019)


class Linear(nn.Module):
    """x Wᵀ + b with W ~ N(0, std²), b = 0. `multiply` is the product; precisions.py has faster ones."""

    multiply: Callable[[Tensor, Tensor, Tensor], Tensor] = staticmethod(F.linear)

    def __init__(self, fan_in: int, fan_out: int, generator: torch.Generator, std: float = INIT_STD):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(fan_out, fan_in).normal_(0, std, generator=generator))
        self.bias = nn.Parameter(torch.zeros(fan_out))

    def forward(self, x: Tensor) -> Tensor:
        return self.multiply(x, self.weight, self.bias)


class Embedding(nn.Module):
    """A row of `weight` (V, C) for each token."""

    def __init__(self, vocabulary: int, width: int, generator: torch.Generator, std: float = INIT_STD):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(vocabulary, width).normal_(0, std, generator=generator))

    def forward(self, tokens: Tensor) -> Tensor:
        return F.embedding(tokens, self.weight)  # (B, T) -> (B, T, C)


class Norm(nn.LayerNorm):
    """LayerNorm (Ba et al. 2016) with a tap on what comes out."""

    def __init__(self, width: int):
        super().__init__(width)
        self.out = Tap()

    def forward(self, x: Tensor) -> Tensor:
        return self.out(super().forward(x))


class Unnormed(nn.Identity):
    """No norm: gives back what it gets, under the name that a norm's output has."""

    def __init__(self, width: int):
        super().__init__()
        self.out = Tap()

    def forward(self, x: Tensor) -> Tensor:
        return self.out(x)


def unnormed(model: nn.Module) -> set[str]:
    """The taps that stand where a norm would be, by name: what they hold is another tap's."""
    return {f"{name}.out" for name, module in model.named_modules() if isinstance(module, Unnormed)}


class Dropout(nn.Module):
    """Zeroes a share `rate` of the values while training and scales up the rest (Srivastava et al. 2014).

    Draws from `generator`, which the training loop sets before each step; torch's own dropout can only
    draw from the global state.
    """

    def __init__(self, rate: float):
        super().__init__()
        self.rate = rate
        self.generator: torch.Generator | None = None

    def adopt(self, config: Any) -> None:
        """Takes over the rate of a model's settings."""
        self.rate = config.dropout

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return x
        keep = torch.empty_like(x).bernoulli_(1 - self.rate, generator=self.generator)
        return x * keep / (1 - self.rate)
