"""Differences: one row of the gradient through time beside what the loss does when the states are nudged, in float64.

S states that the prediction can have something of, C width. Two directions are taken at each state: the gradient's
own, along which the loss changes by the gradient's length, and a random one, along which it changes by the product of
the two. Each nudge is a copy of the example, so that one forward pass gives many. Where the gradient grows on its way,
so does what becomes of a nudge: it is as much smaller as the gradient is longer than at the nearest state, so that all
arrive alike.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import torch
from torch import Tensor, nn

from explorer.analysis.recurrence import AT_ONCE, alone, in_order, of_states
from explorer.config.states import States
from explorer.tasks.base import Batch
from explorer.tasks.objective import Objective
from explorer.trace import evaluating, observe
from explorer.training.randomness import stream
from models import precisions
from models.tap import Tap

H = 2.0**-14  # of the nudge: cutting off the series costs some H², 4e-9 of the gradient
MOST_GROWN = 2.0**30  # times: beyond, a nudge is lost in the rounding of the state
EPSILON = 2.0**-52


def proof(
    model: nn.Module, batch: Batch, states: States, layer: int, objective: Objective, pad: int | None, at: int
) -> dict[str, Any]:
    """The fields of a TimeProof. batch: one example.   pad: what fills a source.   at: the prediction's position."""
    precise, here = precisions.in_float64(model), batch.to(torch.device("cpu"))
    shown = of_states(model, batch, states, layer, objective, pad)
    exact = of_states(precise, here, states, layer, objective, pad)
    row, tap = exact.places.index(at), states.tap.format(layer)
    S = at + 1 if states.order == "written" else exact.length
    gradient = exact.grads[row, :S]
    chance = torch.randn(gradient.shape, generator=stream(0, "nudges"), dtype=torch.float64)
    unit, chance = (nn.functional.normalize(ways, dim=1) for ways in (gradient, chance))
    place = torch.arange(S) if states.order != "right to left" else S - 1 - torch.arange(S)
    h, noise = sizes(gradient.norm(dim=1), backwards=states.order == "right to left")
    nudges = h.repeat(4)[:, None] * torch.cat([unit, chance, -unit, -chance])
    losses = nudged(precise, alone(here, [at]), tap, objective, nudges, place.repeat(4))[:, at]
    ahead, behind = losses.chunk(2)
    along, aside = ((ahead - behind) / (2 * h.repeat(2))).chunk(2)
    trace = observe(precise, here, wanted=tap.__eq__, objective=objective)
    whole = in_order(torch.tensor(trace.grads[tap]) * len(exact.places), states, exact.length)[0]  # the loss is a mean
    return {
        "h": h.numpy(),
        "shown": shown.grads[row, :S].double().norm(dim=1).cpu().numpy(),
        "exact": gradient.norm(dim=1).numpy(),
        "along": along.numpy(),
        "aside": aside.numpy(),
        "expected": (gradient * chance).sum(1).numpy(),
        "grain": (noise * max(1.0, float(losses.abs().max())) / h).numpy(),
        "summed": float((exact.grads.sum(0) - whole).norm() / whole.norm().clamp_min(1e-300)),
    }


def sizes(lengths: Tensor, backwards: bool = False) -> tuple[Tensor, Tensor]:
    """The size of the nudge at each state, (S,), by the lengths (S,) of its gradient, and what rounding becomes there.

    A rounding is as good as a nudge: what is rounded at the state or later grows on its way too. backwards: the first
    state is the nearest to the prediction, not the last.
    """
    near = lengths if backwards else lengths.flip(0)
    grown = (near / near[0]).clamp(1, MOST_GROWN) if near[0] > 0 else torch.ones_like(near)
    most = grown.cummax(0).values
    return tuple(one if backwards else one.flip(0) for one in (H / grown, EPSILON * most))  # type: ignore[return-value]


@torch.no_grad()
def nudged(model: nn.Module, example: Batch, tap: str, objective: Objective, nudges: Tensor, place: Tensor) -> Tensor:
    """The losses (K, T) of one example with each of K nudges (K, C) added to a tap, at the place (K,) where it is read.

    A tap of each position is passed once a place.
    """
    width, module = nudges.shape[1], model.get_submodule(tap)
    assert isinstance(module, Tap)
    at_once = max(1, AT_ONCE // (max(example.tokens.shape[1], int(place.max()) + 1) * width))
    results = []
    for some, where in zip(nudges.split(at_once), place.split(at_once), strict=True):
        handle = module.register_forward_hook(adding(some, where, module.each))
        try:
            with evaluating(model):
                source = None if example.source is None else example.source.expand(len(some), -1)
                outputs = model(example.tokens.expand(len(some), -1), source)
                results.append(objective.losses(outputs, example.targets.expand(len(some), -1)))
        finally:
            handle.remove()
    return torch.cat(results)


def adding(nudges: Tensor, place: Tensor, each: bool) -> Callable[[nn.Module, object, Tensor], Tensor]:
    """The hook that adds them. each: the tap is passed once a place, with (K, C) each time."""
    passes = count()

    def hook(_tap: nn.Module, _args: object, out: Tensor) -> Tensor:
        if each:
            return out + nudges * (place == next(passes))[:, None]
        return out.index_put((torch.arange(len(place)), place), nudges, accumulate=True)

    return hook
