"""Answers about a search: what Optuna and scipy compute from its trials. N points of a grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from explorer.answers.records.search import Contour, Importance, Trainable
from explorer.runs import catalogue, footprint
from explorer.search import study
from explorer.search.ledger import Ledger, Trial
from explorer.search.search import made, read
from explorer.search.space import changes, combinations
from explorer.tasks import build, check
from explorer.tasks.base import Task

CELLS = 28  # of the contour along each axis


def fit(search: dict) -> Trainable:
    """Builds the task of every model that the search could try. ValueError says why one cannot be trained."""
    wanted = made(search)
    check(wanted.config.task)
    built: dict[str, Task] = {}
    for params in combinations(wanted.knobs):
        config = wanted.config.replace(changes(wanted.knobs, params))
        shape = repr([getattr(config.model, name, None) for name in ("kind", "context", "mask")])
        if shape not in built:
            built[shape] = build(config.task, config.model)
        footprint.check(config, built[shape], catalogue.folder())
    return Trainable(len(built))


def importance(path: str, over: int) -> Importance:
    """The share of each knob, the largest first, over the first `over` finished trials' results."""
    search, _ = read(Path(path))
    trials = [t for t in Ledger(Path(path)).trials(search) if t.over]
    complete = sum(1 for t in trials if t.state == "complete")
    return Importance(study.importance(search, trials), complete, over)


def contour(path: str, over: int, x: str, y: str) -> Contour:
    """The loss over two knobs that are numbers, between the finished trials: linear on their triangles."""
    search, _ = read(Path(path))
    done = [t for t in Ledger(Path(path)).trials(search) if t.state == "complete" and finite(t)]
    values = np.array([t.value for t in done], dtype=np.float64)
    knobs = {knob.path: knob for knob in search.knobs}
    across, up = knobs[x], knobs[y]
    if across.kind not in ("float", "int") or up.kind not in ("float", "int"):
        raise ValueError("a contour needs two settings that are numbers; choose others")
    places = np.array([[k.place(t.params[k.path]) for k in (across, up)] for t in done]).reshape(-1, 2)
    centres = (np.arange(CELLS) + 0.5) / CELLS
    edges = np.linspace(0, 1, CELLS + 1)
    return Contour(
        trials=len(done),
        over=over,
        x=np.array([across.number(e) for e in edges]),
        y=np.array([up.number(e) for e in edges]),
        loss=interpolated(places, values, centres),
    )


def finite(trial: Trial) -> bool:
    """True if a trial has a loss to show."""
    return trial.value is not None and math.isfinite(trial.value)


def interpolated(places: np.ndarray, values: np.ndarray, centres: Sequence[float] | np.ndarray) -> np.ndarray:
    """The values at all pairs of centres, (rows by y, columns by x), NaN outside the hull of the places (n, 2)."""
    from scipy.interpolate import LinearNDInterpolator
    from scipy.spatial import QhullError

    across, up = np.meshgrid(centres, centres)
    nothing = np.full(across.shape, np.nan)
    if len(np.unique(places, axis=0)) < 3:
        return nothing
    try:
        return LinearNDInterpolator(places, values)(across, up)
    except QhullError:  # all on one line: no area between them
        return nothing
