"""Masking: what a model says at the places of a text, by both sides of them or by the left alone.

N texts, T position, V vocabulary, G gaps. `mask` is the token that stands in a gap; None for a model that reads from
the left alone, has no such token, and says nothing about a first one.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

ROWS = 256  # texts that are read at once


@torch.no_grad()
def gap_logits(model: nn.Module, texts: Tensor, places: Tensor, mask: int | None) -> Tensor:
    """The logits (N, G, V) at places (N, G) of texts (N, T), each hidden alone. `places` ≥ 1 without a mask."""
    if mask is None:
        every = model(texts, None)
        return every.gather(1, (places - 1)[..., None].expand(-1, -1, every.shape[2]))
    G = places.shape[1]
    rows = texts.repeat_interleave(G, 0).scatter(1, places.reshape(-1, 1), mask)  # (N G, T)
    at = places.reshape(-1, 1, 1)
    parts = []
    for some, place in zip(rows.split(ROWS), at.split(ROWS), strict=True):
        every = model(some, None)
        parts.append(every.gather(1, place.expand(-1, 1, every.shape[2]))[:, 0])
    return torch.cat(parts).unflatten(0, (-1, G))


def surprisals(model: nn.Module, tokens: Tensor, mask: int | None) -> Tensor:
    """−log p (T,) of each token of a text (1, T), in nats; without a mask the first is NaN.

    With one p is given all other tokens (Salazar et al. 2020, §2.1), without one all before it.
    """
    first = 1 if mask is None else 0
    places = torch.arange(first, tokens.shape[1], device=tokens.device)[None]
    logits = gap_logits(model, tokens, places, mask)[0]  # (T or T − 1, V)
    nats = -logits.log_softmax(-1).gather(1, tokens[0, first:, None])[:, 0]
    return torch.cat([nats.new_full((first,), torch.nan), nats])


@torch.no_grad()
def at_gap(model: nn.Module, tokens: Tensor, masked: Sequence[int], at: int, mask: int | None) -> tuple[Tensor, Tensor]:
    """The probabilities (V,) at place `at` of a text (1, T) with gaps at `masked`, and the text as it is read (1, T).

    Without a mask the gaps before `at` hold what the model itself finds likeliest, filled from the left, and a first
    token, of which it says nothing, stays; what comes from `at` on is not read. (0,) where it says nothing.
    """
    read = tokens.clone()
    if mask is not None:
        read[0, list(masked)] = mask
        return model(read, None)[0, at].softmax(-1), read
    for place in sorted(masked):
        if 0 < place < at:
            read[0, place] = model(read[:, :place], None)[0, -1].argmax()
    read = read[:, :at]
    return (model(read, None)[0, -1].softmax(-1) if at else tokens.new_zeros(0).float()), read
