"""Gradient through time: what the loss of each prediction still has from each earlier state.

A target asked, T position of the state (s ≤ t), C width. Cashman et al. 2017 ("RNNbow") itemise it so. It is the same
for every family: the state is a recurrent layer's hidden state, or the residual stream that a Transformer's layer
reads. What the last layer writes would be of no use: only the prediction at the same position still reads it. Of an
encoder-decoder the states can be the encoder's too: then every prediction has a gradient in each of its S states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from explorer.config.states import States
from explorer.tasks.base import IGNORE, Batch
from explorer.tasks.objective import CROSS_ENTROPY, Objective
from explorer.trace import evaluating, watching, whole

AT_ONCE = 2**22  # numbers of a state in one pass; more targets take several


@dataclass(frozen=True)
class Itemised:
    """∂ℓ_t/∂h_s, (A, S, C), of the positions t that are asked and the states s in the order of their tokens.

    places (A,): t.   length: S, without padding.   direct (A, S, C): the part that comes by what is read of h_s itself,
    not by later states of the encoder; None where there is no such way.
    """

    places: list[int]
    length: int
    grads: Tensor
    direct: Tensor | None


def of_states(
    model: nn.Module, batch: Batch, states: States, layer: int, objective: Objective, pad: int | None
) -> Itemised:
    """Gradient through time in the states of a layer, counted from 0. batch: one example. pad: what fills a source."""
    tap, direct = states.tap.format(layer), states.direct.format(layer)
    places, grads = through_time(model, batch, [tap, direct] if direct else [tap], objective)
    length = batch.tokens.shape[1]
    if states.order == "written":
        return Itemised(places, length, grads[tap], None)
    assert batch.source is not None
    length = batch.source.shape[1] if pad is None else int((batch.source != pad).sum())
    half = 0 if states.order == "left to right" else 1
    part = grads[direct][:, :length].chunk(2, 2)[half] if direct else None
    return Itemised(places, length, in_order(grads[tap], states, length), part)


def in_order(grads: Tensor, states: States, length: int) -> Tensor:
    """Gradients (A, S, C) in a stack's states, which are passed as they are read, in the order of their tokens."""
    return grads[:, :length].flip(1) if states.order == "right to left" else grads[:, :length]


def through_time(
    model: nn.Module, batch: Batch, taps: Sequence[str], objective: Objective = CROSS_ENTROPY
) -> tuple[list[int], dict[str, Tensor]]:
    """The positions t that are asked, and by tap ∂ℓ_t/∂h_s for each, (A, T, C): zero for s > t where a model is causal.

    batch: one example.   taps: of a layer's states.   The example is copied, once a target, and each copy is asked for
    its target alone: one forward and one backward pass give all of them.
    """
    assert len(batch.tokens) == 1
    places = [int(t) for t in (batch.targets[0] != IGNORE).nonzero()]
    width, read = next(iter(model.parameters())).shape[-1], batch.tokens if batch.source is None else batch.source
    each = max(1, AT_ONCE // (max(batch.tokens.shape[1], read.shape[1]) * width))
    parts = [itemised(model, batch, places[at : at + each], taps, objective) for at in range(0, len(places), each)]
    if not parts:
        parts = [itemised(model, batch, [], taps, objective)]
    return places, {tap: torch.cat([part[tap] for part in parts]) for tap in taps}


def itemised(
    model: nn.Module, batch: Batch, places: list[int], taps: Sequence[str], objective: Objective
) -> dict[str, Tensor]:
    """∂ℓ_t/∂h_s for the targets asked, in one pass. What a tap hands on to nobody has no gradient: zeros."""
    copies = alone(batch, places)
    with evaluating(model), watching(model, set(taps).__contains__) as seen, torch.enable_grad():
        losses = objective.losses(model(copies.tokens, copies.source), copies.targets)
        grads = torch.autograd.grad(losses.sum(), list(seen.values()), allow_unused=True, materialize_grads=True)
    return whole(model, dict(zip(seen, grads, strict=True)))


def alone(batch: Batch, places: list[int]) -> Batch:
    """Copies of one example, each asked for one of its targets."""
    A = len(places)
    targets = torch.full((A, batch.targets.shape[1]), IGNORE, device=batch.targets.device)
    targets[range(A), places] = batch.targets[0, places]
    source = None if batch.source is None else batch.source.expand(A, -1)
    return replace(batch, tokens=batch.tokens.expand(A, -1), targets=targets, source=source, alignment=None)
