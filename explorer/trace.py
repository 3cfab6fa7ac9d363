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
from torch.nn import functional as F

from explorer.tasks.base import IGNORE, Batch
from models.tap import Tap

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


def token_losses(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of each token in nats, (B, T); 0 where nothing is asked."""
    flat = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none", ignore_index=IGNORE)
    return flat.view(targets.shape)


def mean_loss(logits: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
    """Mean cross-entropy over the tokens asked, in nats.

    smoothing: ε of the target's probability is shared among all V tokens, itself included: what is trained is
    then (1 − ε) · −log p(target) + ε/V · Σ −log p (Szegedy et al. 2016, §7).
    """
    flat = logits.flatten(0, 1), targets.flatten()
    return F.cross_entropy(*flat, ignore_index=IGNORE, label_smoothing=smoothing)


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
    model: nn.Module, batch: Batch, gradients: bool = True, wanted: Callable[[str], bool] = lambda name: True
) -> Trace:
    """Runs `batch` through `model` without dropout and copies out every tap that is `wanted`.

    With `gradients` also ∂(mean loss)/∂(value). Costs one forward and one backward pass.
    """
    with evaluating(model), watching(model, wanted) as seen, torch.set_grad_enabled(gradients):
        logits = model(batch.tokens, batch.source)
        losses = token_losses(logits, batch.targets)
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
