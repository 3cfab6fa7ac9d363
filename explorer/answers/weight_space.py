"""Weights of runs as points of one space, in the layout of one training. P parameters, N points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explorer.runs import tensors
from explorer.runs.replay import restore
from explorer.runs.restored import opened
from explorer.runs.run import Run
from explorer.runs.snapshots import thinned
from explorer.training.loop import Training

MOST = 100  # snapshots of a path


def fits(run: Run, training: Training) -> bool:
    """True if a run has the same tensors of the same shapes, and so lives in the same space."""
    if run.tensors != list(training.named):
        return False
    snapshot = run.snapshot(run.newest_snapshot())
    if snapshot is None:
        return False
    claimed = tensors.shapes_of(run, snapshot.step, snapshot.weights)
    return {name: shape for name, (_, shape) in claimed.items()} == training.flat.shapes


def fitting(path: str, training: Training) -> Run:
    """The run, opened. ValueError if it does not fit."""
    run = opened(path)
    if not fits(run, training):
        raise ValueError(f"{run.id} has a model of another shape; choose a run whose model has the same")
    return run


def at_snapshot(run: Run, step: int, training: Training) -> np.ndarray | None:
    """The weights (P,) of a snapshot; None if it was thinned away meanwhile, or they are not finite."""
    snapshot = run.snapshot(step)
    if snapshot is None:
        return None
    weights_ = training.flat.join(tensors.weights(run, snapshot, training.flat.shapes)).double().numpy()
    return weights_ if np.isfinite(weights_).all() else None


def at_step(run: Run, step: int, training: Training) -> np.ndarray:
    """The weights (P,) of any step, exactly. ValueError if the run never reached it, or broke there."""
    point = at_snapshot(run, step, training)
    if point is None:
        weights = {name: tensor.cpu() for name, tensor in restore(run, step).weights().items()}
        point = finite(training.flat.join(weights).double().numpy(), f"the weights of {run.id} at step {step:,}")
    return point


def finite(weights: np.ndarray, name: str) -> np.ndarray:
    """The same weights. ValueError if they are not finite."""
    if not np.isfinite(weights).all():
        raise ValueError(f"{name} are not finite; choose an earlier step")
    return weights


def snapshots_until(run: Run, step: int) -> list[int]:
    """The steps of at most MOST snapshots of a run until a step."""
    return thinned([s for s in run.snapshot_steps if s <= step], MOST)


def taken(paths: Sequence[str], step: int, training: Training) -> tuple[np.ndarray, np.ndarray]:
    """The steps (N,) and weights (N, P) of the snapshots of runs until a step; runs of other shapes are left out."""
    steps, points = [], []
    for path in paths:
        run = opened(path)
        if not fits(run, training):
            continue
        for at in snapshots_until(run, step):
            weights = at_snapshot(run, at, training)
            if weights is not None:
                steps.append(at)
                points.append(weights)
    if not points:
        raise ValueError("there are no snapshots until this step; go to a later one")
    return np.array(steps), np.stack(points)
