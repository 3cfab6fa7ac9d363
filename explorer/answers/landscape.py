"""The loss surface around a run, computed coarse to fine, a little per request, and the paths of runs over it.

A surface belongs to a step of a run, its centre, and stays while other steps are shown. It is kept in memory, so that a
point is computed once for all visitors. P parameters, N points of a path.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from explorer.analysis.landscape import Landscape, first_samples, random_directions
from explorer.answers import weight_space as weights
from explorer.answers.records.landscape import LossSurface, RunPath, SurfacePaths
from explorer.measure import plane as planes
from explorer.measure.plane import ALL, KINDS, OWN, RANDOM, THREE, Plane, PlaneChoice, Window
from explorer.runs.kept import kept, training_bytes, weights_bytes
from explorer.runs.replay import restore
from explorer.runs.restored import Progress, opened
from explorer.runs.run import Run
from explorer.training.loop import Training

POINTS = 41  # along each side of the finest surface
SECONDS = 1.5  # of computing per request: other pictures wait in the same lane
KEPT = 4  # surfaces in memory
MARGIN = 0.25  # around the paths, in halves of what they span
ENDS = 3  # points that a plane is laid through


@dataclass(frozen=True)
class Order:
    """The order of points: their flat indices, and each level's stride and end."""

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
    """A plane, its visible window, and the losses known so far, NaN before.

    blank: the answer before any point is computed.   walked: by run and step its coordinates, its distance from the
    plane, and its share outside.
    """

    landscape: Landscape
    plane: Plane
    window: Window
    blank: LossSurface
    losses: np.ndarray
    done: int = 0
    walked: dict[tuple[str, int], tuple[np.ndarray, float, float]] = field(default_factory=dict)


def grid(path: str, step: int, plane_choice: Sequence, part: int = 0, progress: Progress = None) -> LossSurface:
    """The surface around the weights of a step: what is known, and a little more with every `part`.

    plane_choice: the fields of `PlaneChoice`.   part: counts requests.
    """
    surface = surface_of(path, step, PlaneChoice(*plane_choice), progress)
    points = order(len(surface.losses))
    level = next((end for end in points.ends if end > surface.done), None)
    if level is not None:
        compute(surface, points, level, progress)
    whole = sum(end <= surface.done for end in points.ends)
    stride = points.strides[whole - 1] if whole else 0
    return replace(surface.blank, done=surface.done, stride=stride, part=part, losses=surface.losses.copy())


def compute(surface: Surface, points: Order, until: int, progress: Progress) -> None:
    """Computes the next points of a surface, for SECONDS, and on to the number asked for."""
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
    path: str, step: int, plane_choice: Sequence, walkers: Sequence[tuple[str, int]] = (), progress: Progress = None
) -> SurfacePaths:
    """Where the snapshots of runs fall on the surface.

    walkers: paths of runs' files, and the step until which each is shown.
    """
    surface = surface_of(path, step, PlaneChoice(*plane_choice), progress)
    runs, misfits = [], []
    for walker, until in walkers:
        run = opened(walker)
        if not weights.fits(run, surface.landscape.training):
            misfits.append(walker)
            continue
        runs.append(run_path(surface, run, walker, walk(surface, run, until)))
    return SurfacePaths(step=step, runs=runs, misfits=misfits)


def walk(surface: Surface, run: Run, until: int) -> list[int]:
    """Projects a run's new snapshots; returns the steps of all that are projected."""
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


def run_path(surface: Surface, run: Run, path: str, steps: list[int]) -> RunPath:
    """The path of a run over its steps, and the losses at its last point."""
    points = [surface.walked[path, at] for at in steps]
    coordinates = np.array([point[0] for point in points]).reshape(-1, 2)
    distances, left = (np.array([point[i] for point in points], dtype=np.float64) for i in (1, 2))
    itself, beneath, explained = None, None, None
    if steps:
        landscape, axes = surface.landscape, surface.plane.axes
        inside = float(np.einsum("na,ab,nb->", coordinates, axes @ axes.T, coordinates))
        whole = inside + float((distances**2).sum())
        explained = inside / whole if whole > 0 else None
        itself = landscape.losses_at(weights.at_step(run, steps[-1], landscape.training))[0]
        beneath = landscape.over(surface.plane)(*coordinates[-1].tolist())[0]
    return RunPath(
        path=path,
        steps=np.array(steps, dtype=np.float64),
        coordinates=coordinates,
        distances=distances,
        left_out=left,
        last=steps[-1] if steps else None,
        itself=itself if itself is not None and math.isfinite(itself) else None,
        beneath=beneath if beneath is not None and math.isfinite(beneath) else None,
        explained=explained,
    )


def surface_of(path: str, step: int, choice: PlaneChoice, progress: Progress) -> Surface:
    """The kept surface, or a new one. ValueError if no plane can be laid."""
    plain = choice._replace(others=tuple(choice.others), through=tuple((p, s) for p, s in choice.through))
    key = (opened(path), opened(path).moment(step), plain)
    return kept("surface", key, lambda: laid(path, step, plain, progress), surface_bytes, KEPT)


def surface_bytes(surface: Surface) -> int:
    """A training, its weights once more, and the plane's origin and axes in float64."""
    training = surface.landscape.training
    return training_bytes(training) + 7 * weights_bytes(training)


def laid(path: str, step: int, choice: PlaneChoice, progress: Progress) -> Surface:
    """A plane through the weights of a step, without losses yet."""
    if choice.kind not in KINDS:
        raise ValueError(f"{choice.kind} is no plane; use one of {', '.join(KINDS)}")
    training = restore(opened(path), step, progress)
    whole = training.batch(step)
    batch = first_samples(whole)
    landscape = Landscape(training, [batch])
    home = weights.finite(landscape.home.double().cpu().numpy(), f"the weights at step {step:,}")
    wandering = None
    if choice.kind == RANDOM:
        plane = Plane(home, random_directions(training.flat, choice.seed))
        window = Window((-choice.reach, choice.reach), (-choice.reach, choice.reach))
    elif choice.kind == THREE:
        plane, window = by_ends(choice, training)
    else:
        steps, points = weights.taken([path, *(choice.others if choice.kind == ALL else ())], step, training)
        plane = planes.principal(points, home)
        shown = np.concatenate([plane.project(points)[0], np.zeros((1, 2))])
        window = planes.window(shown, MARGIN * choice.reach)
        if choice.kind == OWN:
            wandering = planes.random_walk(step - steps[steps < step])
    losses = np.full((POINTS, POINTS), np.nan)
    blank = LossSurface(
        done=0,
        of=losses.size,
        stride=0,
        part=0,
        step=step,
        kind=choice.kind,
        loss=landscape.losses_at(home)[0],
        samples=len(batch.tokens),
        batch=len(whole.tokens),
        accumulate=training.config.train.accumulate,
        dropout=training.dropout,
        smoothing=training.config.train.label_smoothing,
        own_prefix=training.config.train.own_prefix,
        parameters=len(home),
        wandering=wandering,
        window=(window.x, window.y),
        explained=plane.explained,
        losses=losses,
        lengths=np.linalg.norm(plane.axes, axis=1),
    )
    return Surface(landscape, plane, window, blank, losses)


def by_ends(choice: PlaneChoice, training: Training) -> tuple[Plane, Window]:
    """The plane through three points of runs, and a window that shows all of them."""
    if len(choice.through) != ENDS:
        raise ValueError(f"a plane is laid through three points and not {len(choice.through)}; choose three")
    points = [weights.at_step(weights.fitting(path, training), step, training) for path, step in choice.through]
    plane = planes.through(*points)
    return plane, planes.window(plane.project(np.stack(points))[0], MARGIN * choice.reach)
