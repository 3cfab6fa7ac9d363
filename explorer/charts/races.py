"""A race's curves: one colour a contender, several seeds of one as a band, over steps, tokens or seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from explorer.charts import progress, timeline
from explorer.charts.timeline import Panel

LOSS = replace(progress.LOSS, text="Loss of each contender", height=250)
METRIC = replace(progress.METRIC, text="Right answers of each contender", legend=False, height=260)
MOVED = "How far a step moves the median matrix, of its size"
RATIO = Panel("Update ratio", MOVED, "‖Δθ‖ / ‖θ‖", "log", (1e-4, 1e-2), 260, 4, legend=False, roof=10.0)
NORM_TEXT = "Gradient norm of each contender, before clipping"
NORM = replace(progress.GRADIENT, text=NORM_TEXT, legend=False, height=260, roof=1e4)
ROOM = 1.5  # of the highest loss at the start: so far up goes the axis
BANDS = 3  # contenders that have bands, at most of their own extremes: more would hide one another
LAG = 25  # steps by which a seed may lag behind another because its file was written a moment earlier
AXES = {"steps": "step", "tokens": "tokens", "time": "seconds"}


def loss_panel(unit: str, of: str, lanes: Sequence[Lane]) -> Panel:
    """The panel of losses in a unit, as progress.loss_panel has it.

    One who diverges does not squeeze the others: it shows up to ROOM times the highest loss at the start.
    """
    panel = replace(LOSS, unit=progress.loss_panel(unit, of).unit)
    first = [curve["loss_mean"][0] for lane in lanes for curve in lane.curves if len(curve["step"])]
    return replace(panel, roof=ROOM * float(max(first))) if first else panel


def over(panel: Panel, across: str) -> Panel:
    """A panel whose other axis counts something else than steps."""
    return replace(panel, across=across)


@dataclass(frozen=True)
class Lane:
    """One contender's curve. curves: one a seed, "step" and the columns' "_mean", "_min", "_max", each (n,).

    across: by seed where each point of the curve lies on the axis; None if that is its step.
    diverged: (place on the axis, step, words) of the seeds that did.
    """

    name: str
    color: str
    curves: Sequence[Mapping[str, np.ndarray]]
    across: Sequence[np.ndarray] | None = None
    diverged: Sequence[tuple[float, int, str]] = field(default=())


def parts(lanes: Sequence[Lane], column: str, cursor: float | None = None) -> list[dict[str, Any]]:
    """Curves of a column of all contenders, and marks where one diverged. cursor: a place on the axis."""
    together: list[dict[str, Any]] = []
    for lane in lanes:
        together += of_lane(lane, column, len(lanes) <= BANDS)
    for lane in lanes:
        for place, step, words in lane.diverged:
            label = f"{lane.name} diverged at step {step:,}: {words}"
            marks = timeline.not_finite([place], lane.name, label, f"{lane.name} diverged")
            together += [marks[0] | {"go": step}, *marks[1:]]
    return together if cursor is None else [*together, timeline.rows("cursor", cursor)]


def of_lane(lane: Lane, column: str, extremes: bool = True) -> list[dict[str, Any]]:
    """A contender's curve: several seeds as their mean in the band from least to most, a single one as it is.

    extremes: a single one stands in the band of its own. Seeds that have ended, or come to fewer steps, are left out
    where they have none.
    """
    look = {"series": lane.name, "color": lane.color}
    begun = [i for i, curve in enumerate(lane.curves) if len(curve["step"])]
    if not begun:
        return [timeline.rows("train", **look)]
    if len(begun) == 1:
        curve = lane.curves[begun[0]]
        steps, middle = curve["step"], curve[f"{column}_mean"]
        low, high = (curve.get(f"{column}_{end}", middle) if extremes else middle for end in ("min", "max"))
    else:
        steps = common([lane.curves[i]["step"] for i in begun])
        seeds = np.stack([held(lane.curves[i]["step"], lane.curves[i][f"{column}_mean"], steps) for i in begun])
        middle = mean(seeds)
        low, high = np.fmin.reduce(seeds), np.fmax.reduce(seeds)
    line = timeline.curve("train", steps, middle, low=low, high=high, **look)
    if lane.across is not None:
        places = np.stack([held(lane.curves[i]["step"], lane.across[i], steps) for i in begun])
        line = [_moved(part, steps, mean(places)) for part in line]
    return line


def common(steps: Sequence[np.ndarray]) -> np.ndarray:
    """The steps that several seeds are drawn at: those of the longest, up to where the one that lags is."""
    longest = max(steps, key=lambda one: one[-1])
    lagging = [one[-1] for one in steps if one[-1] > longest[-1] - LAG]
    return longest[longest <= min(lagging)]


def held(measured: np.ndarray, values: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Values known at steps `own`, each up to the next of them, at other steps; NaN beyond the last, (n,)."""
    latest = np.asarray(values, dtype=np.float64)[np.searchsorted(measured, steps, side="right").clip(min=1) - 1]
    return np.where(steps <= measured[-1], latest, np.nan)


def mean(seeds: np.ndarray) -> np.ndarray:
    """Of those that are known, over the first axis; NaN if none is."""
    finite = ~np.isnan(seeds)
    return np.where(finite, seeds, 0).sum(0) / np.where(finite.any(0), finite.sum(0), np.nan)


def _moved(part: dict[str, Any], steps: np.ndarray, across: np.ndarray) -> dict[str, Any]:
    """A part over steps, laid over another axis."""
    if part["kind"] == "note":
        return part | {"step": float(np.interp(part["step"], steps, across))}
    return part | {"step": np.interp(part["step"], steps, across), "go": part["step"]}
