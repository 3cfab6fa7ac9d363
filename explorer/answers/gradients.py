"""Gradients at a step: down the residual stream on an input, and of every head on the training batch."""

from __future__ import annotations

import numpy as np

from explorer.analysis.instruments import step_gradient
from explorer.answers.records.gradients import Flow, HeadGradients
from explorer.runs import snapshots
from explorer.runs.restored import Progress, chosen_input, opened, playback, training_at
from explorer.trace import observe
from explorer.training.device import numerics
from explorer.training.loop import Training


def flow(path: str, step: int, text: str | None = None, progress: Progress = None) -> Flow:
    """Mean |value| and mean |∂L/∂value| at every junction of the residual stream and at the logits, in order."""
    training = training_at(path, step, progress, needs=("residual stream", "logits"))
    batch = chosen_input(training, text)
    with numerics(training.config):
        trace = observe(training.model, batch, wanted=lambda name: ".residual_" in name or name == "logits")
    value, gradient = (
        np.array([np.abs(tensor, dtype=np.float64).mean() for tensor in tensors.values()])
        for tensors in (trace.values, trace.grads)
    )
    return Flow(step=step, loss=trace.loss, taps=list(trace.values), value=value, gradient=gradient)


def heads(path: str, step: int, progress: Progress = None) -> HeadGradients:
    """‖∂L/∂θ‖ of every head's own weights at the snapshots until `step`.

    L is the loss of the step after the snapshot on its batches, before clipping and without dropout.
    """

    opened(path).config.need("attention heads")

    def measure(at: int) -> np.ndarray | None:
        training = playback(path).at(at)
        return None if training is None else head_norms(training)

    steps, norms = snapshots.history(path, step, "head gradients", measure, progress)
    names = playback(path).training.heads.names()
    return HeadGradients(step=step, heads=names, steps=steps, norms=norms.reshape(len(steps), len(names)))


def head_norms(training: Training) -> np.ndarray:
    """The norms (H,) at the training's next step."""
    grads, heads = step_gradient(training), training.heads
    return np.sqrt(
        [
            sum(float(grads[heads.names_of[id(weight)]][place].square().sum()) for weight, place in heads.slices(head))
            for head in heads.names()
        ]
    )
