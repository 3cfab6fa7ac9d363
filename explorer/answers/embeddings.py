"""Maps of a run's vectors: a frame, trails through frames, a large map, an axis, and how far to trust them.

N points, d dimensions of the map. points.py says what can be mapped, frames.py how frames follow each other.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from explorer.answers.maps import frames, points
from explorer.answers.maps.frames import Style
from explorer.answers.maps.points import Points, Subject
from explorer.answers.records.embeddings import LargePointMap, LayoutNoise, Loading, PointAxis, PointMap, PointTrails
from explorer.measure import layouts, projection
from explorer.measure.layouts import Method
from explorer.measure.projection import Metric
from explorer.runs.kept import bytes_of, kept
from explorer.runs.restored import Progress, glance, opened, training_at

NEAREST = 8  # neighbours listed, and counted for change
LARGE = 2000  # contextual states on a large map
DRAWN = 4  # maps with different seeds: six pairs show the spread of the layout noise, one pair is one sample
KEPT = 400  # frames kept whole in memory
RANGES = {"dims": (2, 3), "neighbours": (2, 200), "distance": (0.0, 1.0), "seed": (0, 2**31)}

M = TypeVar("M", bound=PointMap)

_warming: list[threading.Thread] = []
_failures: list[str] = []


def prepare() -> None:
    """Starts loading umap in the background."""
    if not _warming:
        _warming.append(threading.Thread(target=warm_up, daemon=True, name="umap"))
        _warming[0].start()


def warm_up() -> None:
    """Loads umap; a failure is reported to the first request for it."""
    try:
        layouts.warm_up()
    except Exception as error:  # of numba, a compiler or a disk: reported when UMAP is requested
        _failures.append(f"UMAP could not be loaded ({type(error).__name__}: {error}); choose PCA or t-SNE")


def load() -> Loading:
    """Loads umap in the background before anybody asks for a map: that takes 2 s of a core."""
    prepare()
    return Loading(layouts.ready())


def frame(
    path: str,
    step: int,
    what: str,
    layer: int = 0,
    head: str = "",
    text: str | None = None,
    since: int = 0,
    progress: Progress = None,
    **style: Any,
) -> PointMap:
    """The map at a step. style: as `styled` takes it. ValueError names what cannot be mapped."""
    subject = Subject(path, what, layer, head, text)
    wanted = styled(**style)
    used = standing_in(wanted)

    def make() -> PointMap:
        there = points.taken(glance(path, step, progress), subject)
        layout = frames.laid_out(subject, used, step, there.vectors, progress)
        before, _ = projection.nearest(frames.vectors(subject, since), NEAREST, used.metric)
        map_ = mapped(PointMap, there, used, step, layout)
        return replace(map_, since=since, moved=projection.changed(before, map_.neighbours))

    key = (opened(path), subject, used, frames.moment(path, step), since)
    return replace(kept("map", key, make, bytes_of, KEPT), standing_in=used != wanted)


def mapped(kind: type[M], there: Points, style: Style, step: int, layout: np.ndarray) -> M:
    """The map of this kind in which the points are laid out (N, d)."""
    near, far = projection.nearest(there.vectors, NEAREST, style.metric)
    method = style.method_for(len(there.vectors))
    return kind(
        step=step,
        method=method,
        standing_in=False,
        labels=there.labels,
        kinds=there.kinds,
        sequences=there.sequences,
        left_out=there.left_out,
        explained=projection.shares(layout, there.vectors).tolist() if method == "pca" else None,
        trustworthiness=projection.trustworthiness(there.vectors, layout, NEAREST, style.metric),
        points=floats(layout),
        neighbours=near,
        distances=far,
        token=np.asarray(there.token, dtype=np.int32),
        position=np.asarray(there.position, dtype=np.int32),
        row=np.asarray(there.row, dtype=np.int32),
        frequency=floats(there.frequency),
        loss=floats(there.loss),
    )


def noise(
    path: str,
    step: int,
    what: str,
    layer: int = 0,
    head: str = "",
    text: str | None = None,
    progress: Progress = None,
    **style: Any,
) -> LayoutNoise:
    """The random part of the arrangement: the same data laid out anew with DRAWN seeds, this one first.

    ValueError for PCA, which has no seed and so no noise.
    """
    subject = Subject(path, what, layer, head, text)
    wanted = styled(**style)
    used = standing_in(wanted)

    def make() -> LayoutNoise:
        data = points.taken(training_at(path, step, progress), subject, with_losses=False).vectors
        if used.method_for(len(data)) == "pca":
            raise ValueError("PCA has no seed, and so no layout noise; choose UMAP or t-SNE, and a map of more points")
        seeds = [used.seed + more for more in range(DRAWN)]
        pairs, _ = projection.noise([replace(used, seed=s).layout(len(data)).random_start(data) for s in seeds])
        return LayoutNoise(step, False, float(pairs.mean()), sorted(pairs.tolist()))

    key = (opened(path), subject, used, frames.moment(path, step))
    return replace(kept("noise", key, make, bytes_of, KEPT), standing_in=used != wanted)


def trails(
    path: str,
    step: int,
    what: str,
    tokens: list[int],
    layer: int = 0,
    head: str = "",
    text: str | None = None,
    progress: Progress = None,
    **style: Any,
) -> PointTrails:
    """Where chosen points lay on the frames of the chain until a step, and on its own. tokens: n numbers of points."""
    subject = Subject(path, what, layer, head, text)
    wanted = styled(**style)
    used = standing_in(wanted)
    data = points.taken(training_at(path, step, progress), subject, with_losses=False).vectors
    out = [i for i in tokens if not 0 <= i < len(data)]
    if out:
        raise ValueError(f"this map has points 0 to {len(data) - 1} and not {out[0]}; choose one of them")
    way = frames.path(subject, used, step, data, progress)
    return PointTrails(
        step=step,
        standing_in=used != wanted,
        steps=np.array([*frames.chain(step), step], dtype=np.int32),
        paths=floats(np.stack([frame[tokens] for frame in way])),
    )


def big(
    path: str,
    step: int,
    what: str = "states",
    layer: int = 0,
    head: str = "",
    progress: Progress = None,
    **style: Any,
) -> LargePointMap:
    """A map of LARGE contextual states. Waits for umap, so that none stands in."""
    used = styled(**style)
    if used != standing_in(used):
        _warming[0].join()  # two fits at once in one process would crash it
        used = standing_in(used)
    there = points.taken(training_at(path, step, None), Subject(path, what, layer, head, most=LARGE))
    layout = used.layout(len(there.vectors)).first(there.vectors, progress)
    return mapped(LargePointMap, there, used, step, layout)


def axis(
    path: str,
    step: int,
    what: str,
    start: int,
    end: int,
    layer: int = 0,
    head: str = "",
    text: str | None = None,
    progress: Progress = None,
) -> PointAxis:
    """Every point's place on the straight line from one point to another in the original space."""
    subject = Subject(path, what, layer, head, text)
    data = points.taken(training_at(path, step, progress), subject, with_losses=False).vectors
    out = [i for i in (start, end) if not 0 <= i < len(data)]
    if out:
        raise ValueError(f"this map has points 0 to {len(data) - 1} and not {out[0]}; choose one of them")
    coordinates, share = projection.along(data, start, end)
    return PointAxis(step, share, floats(coordinates))


def styled(
    method: Method = "umap",
    dims: int = 2,
    neighbours: int = 15,
    distance: float = 0.1,
    metric: Metric = "cosine",
    seed: int = 0,
) -> Style:
    """A style. ValueError names what is out of range; settings that a method ignores get their default."""
    given = {"dims": dims, "neighbours": neighbours, "distance": distance, "seed": seed}
    for name, (low, high) in RANGES.items():
        if not low <= given[name] <= high:
            raise ValueError(f"{name}={given[name]} is out of range; use {low} to {high}")
    if metric not in projection.METRICS:
        raise ValueError(f"metric={metric!r} is none of {', '.join(projection.METRICS)}; choose one of them")
    if method not in layouts.METHODS:
        raise ValueError(f"method={method!r} is none of {', '.join(layouts.METHODS)}; choose one of them")
    if method == "pca":
        return Style(method, dims, metric=metric)
    return Style(method, dims, neighbours, distance if method == "umap" else Style.distance, metric, seed)


def standing_in(style: Style) -> Style:
    """The style, or PCA's while umap is loading. ValueError if umap cannot be loaded."""
    if style.method != "umap" or layouts.ready():
        return style
    if _failures:
        raise ValueError(_failures[0])
    prepare()
    return replace(style, method="pca")


def floats(values: np.ndarray) -> np.ndarray:
    """For the way to a page."""
    return np.asarray(values, dtype=np.float32)
