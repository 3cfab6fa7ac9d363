"""A race's curves: one colour a contender, several seeds of one as a band, over steps, tokens or seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from explorer.charts import progress, timeline
from explorer.charts.timeline import Panel

LOSS = replace(progress.LOSS, text="Loss of each contender", height=380)
METRIC = replace(progress.METRIC, text="Right answers of each contender", legend=False, height=260)
MOVED = "How far a step moves the median matrix, of its size"
RATIO = Panel("Update ratio", MOVED, "‖Δθ‖ / ‖θ‖", "log", (1e-4, 1e-2), 260, 4, legend=False)
NORM = replace(progress.GRADIENT, text="Gradient norm of each contender, before clipping", legend=False, height=260)
AXES = {"steps": "step", "tokens": "tokens", "time": "seconds"}


def over(panel: Panel, across: str) -> Panel:
    """A panel whose other axis counts something else than steps."""
    return replace(panel, across=across)


@dataclass(frozen=True)
class Lane:
    """One contender's curve. curves: one a seed, "step" and the columns' "_mean", "_min", "_max", each (n,).

    across: by seed where each point of the curve lies on the axis; None where that is its step.
    diverged: (place on the axis, step, words) of the seeds that did.
    """

    name: str
    color: str
    curves: Sequence[Mapping[str, np.ndarray]]
    across: Sequence[np.ndarray] | None = None
    diverged: Sequence[tuple[float, int, str]] = field(default=())


def parts(lanes: Sequence[Lane], column: str, cursor: float | None = None) -> list[dict[str, Any]]:
    """Curves of a column of all contenders, and marks where one diverged. cursor: a place on the axis."""
    drawn: list[dict[str, Any]] = []
    for lane in lanes:
        drawn += of_lane(lane, column)
    for lane in lanes:
        for place, step, words in lane.diverged:
            label = f"{lane.name} diverged at step {step}: {words}"
            marks = timeline.not_finite([place], lane.name, label, f"{lane.name} diverged")
            drawn += [marks[0] | {"go": step}, *marks[1:]]
    return drawn if cursor is None else [*drawn, timeline.rows("cursor", cursor)]


def of_lane(lane: Lane, column: str) -> list[dict[str, Any]]:
    """A contender's curve: a single seed as it is, several as their mean in the band from least to most."""
    look = {"series": lane.name, "color": lane.color}
    known = [i for i, curve in enumerate(lane.curves) if len(curve["step"])]
    if not known:
        return [timeline.rows("train", **look)]
    steps = lane.curves[known[0]]["step"]
    for i in known[1:]:
        steps = np.intersect1d(steps, lane.curves[i]["step"])
    if not len(steps):
        return [timeline.rows("train", **look)]
    places = [np.searchsorted(lane.curves[i]["step"], steps) for i in known]
    seeds = np.stack([lane.curves[i][f"{column}_mean"][at] for i, at in zip(known, places, strict=True)])
    band = {"low": seeds.min(0), "high": seeds.max(0)} if len(known) > 1 else {}
    line = timeline.curve("train", steps, seeds.mean(0), **band, **look)
    if lane.across is not None:
        across = np.stack([lane.across[i][at] for i, at in zip(known, places, strict=True)]).mean(0)
        line = [_moved(part, steps, across) for part in line]
    return line


def _moved(part: dict[str, Any], steps: np.ndarray, across: np.ndarray) -> dict[str, Any]:
    """A part over steps, laid over another axis."""
    if part["kind"] == "note":
        return part | {"step": float(np.interp(part["step"], steps, across))}
    return part | {"step": np.interp(part["step"], steps, across), "go": part["step"]}
