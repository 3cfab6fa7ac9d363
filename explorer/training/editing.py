"""Editing: one fact is taught anew to trained weights, by a few steps on that question alone.

The plainest of all edits (fine-tuning, the baseline of Meng et al. 2022, §3): every weight may move. It is a function
of the weights and the edit: the optimizer is a fresh Adam, nothing is dropped, and nothing is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from explorer.config.editing import Edit
from explorer.config.run import OptimizerConfig, RunConfig
from explorer.tasks.base import Batch, Task
from explorer.tasks.facts import Facts
from explorer.training.device import numerics
from explorer.training.heads import Heads
from explorer.training.optimizers import Flat, Optimizer


class Trained(Protocol):
    """What an edit needs of a training, see `Training`."""

    config: RunConfig
    device: torch.device
    task: Task
    model: nn.Module
    flat: Flat
    heads: Heads

    def forward(self, batch: Batch) -> tuple[Tensor, Callable[[Tensor], dict[str, Tensor]]]:
        """The model's outputs, and what gives the gradient of each parameter from a loss of them."""


def edit(training: Trained, detail: dict[str, Any]) -> list[float]:
    """Carries out an edit; gives the loss of the taught answer before each of its steps, in nats a token.

    Heads that are frozen stay. ValueError if the task has no facts, a word was never seen, or the loss is not finite,
    and the weights are then as they were.
    """
    wanted = Edit(**detail)
    batch = taught(training, wanted)
    values, saved = training.flat.values, training.flat.values.clone()
    optimizer = Optimizer(OptimizerConfig(name="adamw", lr=wanted.rate, weight_decay=0.0), training.flat)
    optimizer.set(wanted.rate, 0.0)
    before, losses = torch.empty_like(values), []
    training.model.eval()
    with numerics(training.config):
        for _ in range(wanted.steps):
            with torch.enable_grad():
                logits, gradients = training.forward(batch)
                loss = training.task.objective.mean(logits, batch.targets)
                losses.append(loss.item())
                training.flat.join(gradients(loss), out=training.flat.grads)
            with torch.no_grad():
                before.copy_(values)
                optimizer.step()
                training.heads.hold(training.flat.split(before))
            if not (math.isfinite(losses[-1]) and bool(values.isfinite().all())):
                values.copy_(saved)
                raise ValueError("the edit's numbers are not finite any more; use fewer steps or a smaller rate")
    return losses


def taught(training: Trained, wanted: Edit) -> Batch:
    """The question with the answer that it is taught. ValueError if the task has no facts."""
    if not isinstance(training.task, Facts):
        raise ValueError("this run learned no facts, so there is none to edit; look at the preset facts")
    return training.task.taught(wanted.question, wanted.answer).to(training.device)
