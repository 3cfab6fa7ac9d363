"""observe(model, batch): one forward and backward pass, every tapped value and its gradient, copied out.

It touches no random state, no `.grad`, no optimizer and no mode, and leaves no hook behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from explorer.objective import CROSS_ENTROPY, IGNORE, Objective, mean_loss, token_losses
from explorer.tasks.base import Batch
from models.tap import Tap

__all__ = ["Array", "Trace", "copied", "evaluating", "mean_loss", "observe", "token_losses", "watching"]
Array = np.ndarray


@dataclass(frozen=True)
class Trace:
    """What a model did with a batch. B batch, T position, V vocabulary.

    values[name], grads[name]: each tap's value and ∂loss/∂value, float32, in the order of the forward
    pass. loss: mean nats over the tokens asked. token_loss (B, T): nats, NaN where nothing is asked.
    tokens, targets (B, T), source (B, S) or None: the batch.
    """

    tokens: Array
    targets: Array
    source: Array | None
    loss: float
    token_loss: Array
    values: dict[str, Array] = field(repr=False)
    grads: dict[str, Array] = field(repr=False)


@contextmanager
def watching(model: nn.Module, wanted: Callable[[str], bool]) -> Iterator[dict[str, Tensor]]:
    """Collects the output of every wanted tap by name, in order; a tap passed twice is collected last."""
    seen: dict[str, Tensor] = {}
    hooks = []
    try:
        for name, module in model.named_modules():
            if isinstance(module, Tap) and wanted(name):

                def keep(_module: nn.Module, _args: object, out: Tensor, name: str = name) -> None:
                    seen[name] = out

                hooks.append(module.register_forward_hook(keep))
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode, and afterwards each module's own mode again."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def observe(
    model: nn.Module,
    batch: Batch,
    gradients: bool = True,
    wanted: Callable[[str], bool] = lambda name: True,
    objective: Objective = CROSS_ENTROPY,
) -> Trace:
    """Runs `batch` through `model` without dropout and copies out every tap that is `wanted`.

    With `gradients` also ∂(mean loss)/∂(value). objective: the task's. Costs one forward and one backward pass.
    """
    with evaluating(model), watching(model, wanted) as seen, torch.set_grad_enabled(gradients):
        losses = objective.losses(model(batch.tokens, batch.source), batch.targets)
        asked = batch.targets != IGNORE
        loss = losses.sum() / asked.sum()
        found = torch.autograd.grad(loss, list(seen.values()), allow_unused=True) if gradients else ()
    grads = {
        name: torch.zeros_like(value) if grad is None else grad
        for (name, value), grad in zip(seen.items(), found, strict=bool(found))
    }
    return Trace(
        tokens=copied(batch.tokens),
        targets=copied(batch.targets),
        source=None if batch.source is None else copied(batch.source),
        loss=loss.item(),
        token_loss=copied(losses.masked_fill(~asked, torch.nan)),
        values={name: copied(value) for name, value in seen.items()},
        grads={name: copied(grad) for name, grad in grads.items()},
    )


def copied(x: Tensor) -> Array:
    """A copy of its own, as numpy; `.numpy()` alone is a view that training rewrites. Read-only."""
    array = x.detach().cpu().contiguous().numpy().copy()
    array.setflags(write=False)
    return array
