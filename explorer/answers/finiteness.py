"""Finiteness: since which step a run's weights, or what it computes of the probe, hold NaN or infinity."""

from __future__ import annotations

import torch

from explorer.answers.records.recurrence import Finiteness
from explorer.runs.restored import Progress, opened, training_at
from explorer.trace import evaluating
from explorer.training.device import numerics
from explorer.training.loop import Training


def finiteness(path: str, step: int, progress: Progress = None) -> Finiteness:
    """The first step that is not finite, if the one at `step` is not: what is broken stays broken.

    Looked for from `step` down over the weights in the file, and between two of them by halves.
    """
    weights, computed = whole(training_at(path, step, progress, needs=("logits",)))
    if weights and computed:
        return Finiteness(step, None, None, True)
    broken, well = step, None
    for at in reversed([at for at in opened(path).snapshot_steps if at < step]):
        if all(whole(training_at(path, at, progress))):
            well = at
            break
        broken = at
    while well is not None and broken - well > 1:
        middle = (broken + well) // 2
        if all(whole(training_at(path, middle, progress))):
            well = middle
        else:
            broken = middle
    return Finiteness(step, broken, well, whole(training_at(path, broken, progress))[0])


@torch.no_grad()
def whole(training: Training) -> tuple[bool, bool]:
    """Whether all weights are finite, and whether all logits of the probe are."""
    weights = all(bool(parameter.isfinite().all()) for parameter in training.model.parameters())
    batch = training.task.probe().to(training.device)
    with numerics(training.config), evaluating(training.model):
        return weights, bool(training.model(batch.tokens, batch.source).isfinite().all())
