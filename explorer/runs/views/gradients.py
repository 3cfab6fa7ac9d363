"""Gradients at a step on an input."""

from __future__ import annotations

import numpy as np

from explorer.device import numerics
from explorer.runs.answer import Answer
from explorer.runs.views.restored import Progress, chosen_input, training_at
from explorer.trace import observe


def flow(path: str, step: int, text: str | None = None, progress: Progress = None) -> Answer:
    """Mean |value| and mean |∂L/∂value| at every junction of the residual stream and at the logits, in order."""
    training = training_at(path, step, progress)
    batch = chosen_input(training, text)
    with numerics(training.config):
        trace = observe(training.model, batch, wanted=lambda name: ".residual_" in name or name == "logits")
    size = {
        kind: np.array([np.abs(v, dtype=np.float64).mean() for v in found.values()])
        for kind, found in (("value", trace.values), ("gradient", trace.grads))
    }
    return {"step": step, "loss": trace.loss, "taps": list(trace.values)}, size
