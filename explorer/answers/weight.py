"""X-ray of one weight, for pages. R rows, C columns of a tensor, n snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from explorer.analysis import weight as xray
from explorer.analysis.weight import Film, as_matrix
from explorer.answers.records.weight import Proof, TensorMap, WeightHistory, WeightStep
from explorer.measure.updates import Stage
from explorer.runs import snapshots
from explorer.runs.kept import kept, training_bytes
from explorer.runs.replay import restore
from explorer.runs.restored import Progress, opened, training_at
from explorer.trace import copied
from explorer.training.divergence import Diverged

MOST = 60  # snapshots that a history is made of
KEPT = 3  # films kept in memory
MAPS = ("value", "gradient", "change")


def weight(path: str, step: int, name: str, row: int, column: int, progress: Progress = None) -> WeightStep:
    """`xray.xray` of a weight: the step taken from the weights at `step`; after the last one, that one."""
    film = film_at(path, taken(path, step), progress)
    strip = xray.xray(film, name, row, column)
    stages = [Stage(**stage) for stage in strip.pop("stages")]
    return WeightStep(step=step, taken=film.step.index, stages=stages, **strip)


def tensor(path: str, step: int, name: str, what: str, progress: Progress = None) -> TensorMap:
    """A whole tensor, (R, C): its value before that step, its gradient before clipping, or its change."""
    film = film_at(path, taken(path, step), progress)
    xray.place_of(film.before, name, 0, 0)
    if what not in MAPS:
        raise ValueError(f"there is no map of {what}; maps are {', '.join(MAPS)}")
    return TensorMap(step=step, taken=film.step.index, values=mapped(film, name)[MAPS.index(what)])


def proved(path: str, step: int, name: str, row: int, column: int, progress: Progress = None) -> Proof:
    """`xray.proof` of the gradient with which that step was taken. ValueError if it could not be taken."""
    at = taken(path, step)
    with refused():
        proof = xray.proof(training_at(path, at, progress), name, row, column)
    others = [(width, error) for width, error in proof.pop("others")]
    return Proof(step=step, taken=at, others=others, **proof)


@contextmanager
def refused() -> Iterator[None]:
    """A step that diverges inside, or comes after the end, becomes a ValueError in a sentence."""
    try:
        yield
    except Diverged as error:
        raise ValueError(f"no step was taken from here: {error.what}; look at a step before") from None
    except StopIteration:
        raise ValueError(
            "no step was taken from here: the settings end the run before; look at a step before"
        ) from None


def history(path: str, step: int, name: str, row: int, column: int, progress: Progress = None) -> WeightHistory:
    """The weight at up to MOST of the snapshots until `step`.

    A whole row is kept, so that another weight of it costs nothing.
    """

    def measure(at: int) -> np.ndarray:
        return row_at(path, at, name, row)

    xray.place_of(training_at(path, taken(path, step), progress).weights(), name, row, column)
    steps, rows = snapshots.history(path, step, f"xray {name} {row}", measure, progress, MOST)
    value, gradient, change = rows[:, :, column].T
    return WeightHistory(step=step, steps=steps, value=value, gradient=gradient, change=change)


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
    """The step taken from the weights at `step`; at the end of training, the last one."""
    steps = opened(path).config_at(step).train.steps
    return step if steps is None or step < steps else step - 1


def film_at(path: str, step: int, progress: Progress) -> Film:
    """The film of a step; the last few are kept. ValueError if the step could not be taken."""
    run = opened(path)

    def make() -> Film:
        with refused():
            return xray.film(restore(run, step, progress))

    return kept("film", (run, run.moment(step)), make, lambda film: 2 * training_bytes(film.training), KEPT)
