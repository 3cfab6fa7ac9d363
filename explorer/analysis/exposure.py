"""How errors grow: what a model says after the right tokens, after its own, and after its own with one that is wrong.

B batch, T position, S source position, P place in the answer.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from explorer.tasks.base import IGNORE, Batch
from explorer.trace import evaluating


def places(batch: Batch, after: int = 0) -> Tensor:
    """The place in the answer of each position that is counted from `after` on, (B, T); −1 for the others."""
    counted = batch.targets != IGNORE
    counted[:, :after] = False
    return torch.where(counted, counted.cumsum(1) - 1, -1)


@torch.no_grad()
def with_true_prefix(model: nn.Module, batch: Batch) -> Tensor:
    """Whether the model is right at each position after the right tokens, (B, T), as it is trained."""
    with evaluating(model):
        return model(batch.tokens, batch.source).argmax(-1) == batch.targets


@torch.no_grad()
def with_own_prefix(model: nn.Module, batch: Batch, place: Tensor, wrong_at: int | None = None) -> Tensor:
    """Whether the model is right at each position after what it said itself, the likeliest token each time, (B, T).

    place (B, T): of the answer, as `places` gives it.   wrong_at: the place at which the likeliest wrong token is
    written, whatever the model says.
    """
    tokens, right = batch.tokens.clone(), torch.zeros_like(batch.targets, dtype=torch.bool)
    last = int((place >= 0).any(0).nonzero().max())
    first = int((place >= 0).any(0).nonzero().min())
    with evaluating(model):
        for t in range(first, last + 1):
            logits = model(tokens[:, : t + 1], batch.source)[:, t]  # (B, V)
            predicted = logits.argmax(-1)
            right[:, t] = predicted == batch.targets[:, t]
            target = batch.targets[:, t : t + 1].clamp_min(0)
            wrong = logits.scatter(1, target, float("-inf")).argmax(-1)
            predicted = torch.where(place[:, t] == wrong_at, wrong, predicted) if wrong_at is not None else predicted
            if t + 1 < tokens.shape[1]:
                tokens[:, t + 1] = torch.where(place[:, t] >= 0, predicted, tokens[:, t + 1])
    return right


def share_right(right: Tensor, place: Tensor) -> tuple[Tensor, Tensor]:
    """The share right at each place of the answer, (P,), and how many were counted there, (P,)."""
    counted = place >= 0
    total = place[counted].bincount()
    return place[counted & right].bincount(minlength=len(total)).double() / total, total
