"""Gradients at a step: down the residual stream on an input, and of every head on the training batch."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import safetensors.torch
import torch

from explorer.device import numerics
from explorer.runs.answer import Answer
from explorer.runs.replay import restore
from explorer.runs.run import Run
from explorer.runs.views import snapshots
from explorer.runs.views.restored import Progress, chosen_input, opened, training_at
from explorer.trace import evaluating, mean_loss, observe
from explorer.training import Training


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


def heads(path: str, step: int, progress: Progress = None) -> Answer:
    """‖∂L/∂θ‖ of every head's own weights at the snapshots until `step`: arrays steps (N,), norms (N, H).

    On the batch that the step after the snapshot trains on, before clipping, without dropout.
    """
    run, training = opened(path), blank(path)
    steps, norms = snapshots.history(path, step, "head gradients", lambda at: head_norms(run, training, at), progress)
    names = training.heads.names()
    return {"step": step, "heads": names}, {"steps": steps, "norms": norms.reshape(len(steps), len(names))}


def head_norms(run: Run, training: Training, step: int) -> np.ndarray | None:
    """The norms (H,) at a snapshot; None where it was thinned away."""
    snapshot = run.snapshot(step)
    if snapshot is None:
        return None
    with torch.no_grad():
        for name, weight in safetensors.torch.load(snapshot.weights).items():
            training.named[name].copy_(weight)
    batch = training.batch(step)
    own = [training.heads.slices(head) for head in training.heads.names()]
    wanted = list({id(weight): weight for slices in own for weight, _ in slices}.values())
    with numerics(training.config), evaluating(training.model), torch.enable_grad():
        loss = mean_loss(training.model(batch.tokens, batch.source), batch.targets)
        found = torch.autograd.grad(loss, wanted)
    grads = {id(weight): grad for weight, grad in zip(wanted, found, strict=True)}
    squares = [sum(float(grads[id(weight)][place].square().sum()) for weight, place in slices) for slices in own]
    return np.sqrt(squares)


@lru_cache(maxsize=4)
def blank(path: str) -> Training:
    """A training of the run's shape, whose weights are overwritten."""
    return restore(opened(path), 0)
