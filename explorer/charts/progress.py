"""How training goes: loss, metric, learning rate, gradient norm, speed.

`parts` makes what is drawn from `run.curve()`; timeline.py says what its columns mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from explorer.charts import theme, timeline
from explorer.charts.timeline import Event, Guide, Panel

NATS, NORM = "nats per token", "‖g‖"
LOSS = Panel("Loss", "Loss over steps, for training and validation", NATS, "linear", (0, 1), 300)
METRIC = Panel("Right answers", "Right answers over steps, from 0 to 1", "share right", "share", (0, 1), 300, 4)
RATE = Panel("Learning rate", "Learning rate over steps", "step size", "linear", (0, 1e-6), 170, legend=False)
GRADIENT = Panel(
    "Gradient norm",
    "Norm of the whole gradient over steps, before and after clipping, on a log scale",
    NORM,
    "log",
    (0.1, 1),
    220,
)
GRADIENT_TALL = replace(GRADIENT, height=320)
SPEED = Panel(
    "Speed of computing",
    "Training steps per second, without the waiting between them",
    "steps/s",
    "linear",
    (0, 10),
    170,
    3,
    legend=False,
)

HOLDS = {"answer": (0.3, 0.7), "pair": (0.0, 0.6)}  # what a loss is of -> the least that its axis shows

Curve = Mapping[str, np.ndarray]  # "step" and, for a column c, "c_min", "c_max", "c_mean": each (n,)


@dataclass(frozen=True)
class Earlier:
    """Another run of this visit. name: what differs from this one; index: its place in the visit, from 0."""

    name: str
    index: int
    curve: Curve


@dataclass(frozen=True)
class Trunk:
    """What a run branched off after `step` steps.

    run: the branch's id.   curve: that of its parent, None where its file is gone.   fresh: it was made just now.
    """

    run: str
    step: int
    curve: Curve | None = None
    fresh: bool = False


def loss_panel(unit: str, of: str, height: int = LOSS.height, log: bool | None = None) -> Panel:
    """The panel of a loss in a unit. of: what it is the mean over: tokens, answers, pairs.   log: as Panel has it."""
    return replace(LOSS, unit=f"{unit} per {of}", holds=HOLDS.get(of, LOSS.holds), height=height, log=log)


def parts(
    curve: Curve,
    column: str,
    *,
    validation: Mapping[str, np.ndarray] | None = None,
    earlier: Sequence[Earlier] = (),
    guide: Guide | None = None,
    events: Iterable[Event] = (),
    cursor: int | None = None,
    trunk: Trunk | None = None,
) -> list[dict[str, Any]]:
    """One curve of a run, with what belongs to it.

    column: loss, metric, lr, grad_norm, clipped_grad_norm, or speed, which is 1 / seconds.
    validation: "step" and `column`.   cursor: the step looked at, None when it is the newest.
    """
    curves = _curve("train", "training", theme.TRAIN, curve, column)
    if validation is not None:
        look = {"series": "validation", "color": theme.VALIDATION}
        curves += timeline.curve("validation", validation["step"], validation[column], **look)
    for other in earlier:
        curves += _curve("earlier", other.name, theme.run(other.index), other.curve, column)
    return [*curves, *_left(trunk, column), *_level(guide), *timeline.marks(events, cursor)]


def _left(trunk: Trunk | None, column: str) -> list[dict[str, Any]]:
    """Where a run branched off, and its parent's curve from there on."""
    if trunk is None:
        return []
    mark = timeline.rows("branch", trunk.step, label="branched", of=trunk.run, fresh=trunk.fresh)
    on = {} if trunk.curve is None else {n: v[trunk.curve["step"] >= trunk.step] for n, v in trunk.curve.items()}
    if not on or not len(on["step"]):
        return [mark]
    return [*_curve("earlier", "parent", theme.OUTSIDE, on, column), mark]


def gradient_norm_parts(
    curve: Curve,
    *,
    clip: float | None = None,
    events: Iterable[Event] = (),
    cursor: int | None = None,
) -> list[dict[str, Any]]:
    """The norm of the whole gradient before and after clipping at `clip`."""
    curves = _curve("train", "before clipping", theme.WARN, curve, "grad_norm")
    curves += _curve("train", "after clipping", theme.TRAIN, curve, "clipped_grad_norm")
    guide = None if clip is None else Guide(clip, f"clipped at {clip:g}")
    return [*curves, *_level(guide), *timeline.marks(events, cursor)]


def _curve(kind: str, series: str, color: str, curve: Curve, column: str) -> list[dict]:
    """Rows of a curve: mean in the middle, from min to max. Without steps, one row that holds its legend."""
    if not curve or len(curve["step"]) == 0:
        return [timeline.rows(kind, series=series, color=color)]
    low, high, mean = (
        np.asarray(curve[f"{'seconds' if column == 'speed' else column}_{part}"], dtype=np.float64)
        for part in ("min", "max", "mean")
    )
    if column == "speed":
        low, high, mean = map(_a_second, (high, low, mean))
    return timeline.curve(kind, curve["step"], mean, low=low, high=high, series=series, color=color)


def _a_second(seconds: np.ndarray) -> np.ndarray:
    """Steps a second; NaN where the clock saw no time pass."""
    return np.divide(1.0, seconds, out=np.full_like(seconds, np.nan), where=seconds > 0)


def _level(guide: Guide | None) -> list[dict[str, Any]]:
    return [] if guide is None else [timeline.rows("guide", value=guide.value, label=guide.label)]
