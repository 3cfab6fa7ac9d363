"""Writing: token after token from a model's own logits, each put through the stages of a sampler.

T position, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from explorer.measure.sampling import ORDERS, USUAL, Array, checked, complete, draw, finite, last, softmax
from explorer.trace import evaluating
from models.cache import cache_of


@dataclass(frozen=True)
class Written:
    """A token that was written.

    token: its number.   p (V,): the model's own probabilities; sampled (V,): those that it was drawn from.
    """

    token: int
    p: Array = field(repr=False)
    sampled: Array = field(repr=False)

    @property
    def bits(self) -> float:
        """Its surprisal by the model's own probabilities, −log₂ p."""
        return float(-np.log2(max(self.p[self.token], 1e-300)))

    @property
    def rank(self) -> int:
        """1 if it was the most likely."""
        return 1 + int((self.p > self.p[self.token]).sum())


class Reader:
    """Reads a text that grows, and says what comes next; the model reads the last `context` tokens.

    Up to `context` tokens it reads the new ones alone, with a cache of the others. Past it each token's position moves
    with every new one, so that nothing that was computed before still holds.
    """

    def __init__(self, model: nn.Module, source: Tensor | None, context: int, cached: bool = True):
        self.model, self.source, self.context = model, source, context
        self.cache = cache_of(model) if cached else None

    @torch.no_grad()
    def __call__(self, tokens: Tensor) -> Tensor:
        """Reads what is new of tokens (1, T): the logits (1, new, V); the last are of what comes next."""
        with evaluating(self.model):
            if self.cache is None or tokens.shape[1] > self.context:
                logits: Tensor = self.model(tokens[:, -self.context :], self.source)
            else:
                logits = self.model(tokens[:, self.cache.length :], self.source, self.cache)
        return logits

    def next(self, tokens: Tensor) -> Array:
        """The logits (V,), float64, of what comes after tokens (1, T). ValueError if the model has diverged."""
        return finite(self(tokens)[0, -1].double().cpu().numpy())


def logits_after(model: nn.Module, tokens: Tensor, source: Tensor | None, context: int) -> Array:
    """The logits (V,), float64, of what comes after tokens (1, T). ValueError if the model has diverged."""
    return Reader(model, source, context, cached=False).next(tokens)


def write(
    model: nn.Module,
    tokens: Tensor,
    context: int,
    generator: torch.Generator,
    settings: Mapping[str, float] | None = None,
    order: Sequence[str] = ORDERS[USUAL],
    forced: Mapping[int, int] | None = None,
    source: Tensor | None = None,
) -> Iterator[Written]:
    """Writes on after tokens (1, T), for as long as it is asked to.

    settings: of the stages, by name; neutral if not given.   forced: tokens that are written whatever is drawn, by
    their place after the prompt.   One number is drawn for each token, also for a forced one and at temperature 0, so
    that the same seed and another setting draw with the same numbers. ValueError if the model has diverged.
    """
    place, fixed, reader = 0, forced or {}, Reader(model, source, context)
    values, order = checked(settings or {}), complete(order)
    while True:
        logits = reader.next(tokens)
        sampled = last(logits, values, order, tokens[0].tolist())
        at = torch.rand((), generator=generator, dtype=torch.float64).item()
        token = fixed.get(place, draw(sampled, at))
        yield Written(token, softmax(logits), sampled)
        tokens = torch.cat([tokens, tokens.new_tensor([[token]])], 1)
        place += 1
