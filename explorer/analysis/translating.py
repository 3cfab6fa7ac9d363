"""Translating: an answer written token by token, with tokens or attention put by hand, and what heads read meanwhile.

B batch, T position, S source position, H heads, N tokens of the answer, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from explorer.measure.sampling import finite
from explorer.tasks.base import Opening
from explorer.trace import Array, copied, evaluating, watching, whole
from models.attention import patterned
from models.tap import Tap


@dataclass(frozen=True)
class Row:
    """A row of attention put by hand: all of head `head` of attention `path` at position `query` on `key`."""

    path: str
    head: int
    query: int
    key: int

    @contextmanager
    def put(self, model: nn.Module) -> Iterator[None]:
        """Inside, the head reads at that position nothing but the key."""
        tap = patterned(model)[self.path].pattern
        assert isinstance(tap, Tap)
        passed = 0  # of a tap that each position passes by itself

        def replace(_module: nn.Module, _args: object, pattern: Tensor) -> Tensor | None:
            nonlocal passed
            rows = pattern[:, self.head] if tap.each else pattern[:, self.head, self.query : self.query + 1]
            here = passed == self.query if tap.each else pattern.shape[2] > self.query
            passed += 1
            if not here:
                return None
            changed = pattern.clone()
            one = torch.zeros_like(rows)
            one[..., self.key] = 1
            if tap.each:
                changed[:, self.head] = one
            else:
                changed[:, self.head, self.query : self.query + 1] = one
            return changed

        hook = tap.register_forward_hook(replace)
        try:
            yield
        finally:
            hook.remove()


@contextmanager
def unchanged() -> Iterator[None]:
    """Nothing is put by hand."""
    yield


def readers(model: nn.Module, source: bool) -> dict[str, int]:
    """The attentions that read the source, with how many heads each has: cross-attentions, or all if there are none."""
    every = {name: int(getattr(module, "heads", 1)) for name, module in patterned(model).items()}
    return {name: heads for name, heads in every.items() if not source or name.endswith(".cross")}


def heads(model: nn.Module, source: bool) -> list[str]:
    """The heads that read the source, by name."""
    return [f"{path}.{h}" for path, count in readers(model, source).items() for h in range(count)]


@dataclass(frozen=True)
class Written:
    """Tokens that were written. p (N, V): the model's probabilities at each.   patterns (H, N, K): what heads read."""

    tokens: list[int]
    p: Array
    patterns: Array


@torch.no_grad()
def write(model: nn.Module, opening: Opening, fixed: Mapping[int, int], row: Row | None = None) -> Written:
    """Writes an answer, the likeliest token each time. fixed: tokens put at places of the answer. row: of attention."""
    assert opening.length is not None, "a text without an end is no answer"
    answer: list[int] = []
    tokens, p = opening.tokens, []
    start = tokens.shape[1] - 1
    with evaluating(model):
        while len(answer) < opening.length and (not answer or answer[-1] != opening.end):
            with row.put(model) if row else unchanged():
                logits = finite(model(tokens, opening.source)[0, -1].double().cpu().numpy())
            p.append(torch.from_numpy(logits).softmax(-1).numpy())
            answer.append(fixed.get(len(answer), int(logits.argmax())))
            tokens = torch.cat([tokens, tokens.new_tensor([answer[-1:]])], 1)
        read = tokens[:, :-1]
        patterns = attended(model, read, opening.source, row)
    return Written(answer, np.stack(p), patterns[:, start : start + len(answer)])


@torch.no_grad()
def attended(model: nn.Module, tokens: Tensor, source: Tensor | None, row: Row | None = None) -> Array:
    """The patterns of all heads that read the source, of the first example, (H, T, K)."""
    names = {f"{path}.pattern" for path in readers(model, source is not None)}
    with evaluating(model), row.put(model) if row else unchanged(), watching(model, names.__contains__) as seen:
        model(tokens, source)
    values = [copied(value)[0] for value in whole(model, seen).values()]
    return np.concatenate(values) if values else np.zeros((0, tokens.shape[1], tokens.shape[1]), np.float32)


@torch.no_grad()
def states(model: nn.Module, tap: str, opening: Opening, answer: list[int]) -> Array:
    """The state at a tap from which each token of an answer is written, (N, C), float64."""
    tokens = torch.cat([opening.tokens, opening.tokens.new_tensor([answer[:-1]], dtype=torch.long)], 1)
    with evaluating(model), watching(model, lambda name: name == tap) as seen:
        model(tokens, opening.source)
    value = copied(whole(model, seen)[tap])[0]
    return value[opening.tokens.shape[1] - 1 :].astype(np.float64)
