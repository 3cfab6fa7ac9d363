"""Divergence: training met a value that is not finite, and which one."""

from __future__ import annotations

import numpy as np
from torch import nn

from explorer.tasks.base import Batch
from explorer.tasks.objective import Objective
from explorer.trace import observe
from models.layers import unnormed


class Diverged(ArithmeticError):
    """Training met a value that is not finite and stopped before the update."""

    def __init__(self, index: int, what: str):
        super().__init__(f"step {index:,}: {what}; the weights are those before this step")
        self.index, self.what = index, what


def first_non_finite(model: nn.Module, batch: Batch, objective: Objective) -> str:
    """The first tap, forward and then backward, that holds NaN or an unexpected infinity."""
    trace = observe(model, batch, objective=objective)
    for name, value in trace.values.items():
        masked = name.endswith(".scores")  # −inf is how a mask excludes
        if not (np.isfinite(value) | (np.isneginf(value) if masked else False)).all():
            return name
    absent = unnormed(model)
    for name, grad in reversed(trace.grads.items()):
        if name not in absent and not np.isfinite(grad).all():
            return f"the gradient at {name}"
    for name, parameter in model.named_parameters():
        if not parameter.isfinite().all():
            return name
    return "a sum over the whole gradient, too large for float32"
