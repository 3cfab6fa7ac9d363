"""Divergence: training met a value that is not finite, and which it was."""

from __future__ import annotations

import numpy as np
from torch import nn

from explorer.objective import Objective
from explorer.tasks.base import Batch
from explorer.trace import observe


class Diverged(ArithmeticError):
    """Training met a value that is not finite and stopped before the update."""

    def __init__(self, index: int, what: str):
        super().__init__(f"step {index}: {what}; the weights are those before this step")
        self.index, self.what = index, what


def first_non_finite(model: nn.Module, batch: Batch, objective: Objective) -> str:
    """The first tap, forward and then backward, that holds NaN or an unexpected infinity."""
    trace = observe(model, batch, objective=objective)
    for name, value in trace.values.items():
        masked = name.endswith(".scores")  # −inf is how a mask says no
        if not (np.isfinite(value) | (np.isneginf(value) if masked else False)).all():
            return name
    for name, grad in reversed(trace.grads.items()):
        if not np.isfinite(grad).all():
            return f"the gradient at {name}"
    for name, parameter in model.named_parameters():
        if not parameter.isfinite().all():
            return name
    return "a sum over the whole gradient, too large for float32"
