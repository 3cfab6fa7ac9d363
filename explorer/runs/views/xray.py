"""One weight's X-ray, as pages ask for it. R rows, C columns of a tensor, n snapshots."""

from __future__ import annotations

import numpy as np

from explorer import xray
from explorer.divergence import Diverged
from explorer.runs.answer import Answer
from explorer.runs.replay import restore
from explorer.runs.views import snapshots
from explorer.runs.views.restored import Progress, opened, training_at
from explorer.trace import copied
from explorer.xray import Film, as_matrix

MOST = 60  # snapshots that a history is made of
KEPT = 3  # films kept in memory
MAPS = ("value", "gradient", "change")

_films: dict[tuple[str, int, int], Film] = {}


def weight(path: str, step: int, name: str, row: int, column: int, progress: Progress = None) -> Answer:
    """`xray.xray` of a weight: the step taken from the weights at `step`; after the last one, that one."""
    film = film_at(path, taken(path, step), progress)
    return {"step": step, "taken": film.step.index} | xray.xray(film, name, row, column), {}


def tensor(path: str, step: int, name: str, what: str, progress: Progress = None) -> Answer:
    """A whole tensor, (R, C): its value before that step, its gradient before clipping, or its change."""
    film = film_at(path, taken(path, step), progress)
    xray.found(film.before, name, 0, 0)
    if what not in MAPS:
        raise ValueError(f"there is no map of {what}; maps are {', '.join(MAPS)}")
    return {"step": step, "taken": film.step.index}, {"map": mapped(film, name)[MAPS.index(what)]}


def proved(path: str, step: int, name: str, row: int, column: int, progress: Progress = None) -> Answer:
    """`xray.proof` of the gradient with which that step was taken."""
    at = taken(path, step)
    return {"step": step, "taken": at} | xray.proof(training_at(path, at, progress), name, row, column), {}


def history(path: str, step: int, name: str, row: int, column: int, progress: Progress = None) -> Answer:
    """The weight at up to MOST of the snapshots until `step`: steps (n,), and value, gradient, change, (n,).

    Gradient and change are those of the step taken from there, NaN where none was. A whole row is kept, so that
    another weight of it costs nothing.
    """

    def measure(at: int) -> np.ndarray:
        return row_at(path, at, name, row)

    xray.found(training_at(path, taken(path, step), progress).weights(), name, row, column)
    steps, rows = snapshots.history(path, step, f"xray {name} {row}", measure, progress, MOST)
    return {"step": step}, {"steps": steps} | dict(zip(MAPS, rows[:, :, column].T, strict=True))


def row_at(path: str, step: int, name: str, row: int) -> np.ndarray:
    """One row of a tensor at a snapshot, (MAPS, C)."""
    training = restore(opened(path), step)
    value = copied(as_matrix(training.weights()[name]))[row]
    try:
        return mapped(xray.film(training), name)[:, row]
    except (Diverged, StopIteration):
        return np.stack([value, *(np.full_like(value, np.nan) for _ in MAPS[1:])])


def mapped(film: Film, name: str) -> np.ndarray:
    """MAPS of a tensor, (MAPS, R, C)."""
    before, gradient, after = (copied(as_matrix(x[name])) for x in (film.before, film.raw, film.after))
    return np.stack([before, gradient, after - before])


def taken(path: str, step: int) -> int:
    """The step taken from the weights at `step`; where training ended there, the last one."""
    steps = opened(path).config_at(step).train.steps
    return step if steps is None or step < steps else steps - 1


def film_at(path: str, step: int, progress: Progress) -> Film:
    """The film of a step; the last few are kept. ValueError where the step could not be taken."""
    run = opened(path)
    key = (path, step, max((e.id for e in run.events if e.step <= step), default=0))
    if key not in _films:
        while len(_films) >= KEPT:
            del _films[next(iter(_films))]
        try:
            _films[key] = xray.film(restore(run, step, progress))
        except Diverged as error:
            raise ValueError(f"no step was taken from here: {error.what}; look at a step before") from None
    return _films[key]
