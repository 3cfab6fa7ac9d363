"""Point map: points in two or three dimensions, named, that move from frame to frame.

N points, K neighbours, T frames of a trail. One frame is one message of bytes: hovering, searching, drawing
around points, colours, a point's neighbours and saving need no server. Only the chosen points come back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import streamlit as st

from explorer.charts import theme
from explorer.ui.components.message import pack
from explorer.ui.components.source import Source

SCALES = ("linear", "log", "share")
TRAILS = 8  # points whose trails can be distinguished

SOURCE = Source(
    "explorer_point_map",
    scripts=(
        "palette.js",
        "hot.js",
        "moving.js",
        "plot.js",
        "vector.js",
        "point_map_drawing.js",
        "point_map_inspector.js",
        "point_map_saving.js",
        "point_map_pointing.js",
        "point_map.js",
    ),
    styles=("elements.css", "stage.css", "point_map.css"),
)
mount = SOURCE.component()


@dataclass(frozen=True)
class Shade:
    """One way to colour the points, and what is shown of a point on hovering. values (N,): NaN where unknown.

    categories: (name, colour) by number, for values that are such numbers; none for numbers that mean a size.
    scale: "linear", "log" or "share" (0 to 1, shown in percent).   square: categories drawn with corners.
    """

    name: str
    values: np.ndarray
    unit: str = ""
    scale: str = "linear"
    categories: Sequence[tuple[str, str]] = ()
    square: Sequence[int] = ()

    def ends(self) -> tuple[float, float]:
        """The values at the two ends of the colours; a share's are fixed."""
        finite = self.values[np.isfinite(self.values)]
        if self.scale == "share":
            return 0.0, 1.0
        if self.scale == "log":
            finite = finite[finite > 0]
        return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)


@dataclass(frozen=True)
class Neighbours:
    """Each point's K nearest in the original space of `width` dimensions, the nearest first.

    points, distances (N, K).   metric: what distances are.   also (N, K): another distance of the same points,
    named `second`.   moved (N,): share of them that changed since step `since`.
    """

    points: np.ndarray
    distances: np.ndarray
    metric: str
    width: int
    also: np.ndarray | None = None
    second: str = ""
    moved: np.ndarray | None = None
    since: int = 0


@dataclass(frozen=True)
class Trails:
    """Where chosen points were: paths (T, n, dims) of the points `tokens`."""

    tokens: Sequence[int] = ()
    paths: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 0)))


@dataclass(frozen=True)
class Frame:
    """What a map shows at a step. points (N, dims).   labels, notes: N words each, a note says which of equal labels.

    contexts: N texts that are shown on hovering, or none.   axes: a name for each, where an axis means something.
    quality: numbers with their names, `trust` says in a sentence what they mean.   of: which map this is a frame of.
    """

    title: str
    subject: str
    step: int
    points: np.ndarray
    labels: Sequence[str]
    notes: Sequence[str]
    shades: Sequence[Shade]
    neighbours: Neighbours
    quality: Sequence[tuple[str, str]]
    trust: str
    axes: Sequence[str] = ()
    trails: Trails = Trails()
    contexts: Sequence[str] = ()
    of: str = ""


def message(
    frame: Frame,
    selected: Sequence[int] | None,
    height: int,
    projector: bool = False,
    live: bool = False,
    moment: Mapping[str, Any] | None = None,
) -> bytes:
    """What the component draws. selected: the chosen points; None leaves them as they are.

    live: frames follow one another while training.   moment: of what it tells, see feed.py, if the feed moves it.
    Raises ValueError where sizes disagree.
    """
    check(frame)
    near = frame.neighbours
    count, dims = frame.points.shape
    header: dict[str, Any] = {
        "title": frame.title,
        "subject": frame.subject,
        "step": frame.step,
        "count": count,
        "dims": dims,
        "labels": list(frame.labels),
        "notes": list(frame.notes),
        "contexts": list(frame.contexts),
        "order": order(frame).tolist(),
        "shades": [
            {
                "name": shade.name,
                "unit": shade.unit,
                "scale": shade.scale,
                "categories": [list(pair) for pair in shade.categories],
                "square": list(shade.square),
                "ends": shade.ends(),
            }
            for shade in frame.shades
        ],
        "neighbours": {"count": near.points.shape[1], "metric": near.metric, "second": near.second},
        "width": near.width,
        "moved": near.moved is not None,
        "since": near.since,
        "quality": [list(pair) for pair in frame.quality],
        "trust": frame.trust,
        "axes": list(frame.axes),
        "trails": {
            "tokens": list(frame.trails.tokens),
            "colours": [theme.CATEGORICAL[i % len(theme.CATEGORICAL)] for i in range(len(frame.trails.tokens))],
            "length": len(frame.trails.paths),
        },
        "selected": None if selected is None else [i for i in selected if 0 <= i < count],
        "height": height,
        "projector": projector,
        "live": live,
        "of": frame.of,
        "moment": moment,
    }
    moved = np.zeros(count) if near.moved is None else near.moved
    also = [] if near.also is None else [near.also]
    arrays = [frame.points, near.points, near.distances, *also, moved, *(shade.values for shade in frame.shades)]
    return pack(header, [*arrays, frame.trails.paths])


def order(frame: Frame) -> np.ndarray:
    """Which points are named first where there is no room for all: frequent ones; of equal names a fair sample."""
    count = len(frame.labels)
    often = next((shade.values for shade in frame.shades if shade.name == "frequency"), None)
    if often is None or len(set(frame.labels)) < count:
        return np.random.default_rng(0).permutation(count)
    return np.argsort(-np.nan_to_num(often), kind="stable")


def check(frame: Frame) -> None:
    """Raises ValueError where a frame's sizes disagree."""
    count, dims = frame.points.shape
    if dims not in (2, 3):
        raise ValueError(f"{frame.title}: points of shape {frame.points.shape}; give two or three numbers a point")
    if not len(frame.labels) == len(frame.notes) == count:
        raise ValueError(f"{frame.title}: {len(frame.labels)} labels and {len(frame.notes)} notes for {count} points")
    if len(frame.contexts) not in (0, count):
        raise ValueError(f"{frame.title}: {len(frame.contexts)} contexts for {count} points; give one each, or none")
    for shade in frame.shades:
        if shade.values.shape != (count,):
            raise ValueError(f"colour {shade.name}: values of shape {shade.values.shape} for {count} points")
        if shade.scale not in SCALES:
            raise ValueError(f"colour {shade.name}: scale={shade.scale!r} is not known; use one of {', '.join(SCALES)}")
    near = frame.neighbours
    if near.points.shape != near.distances.shape or len(near.points) != count:
        raise ValueError(f"{near.points.shape} neighbours with {near.distances.shape} distances for {count} points")
    if (near.also is None) == bool(near.second):
        raise ValueError("a second distance needs both its name and its numbers")
    length, tokens = len(frame.trails.paths), len(frame.trails.tokens)
    if length and frame.trails.paths.shape != (length, tokens, dims):
        raise ValueError(f"trails of shape {frame.trails.paths.shape} for {tokens} points in {dims} dimensions")


def point_map(data: bytes, *, key: str, on_chosen: Callable[[list[int]], None]) -> None:
    """Draws a message. `on_chosen` is called with the points that were chosen, before the page runs."""

    def deliver() -> None:
        on_chosen([int(i) for i in st.session_state[key]["selected"] or []])

    mount(key=key, data=data, on_selected_change=deliver)
