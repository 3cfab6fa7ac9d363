"""The loss surface around a run: computed coarse to fine, a little at every request, and the paths of runs over it.

A surface belongs to a step of a run, its centre, and stays as it is while other steps are looked at. It is kept in
memory: a point is computed once, whoever asks. P parameters, N points of a path.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from explorer.measure import plane as planes
from explorer.measure.plane import ALL, KINDS, OWN, RANDOM, THREE, Laying, Plane, Window
from explorer.runs.answer import Answer
from explorer.runs.replay import restore
from explorer.runs.run import Run
from explorer.runs.views import weights
from explorer.runs.views.restored import Progress, opened
from explorer.surface import Landscape, first_samples, random_directions
from explorer.training import Training

POINTS = 41  # along each side of the finest surface
SECONDS = 1.5  # of computing, after which a request gives what there is: other pictures wait in the same lane
KEPT = 4  # surfaces in memory
MARGIN = 0.25  # around the paths, in halves of what they span
ENDS = 3  # points that a plane is laid through


@dataclass(frozen=True)
class Order:
    """The order of points: their flat indices, and of each level its stride and how many are known at its end."""

    indices: np.ndarray
    strides: list[int]
    ends: list[int]


@lru_cache(maxsize=4)
def order(n: int) -> Order:
    """Of n × n points, coarse to fine."""
    levels = planes.refinement(n)
    strides, parts = [stride for stride, _ in levels], [indices for _, indices in levels]
    return Order(np.concatenate(parts), strides, np.cumsum([len(part) for part in parts]).tolist())


@dataclass
class Surface:
    """A plane, the window of it that is looked at, and the losses known so far, NaN where there is none yet.

    walked: by run and step its coordinates, its distance from the plane, and its share outside.
    """

    landscape: Landscape
    plane: Plane
    window: Window
    plain: dict[str, Any]
    losses: np.ndarray
    done: int = 0
    walked: dict[tuple[str, int], tuple[np.ndarray, float, float]] = field(default_factory=dict)


_surfaces: dict[tuple, Surface] = {}


def grid(path: str, step: int, laying: Sequence, part: int = 0, progress: Progress = None) -> Answer:
    """The surface around the weights of a step: what is known, and a little more with every `part` asked for.

    laying: as `Laying`.   part: counts requests.

    plain: done, of: points.   stride: of the finest grid that is whole, 0 while none is.   window, explained, and of
    what the losses are.   Arrays: losses (POINTS, POINTS), rows from the lowest second coordinate, NaN where not yet
    computed, +∞ where the loss is not finite; lengths (2,), of the plane's axes.
    """
    surface = found(path, step, Laying(*laying), progress)
    points = order(len(surface.losses))
    level = next((end for end in points.ends if end > surface.done), None)
    if level is not None:
        compute(surface, points, level, progress)
    whole = sum(end <= surface.done for end in points.ends)
    stride = points.strides[whole - 1] if whole else 0
    told = {"done": surface.done, "of": len(points.indices), "stride": stride, "part": part}
    lengths = np.linalg.norm(surface.plane.axes, axis=1)
    return surface.plain | told, {"losses": surface.losses.copy(), "lengths": lengths}


def compute(surface: Surface, points: Order, until: int, progress: Progress) -> None:
    """The next points of a surface, for SECONDS and at most so many in all."""
    losses = surface.landscape.over(surface.plane)
    coordinates = surface.window.grid(len(surface.losses)).reshape(-1, 2)
    end = time.monotonic() + SECONDS
    while surface.done < until:
        index = points.indices[surface.done]
        (loss,) = losses(*coordinates[index].tolist())
        surface.losses.flat[index] = loss if math.isfinite(loss) else math.inf
        surface.done += 1
        if progress is not None:
            progress(surface.done, len(points.indices))
        if time.monotonic() > end:
            return


def paths(
    path: str, step: int, laying: Sequence, walkers: Sequence[tuple[str, int]] = (), progress: Progress = None
) -> Answer:
    """Where the snapshots of runs fall on the surface. walkers: paths of runs, and the step until which each is shown.

    plain: runs, of each its path, n, and what `ending` tells; misfits, paths of runs of other shapes.   Arrays, the
    runs one after another: steps, coordinates (N, 2), distances and left_out (N,): of the squared distance from the
    centre the share that lies outside the plane.
    """
    surface = found(path, step, Laying(*laying), progress)
    runs, misfits = [], []
    columns: list[tuple[np.ndarray, ...]] = [(np.empty(0), np.empty((0, 2)), np.empty(0), np.empty(0))]
    for walker, until in walkers:
        run = opened(walker)
        if not weights.fits(run, surface.landscape.training):
            misfits.append(walker)
            continue
        steps = walk(surface, run, until)
        points = [surface.walked[walker, at] for at in steps]
        coordinates = np.array([point[0] for point in points]).reshape(-1, 2)
        distances, left = (np.array([point[i] for point in points]) for i in (1, 2))
        columns.append((np.array(steps, dtype=np.float64), coordinates, distances, left))
        runs.append({"path": walker, "n": len(steps)} | ending(surface, run, steps, coordinates, distances))
    joined = [np.concatenate(parts) for parts in zip(*columns, strict=True)]
    names = ("steps", "coordinates", "distances", "left_out")
    return {"step": step, "runs": runs, "misfits": misfits}, dict(zip(names, joined, strict=True))


def walk(surface: Surface, run: Run, until: int) -> list[int]:
    """Projects the snapshots of a run that are not yet; gives the steps that there are."""
    steps, path, axes = [], str(run.path), surface.plane.axes
    for at in weights.snapshots_until(run, until):
        if (path, at) not in surface.walked:
            point = weights.at_snapshot(run, at, surface.landscape.training)
            if point is None:
                continue
            coordinates, distances = surface.plane.project(point[None])
            left = planes.left_out(coordinates, distances, axes)
            surface.walked[path, at] = (coordinates[0], float(distances[0]), float(left[0]))
        steps.append(at)
    return steps


def ending(
    surface: Surface, run: Run, steps: list[int], coordinates: np.ndarray, distances: np.ndarray
) -> dict[str, Any]:
    """The last point of a path: its step, the loss of its weights themselves and of those beneath it on the plane.

    explained: of the path's squared distances from the centre the share that lies in the plane.
    """
    if not steps:
        return {"last": None, "itself": None, "beneath": None, "explained": None}
    landscape, axes = surface.landscape, surface.plane.axes
    inside = float(np.einsum("na,ab,nb->", coordinates, axes @ axes.T, coordinates))
    whole = inside + float((distances**2).sum())
    itself = landscape.losses_at(weights.at_step(run, steps[-1], landscape.training))[0]
    beneath = landscape.over(surface.plane)(*coordinates[-1].tolist())[0]
    told = [loss if math.isfinite(loss) else None for loss in (itself, beneath)]
    return {
        "last": steps[-1],
        "itself": told[0],
        "beneath": told[1],
        "explained": inside / whole if whole > 0 else None,
    }


def found(path: str, step: int, laying: Laying, progress: Progress) -> Surface:
    """The surface that is kept, or a new one. ValueError where no plane can be laid."""
    event = max((e.id for e in opened(path).events if e.step <= step), default=0)
    own = laying._replace(others=tuple(laying.others), through=tuple((p, s) for p, s in laying.through))
    key = (path, step, event, own)
    surface = _surfaces.pop(key, None) or laid(path, step, own, progress)
    _surfaces[key] = surface  # the last used one is the last to go
    while len(_surfaces) > KEPT:
        del _surfaces[next(iter(_surfaces))]
    return surface


def laid(path: str, step: int, laying: Laying, progress: Progress) -> Surface:
    """A plane through the weights of a step, without losses yet."""
    if laying.kind not in KINDS:
        raise ValueError(f"{laying.kind} is no plane; use one of {', '.join(KINDS)}")
    training = restore(opened(path), step, progress)
    whole = training.batch(step)
    batch = first_samples(whole)
    landscape = Landscape(training, [batch])
    home = weights.finite(landscape.home.double().cpu().numpy(), f"the weights at step {step}")
    plain = {
        "step": step,
        "kind": laying.kind,
        "loss": landscape.losses_at(home)[0],
        "samples": len(batch.tokens),
        "batch": len(whole.tokens),
        "accumulate": training.config.train.accumulate,
        "dropout": getattr(training.config.model, "dropout", 0.0),
        "parameters": len(home),
        "wandering": None,
    }
    if laying.kind == RANDOM:
        plane = Plane(home, random_directions(training.flat, laying.seed))
        window = Window((-laying.reach, laying.reach), (-laying.reach, laying.reach))
    elif laying.kind == THREE:
        plane, window = by_ends(laying, training)
    else:
        steps, points = weights.taken([path, *(laying.others if laying.kind == ALL else ())], step, training)
        plane = planes.principal(points, home)
        shown = np.concatenate([plane.project(points)[0], np.zeros((1, 2))])
        window = planes.window(shown, MARGIN * laying.reach)
        if laying.kind == OWN:
            plain["wandering"] = planes.random_walk(step - steps[steps < step])
    plain |= {"window": [list(window.x), list(window.y)], "explained": plane.explained}
    return Surface(landscape, plane, window, plain, np.full((POINTS, POINTS), np.nan))


def by_ends(laying: Laying, training: Training) -> tuple[Plane, Window]:
    """The plane through three points of runs, and a window that shows all of them."""
    if len(laying.through) != ENDS:
        raise ValueError(f"a plane is laid through three points and not {len(laying.through)}; choose three")
    points = [weights.at_step(weights.fitting(path, training), step, training) for path, step in laying.through]
    plane = planes.through(*points)
    return plane, planes.window(plane.project(np.stack(points))[0], MARGIN * laying.reach)
