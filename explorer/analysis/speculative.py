"""Speculative decoding: a small model drafts k tokens one by one, and the model itself checks all of them in one pass.

T position, V vocabulary.

    text ─> draft ─> x₁ ─> draft ─> x₂ … xₖ          k passes of the small model
    text, x₁ … xₖ ─> model ─> p₁ … pₖ₊₁              one pass of the large one
    accept or replace, by explorer/measure/speculative.py ─> 1 to k + 1 tokens
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from explorer.analysis.writing import Reader
from explorer.measure.sampling import ORDERS, USUAL, Array, checked, complete, draw, finite, last
from explorer.measure.speculative import Checked, check
from models.cache import Cache


def write(
    model: Reader,
    draft: Reader,
    tokens: Tensor,
    generator: torch.Generator,
    k: int,
    settings: Mapping[str, float] | None = None,
    order: Sequence[str] = ORDERS[USUAL],
    length: int | None = None,
) -> Iterator[list[Checked]]:
    """Writes on after tokens (1, T), pass after pass, each the tokens that it wrote, up to `length` of them.

    model, draft: readers with caches; neither may be asked for more than its context.   settings, order: of the
    sampler's stages, which both models' logits go through. The last passes of a text draft fewer than k tokens, so that
    none is thrown away. ValueError if a model has diverged.
    """
    values, order, written = checked(settings or {}), complete(order), 0

    def uniform() -> float:
        return float(torch.rand((), generator=generator, dtype=torch.float64).item())

    def chances(logits: Tensor, before: Tensor) -> Array:
        return last(finite(logits.double().cpu().numpy()), values, order, before[0].tolist())

    while length is None or written < length:
        text, q, caches = tokens, [], []
        room = k if length is None else min(k, length - written - 1)
        for _ in range(room):
            q.append(chances(draft(text)[0, -1], text))
            caches.append(copied(draft))
            text = extended(text, draw(q[-1], uniform()))
        before, start = copied(model), tokens.shape[1]
        logits = model(text)[0, -(room + 1) :]
        p = [chances(logits[i], text[:, : start + i]) for i in range(room + 1)]
        new = check(p, q, text[0, start:].tolist(), uniform)
        if len(new) <= room:  # a rejected token was read: back to before it
            draft.cache, model.cache = caches[len(new) - 1], before
        yield new
        written += len(new)
        for one in new:
            tokens = extended(tokens, one.token)


def extended(tokens: Tensor, token: int) -> Tensor:
    """tokens (1, T) and one more."""
    return torch.cat([tokens, tokens.new_tensor([[token]])], 1)


def copied(reader: Reader) -> Cache | None:
    """Its cache as it is now: what is read later does not change it."""
    return None if reader.cache is None else reader.cache.copy()
