"""Maps of a run's vectors: a frame, trails through frames, a large map, an axis, and how far to believe them.

N points, d dimensions of the map, C of the original space, K neighbours. points.py says what there are maps of,
frames.py how frames follow each other.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from typing import Any

import numpy as np

from explorer.measure import layouts, projection
from explorer.measure.layouts import Method
from explorer.measure.projection import Metric
from explorer.runs.answer import Answer
from explorer.runs.views import frames, points
from explorer.runs.views.frames import Style
from explorer.runs.views.points import Points, Subject
from explorer.runs.views.restored import Progress, training_at

NEAREST = 8  # neighbours listed, and those whose change is told
LARGE = 2000  # contextual states on a large map
KEPT = 400  # frames kept whole in memory
RANGES = {"dims": (2, 3), "neighbours": (2, 200), "distance": (0.0, 1.0), "seed": (0, 2**31)}

_answers: OrderedDict[tuple, Answer] = OrderedDict()
_warming: list[threading.Thread] = []
_failures: list[str] = []


def prepare() -> Answer:
    """Begins to load umap behind what is asked meanwhile. plain: ready."""
    if not _warming:
        _warming.append(threading.Thread(target=warm_up, daemon=True, name="umap"))
        _warming[0].start()
    return {"ready": layouts.ready()}, {}


def warm_up() -> None:
    """Loads umap; that it cannot be is told to whoever asks for it."""
    try:
        layouts.warm_up()
    except Exception as error:  # of numba, of a compiler, of a disk: said in a sentence where UMAP is asked for
        _failures.append(f"UMAP could not be loaded ({type(error).__name__}: {error}); choose PCA or t-SNE")


def choices(path: str, step: int = 0) -> Answer:
    """What there are maps of in this run's model: plain["choices"][what], with the layers or heads to choose among."""
    return {"choices": points.choices(training_at(path, step, None))}, {}


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
) -> Answer:
    """The map at a step: where each point lies, and what is known of it. style: as `styled` takes it.

    plain: labels and kind (N), explained (d) where the axes are principal ones, trustworthiness, radius, standing_in:
    PCA, while umap is not there yet; sequences: the probe's rows as text, left_out: tokens too rare for this map.
    Arrays: points (N, d); in the original space neighbours (N, K), their distances, and moved (N,), the share of them
    that are new since step `since`; token, position, row, frequency, loss (N,), as in points.py.
    ValueError names what cannot be.
    """
    subject = Subject(path, what, layer, head, text)
    wanted = styled(**style)
    used = standing_in(wanted)
    key = (subject, used, frames.moment(path, step), since)
    if key not in _answers:
        _answers[key] = drawn(subject, used, step, since, progress)
        while len(_answers) > KEPT:
            _answers.popitem(last=False)
    _answers.move_to_end(key)
    plain, arrays = _answers[key]
    return plain | {"standing_in": used != wanted}, arrays


def drawn(subject: Subject, style: Style, step: int, since: int, progress: Progress) -> Answer:
    """A frame, laid out and judged."""
    there = points.taken(training_at(subject.path, step, progress), subject)
    layout = frames.laid_out(subject, style, step, there.vectors, progress)
    near, far = projection.nearest(there.vectors, NEAREST, style.metric)
    before, _ = projection.nearest(frames.vectors(subject, since), NEAREST, style.metric)
    arrays = {"neighbours": near, "distances": far, "moved": projection.changed(before, near)}
    return described(there, style, step, layout) | {"since": since}, {"points": floats(layout)} | arrays | known(there)


def described(there: Points, style: Style, step: int, layout: np.ndarray) -> dict[str, Any]:
    """The plain part of a map."""
    judged = projection.trustworthiness(there.vectors, layout, NEAREST, style.metric)
    return {
        "step": step,
        "method": style.method,
        "metric": style.metric,
        "labels": there.labels,
        "kind": there.kinds,
        "sequences": there.sequences,
        "left_out": there.left_out,
        "explained": projection.shares(layout, there.vectors).tolist() if style.method == "pca" else None,
        "trustworthiness": judged,
        "radius": projection.radius(layout),
    }


def known(there: Points) -> dict[str, np.ndarray]:
    """What is known of each point."""
    whole = {"token": there.token, "position": there.position, "row": there.row}
    arrays = {name: np.asarray(values, dtype=np.int32) for name, values in whole.items()}
    return arrays | {"frequency": floats(there.frequency), "loss": floats(there.loss)}


def noise(
    path: str,
    step: int,
    what: str,
    layer: int = 0,
    head: str = "",
    text: str | None = None,
    progress: Progress = None,
    **style: Any,
) -> Answer:
    """How much of the arrangement is chance: the same data laid out twice, from nothing, with this seed and the next.

    plain: noise, the root mean square distance between the two after Procrustes, in radii; standing_in. Arrays: apart
    (N,), of each point. PCA has no seed, and so none.
    """
    subject = Subject(path, what, layer, head, text)
    wanted = styled(**style)
    used = standing_in(wanted)
    key = ("noise", subject, used, frames.moment(path, step))
    if key not in _answers:
        data = points.taken(training_at(path, step, progress), subject, told=False).vectors
        one, other = (replace(used, seed=used.seed + more).layout(len(data)).first(data) for more in (0, 1))
        found = {"step": step, "noise": projection.noise(one, other)}
        _answers[key] = found, {"apart": floats(projection.apart(one, other))}
    plain, arrays = _answers[key]
    return plain | {"standing_in": used != wanted}, arrays


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
) -> Answer:
    """Where chosen points lay on the frames of the chain until a step, and on its own. tokens: indices of points, n.

    Arrays: steps (S,), paths (S, n, d).
    """
    subject = Subject(path, what, layer, head, text)
    wanted = styled(**style)
    used = standing_in(wanted)
    data = points.taken(training_at(path, step, progress), subject, told=False).vectors
    out = [i for i in tokens if not 0 <= i < len(data)]
    if out:
        raise ValueError(f"this map has points 0 to {len(data) - 1} and not {out[0]}; choose one of them")
    last = frames.laid_out(subject, used, step, data, progress)
    steps = [*frames.chain(step), step]
    paths = [frames.on_chain(subject, used, s) for s in steps[:-1]] + [last]
    arrays = {"steps": np.array(steps, dtype=np.int32), "paths": floats(np.stack([p[tokens] for p in paths]))}
    return {"step": step, "standing_in": used != wanted}, arrays


def big(
    path: str,
    step: int,
    what: str = "states",
    layer: int = 0,
    head: str = "",
    progress: Progress = None,
    **style: Any,
) -> Answer:
    """A map of LARGE contextual states, laid out from nothing: as `frame`, but belonging to no chain.

    Waits for umap, so that none stands in.
    """
    used = styled(**style)
    if used != standing_in(used):
        _warming[0].join()  # two fits at once in one process would be the end of it
        used = standing_in(used)
    there = points.taken(training_at(path, step, None), Subject(path, what, layer, head, most=LARGE))
    layout = used.layout(len(there.vectors)).first(there.vectors, progress)
    near, far = projection.nearest(there.vectors, NEAREST, used.metric)
    arrays = {"points": floats(layout), "neighbours": near, "distances": far}
    return described(there, used, step, layout) | {"standing_in": False}, arrays | known(there)


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
) -> Answer:
    """Every point's place on the straight line from one point to another in the original space.

    Arrays: along (N,), 0 at `start`, in the space's own unit. plain: share, of the points' variance along the line,
    and length, from start to end.
    """
    data = points.taken(training_at(path, step, progress), Subject(path, what, layer, head, text), told=False).vectors
    out = [i for i in (start, end) if not 0 <= i < len(data)]
    if out:
        raise ValueError(f"this map has points 0 to {len(data) - 1} and not {out[0]}; choose one of them")
    coordinates, share = projection.along(data, start, end)
    plain = {"step": step, "share": share, "length": float(coordinates[end]), "start": start, "end": end}
    return plain, {"along": floats(coordinates)}


def styled(
    method: Method = "umap",
    dims: int = 2,
    neighbours: int = 15,
    distance: float = 0.1,
    metric: Metric = "cosine",
    seed: int = 0,
) -> Style:
    """A style. ValueError names what is out of range; what a method has no use for stands at its default."""
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
    """The style, or while umap is not there yet PCA's. ValueError where umap cannot be loaded."""
    if style.method != "umap" or layouts.ready():
        return style
    if _failures:
        raise ValueError(_failures[0])
    prepare()
    return replace(style, method="pca")


def floats(values: np.ndarray) -> np.ndarray:
    """For the way to a page."""
    return np.asarray(values, dtype=np.float32)


def forget() -> None:
    """Lets go of every frame."""
    _answers.clear()
    frames.forget()
