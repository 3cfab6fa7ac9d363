"""Gradient through time: what the loss of each prediction still has from each earlier state.

A target asked, T position of the state (s ≤ t), C width. Cashman et al. 2017 ("RNNbow") itemise it so. It is the same
for every family: the state is a recurrent layer's hidden state, or the residual stream that a Transformer's layer
reads. What the last layer writes would be of no use: only the prediction at the same position still reads it.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from explorer.tasks.base import IGNORE, Batch
from explorer.tasks.objective import CROSS_ENTROPY, Objective
from explorer.trace import evaluating, watching, whole

AT_ONCE = 2**22  # numbers of a state in one pass; more targets take several


def through_time(
    model: nn.Module, batch: Batch, tap: str, objective: Objective = CROSS_ENTROPY
) -> tuple[list[int], Tensor]:
    """The positions t that are asked, and ∂ℓ_t/∂h_s for each, (A, T, C): zero for s > t where a model is causal.

    batch: one example.   tap: of a layer's states.   The example is copied, once a target, and each copy is asked for
    its target alone: one forward and one backward pass give all of them.
    """
    assert len(batch.tokens) == 1
    places = [int(t) for t in (batch.targets[0] != IGNORE).nonzero()]
    width = next(iter(model.parameters())).shape[-1]
    each = max(1, AT_ONCE // (batch.tokens.shape[1] * width))
    parts = [itemised(model, batch, places[at : at + each], tap, objective) for at in range(0, len(places), each)]
    return places, torch.cat(parts)


def itemised(model: nn.Module, batch: Batch, places: list[int], tap: str, objective: Objective) -> Tensor:
    """∂ℓ_t/∂h_s for the targets asked, in one pass."""
    A = len(places)
    alone = torch.full((A, batch.targets.shape[1]), IGNORE, device=batch.targets.device)
    alone[range(A), places] = batch.targets[0, places]
    source = None if batch.source is None else batch.source.expand(A, -1)
    copies = replace(batch, tokens=batch.tokens.expand(A, -1), targets=alone, source=source, alignment=None)
    with evaluating(model), watching(model, tap.__eq__) as seen, torch.enable_grad():
        losses = objective.losses(model(copies.tokens, copies.source), copies.targets)
        grads = torch.autograd.grad(losses.sum(), list(seen.values()))
    return whole(model, dict(zip(seen, grads, strict=True)))[tap]
