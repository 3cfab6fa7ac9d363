"""Is a run file sound? Intact as a database, whole in its steps, and the same again when trained again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import safetensors.torch
import torch

from explorer.runs.replay import restore
from explorer.runs.run import Run

Stretch = tuple[int, int]  # from one checkpoint to the next


def stretches(run: Run) -> list[Stretch]:
    """From each checkpoint to the next, the last one to the newest step. ValueError where rows are missing."""
    (answer,) = run.query("PRAGMA integrity_check")[0]
    if answer != "ok":
        raise ValueError(f"{run.path.name} is damaged: {answer}")
    (count,) = run.query("SELECT count(*) FROM steps")[0]
    if count != run.last:
        raise ValueError(f"{run.path.name} has {count} rows for {run.last} steps; some are missing")
    if not run.snapshot_steps:
        raise ValueError(f"{run.path.name} has no weights; it was never trained")
    edges = sorted({*run.snapshot_steps, run.last})
    return list(pairwise(edges)) or [(0, 0)]


def problems(run: Run, stretch: Stretch) -> Iterator[str]:
    """What differs when the steps of a stretch are trained again: losses, then weights at its end."""
    start, end = stretch
    training = restore(run, start)
    recorded = [loss for (loss,) in run.query("SELECT loss FROM steps WHERE step >= ? AND step < ?", stretch)]
    events = [e for e in run.events if start < e.step <= end]
    for index, loss in enumerate(recorded, start):
        for event in events:
            if event.step == index and index > start:
                training.apply(event.kind, event.detail)
        again = next(training).loss
        if again != loss:
            yield f"step {index} has loss {loss!r} and comes out as {again!r} when trained again"
            return
    for event in events:
        if event.step == end:
            training.apply(event.kind, event.detail)
    checkpoint = run.checkpoint(end)
    if checkpoint is not None and checkpoint.step == end and end > start:
        weights = safetensors.torch.load(checkpoint.weights)
        for name, tensor in training.weights().items():
            if not torch.equal(tensor.cpu(), weights[name]):
                worst = float(np.abs((tensor.cpu() - weights[name]).numpy()).max())
                yield f"the weights {name} at step {end} differ by {worst:g} when trained again"
                return
