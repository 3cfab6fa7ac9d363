"""Landscape: heights over a plane as colours and contours, with paths on it. R rows, C columns, N points of a path.

One message holds all of it, so that reading values, hiding a path, playing and saving need no server; what comes back
is a place to start from or a step to go to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import streamlit as st

from explorer.charts import theme
from explorer.ui.components.message import pack
from explorer.ui.components.source import Source

SOURCE = Source(
    "explorer_landscape",
    scripts=(
        "palette.js",
        "hot.js",
        "moving.js",
        "axes.js",
        "plot.js",
        "vector.js",
        "contours.js",
        "landscape_drawing.js",
        "landscape_saving.js",
        "landscape_player.js",
        "landscape.js",
    ),
    styles=("elements.css", "stage.css", "landscape.css"),
)
mount = SOURCE.component()


@dataclass(frozen=True)
class Ground:
    """The heights that are drawn.

    heights (R, C): rows from the lowest y, NaN where not known, +∞ where not finite.   window: x from and to, y from
    and to.   axes: what x and y are, in one line.   scale: log, linear, or signed around 0; floor: of a log scale.
    stride: of the finest grid that is whole, 0 while none is.   marks: places (x, y) with a word.
    """

    heights: np.ndarray
    window: Sequence[Sequence[float]]
    axes: str
    unit: str
    value: str
    scale: str = "log"
    floor: float = 0.0
    stride: int = 1
    marks: Sequence[tuple[float, float, str]] = ()


@dataclass(frozen=True)
class Track:
    """A path over it. steps, x, y (N,); values: heights along it.

    off, distances: how far outside the plane, as a share of the squared distance from the centre and as it is; far: 1
    where the path is not to be read on the surface, drawn dashed.
    now: which point is where it stands, −1 for none; marked: it is the one that is looked at.   stages: what each step
    was made of, {name, symbol, formula}, with numbers (N − 1, stages, 2).   source, ended: in words.
    """

    name: str
    color: str
    steps: np.ndarray
    x: np.ndarray
    y: np.ndarray
    values: np.ndarray | None = None
    off: np.ndarray | None = None
    distances: np.ndarray | None = None
    far: np.ndarray | None = None
    now: int = -1
    marked: bool = False
    stages: Sequence[dict[str, str]] = ()
    numbers: np.ndarray = field(default_factory=lambda: np.empty(0))
    source: str = ""
    ended: str = ""


def message(
    title: str,
    text: str,
    ground: Ground,
    tracks: Sequence[Track],
    *,
    height: int = 520,
    progress: tuple[float, str] = (1.0, ""),
    projector: bool = False,
    starts: str | None = None,
    walk: str | None = None,
) -> bytes:
    """What the canvas draws. text: the picture in words.   progress: the share that is computed, and that in words.

    starts: what a click does, in words, where a path can be started from any place.   walk: what tells these paths
    from others, where they are to be played; None for a picture that stands still. ValueError where shapes disagree.
    """
    for track in tracks:
        if not len(track.steps) == len(track.x) == len(track.y):
            raise ValueError(f"{track.name} has {len(track.steps)} steps and {len(track.x)}, {len(track.y)} places")
    header = {
        "title": title,
        "alt": text,
        "shape": list(ground.heights.shape),
        "window": [list(side) for side in ground.window],
        "axes": [ground.axes],
        "unit": ground.unit,
        "value": ground.value,
        "scale": ground.scale,
        "floor": ground.floor,
        "stride": ground.stride,
        "marks": [{"x": x, "y": y, "label": label} for x, y, label in ground.marks],
        "tracks": [as_header(track) for track in tracks],
        "outside": any(track.off is not None for track in tracks),
        "height": height,
        "progress": {"share": progress[0], "words": progress[1]},
        "projector": projector,
        "starts": starts is not None,
        "hint": starts or "",
        "player": walk is not None,
        "walk": walk,
        "cursor": theme.CURSOR,
    }
    return pack(header, [ground.heights, *(array for track in tracks for array in _numbers(track))], "<f4")


def as_header(track: Track) -> dict[str, Any]:
    """A path's words."""
    return {
        "name": track.name,
        "color": track.color,
        "n": len(track.steps),
        "now": track.now,
        "marked": track.marked,
        "stages": list(track.stages),
        "source": track.source,
        "ended": track.ended,
    }


def _numbers(track: Track) -> list[np.ndarray]:
    """A path's numbers; what is not known is NaN, what is not off the plane 0."""
    nothing, zeros = np.full(len(track.steps), np.nan), np.zeros(len(track.steps))
    values = nothing if track.values is None else track.values
    outside = (zeros if array is None else array for array in (track.off, track.distances, track.far))
    return [track.steps, track.x, track.y, values, *outside, track.numbers]


def landscape(
    data: bytes,
    *,
    key: str,
    on_step: Callable[[int], None] | None = None,
    on_start: Callable[[float, float], None] | None = None,
) -> None:
    """Draws a message. `on_step` is called with the step of the marked path that was clicked, `on_start` with the place
    that was, before the page runs.
    """

    def stepped() -> None:
        step = st.session_state[key]["step"]
        if step is not None and on_step is not None:
            on_step(int(step))

    def started() -> None:
        place = st.session_state[key]["start"]
        if place is not None and on_start is not None:
            on_start(float(place["x"]), float(place["y"]))

    mount(key=key, data=data, on_step_change=stepped, on_start_change=started)
