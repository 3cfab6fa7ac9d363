"""observe(model, batch): one forward and backward pass; copies every tapped value and its gradient.

It touches no random state, no `.grad`, no optimizer and no mode, and leaves no hook behind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from explorer.tasks.base import Batch
from explorer.tasks.objective import CROSS_ENTROPY, IGNORE, Objective, mean_loss, token_losses
from models.tap import Tap

__all__ = ["Array", "Trace", "copied", "evaluating", "mean_loss", "observe", "token_losses", "watching"]
Array = np.ndarray


@dataclass(frozen=True)
class Trace:
    """A model's values and gradients on a batch. B batch, T position, V vocabulary.

    values[name], grads[name]: each tap's value and ∂loss/∂value, float32, in the order of the forward
    pass; of a tap in a recurrent cell (B, T, C), with ∂loss/∂value through all that comes later.
    loss: mean nats over the predicted tokens. token_loss (B, T): nats, NaN where no token is predicted.
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
    """Collects the output of every wanted tap by name, in order.

    A tap that is passed again at each position, as in a recurrent network, has each pass by itself: name@1, name@2, …
    """
    seen: dict[str, Tensor] = {}
    passed: Counter[str] = Counter()
    hooks = []
    try:
        for name, module in model.named_modules():
            if isinstance(module, Tap) and wanted(name):

                def keep(_module: nn.Module, _args: object, out: Tensor, name: str = name) -> None:
                    seen[f"{name}@{passed[name]}" if passed[name] else name] = out
                    passed[name] += 1

                hooks.append(module.register_forward_hook(keep))
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode; restores each module's own mode afterwards."""
    training = [module for module in model.modules() if module.training]
    for module in training:
        module.training = False
    try:
        yield
    finally:
        for module in training:
            module.training = True


def observe(
    model: nn.Module,
    batch: Batch,
    gradients: bool = True,
    wanted: Callable[[str], bool] = lambda name: True,
    objective: Objective = CROSS_ENTROPY,
) -> Trace:
    """Runs `batch` through `model` without dropout and copies every tap that is `wanted`.

    With `gradients` also ∂(mean loss)/∂(value). objective: the task's. Costs one forward and one backward pass.
    """
    with evaluating(model), watching(model, wanted) as seen, torch.set_grad_enabled(gradients):
        losses = objective.losses(model(batch.tokens, batch.source), batch.targets)
        predicted = batch.targets != IGNORE
        loss = losses.sum() / predicted.sum()
        tap_grads = torch.autograd.grad(loss, list(seen.values()), allow_unused=True) if gradients else ()
    grads = {
        name: torch.zeros_like(value) if grad is None else grad
        for (name, value), grad in zip(seen.items(), tap_grads, strict=bool(tap_grads))
    }
    return Trace(
        tokens=copied(batch.tokens),
        targets=copied(batch.targets),
        source=None if batch.source is None else copied(batch.source),
        loss=loss.item(),
        token_loss=copied(losses.masked_fill(~predicted, torch.nan)),
        values={name: copied(value) for name, value in whole(model, seen).items()},
        grads={name: copied(grad) for name, grad in whole(model, grads).items()},
    )


def whole(model: nn.Module, seen: dict[str, Tensor]) -> dict[str, Tensor]:
    """What `watching` collected, with the passes of a tap of each position as one value.

    Of (B, C) each it is (B, T, C); of one query's row, (B, H, K) each, it is (B, H, T, K).
    """
    passes: dict[str, list[Tensor]] = {}
    for name, value in seen.items():
        passes.setdefault(name.partition("@")[0], []).append(value)
    return {name: joined(values) if each(model, name) else values[0] for name, values in passes.items()}


def each(model: nn.Module, name: str) -> bool:
    """Whether a tap is passed again at each position."""
    tap = model.get_submodule(name)
    return isinstance(tap, Tap) and tap.each


def joined(values: list[Tensor]) -> Tensor:
    """The values of all positions, which come before the last axis."""
    return torch.stack(values, values[0].ndim - 1)


def copied(x: Tensor) -> Array:
    """A copy as a read-only numpy array; `.numpy()` alone is a view that training rewrites."""
    array = x.detach().cpu().contiguous().numpy().copy()
    array.setflags(write=False)
    return array
