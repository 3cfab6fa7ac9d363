"""How training goes: loss, metric, learning rate, gradient norm, speed.

`parts` makes what is drawn from `run.curve()`, `frame` the same as the table that an Altair chart takes;
timeline.py says what its columns mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import theme, timeline
from explorer.charts.timeline import CURVES, Event, Guide, Panel, only

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
SPEED = Panel("Speed", "Training steps per second", "steps/s", "linear", (0, 10), 170, 3, legend=False)

HOLDS = {"answer": (0.3, 0.7), "pair": (0.0, 0.6)}  # what a loss is of -> the least that its axis shows

Curve = Mapping[str, np.ndarray]  # "step" and, for a column c, "c_min", "c_max", "c_mean": each (n,)


@dataclass(frozen=True)
class Earlier:
    """Another run of this visit. name: what differs from this one; index: its place in the visit, from 0."""

    name: str
    index: int
    curve: Curve


def loss_panel(unit: str, of: str, height: int = LOSS.height) -> Panel:
    """The panel of a loss in a unit. of: what it is the mean over: tokens, answers, pairs."""
    return replace(LOSS, unit=f"{unit} per {of}", holds=HOLDS.get(of, LOSS.holds), height=height)


def parts(
    curve: Curve,
    column: str,
    *,
    validation: Mapping[str, np.ndarray] | None = None,
    earlier: Sequence[Earlier] = (),
    guide: Guide | None = None,
    events: Iterable[Event] = (),
    cursor: int | None = None,
) -> list[dict[str, Any]]:
    """One curve of a run, with what belongs to it.

    column: loss, metric, lr, grad_norm, clipped_grad_norm, or speed, which is 1 / seconds.
    validation: "step" and `column`.   cursor: the step looked at, None when it is the newest.
    """
    drawn = _curve("train", "training", theme.TRAIN, curve, column)
    if validation is not None:
        look = {"series": "validation", "color": theme.VALIDATION}
        drawn += timeline.curve("validation", validation["step"], validation[column], **look)
    for other in earlier:
        drawn += _curve("earlier", other.name, theme.run(other.index), other.curve, column)
    return [*drawn, *_level(guide), *timeline.marks(events, cursor)]


def gradient_norm_parts(
    curve: Curve,
    *,
    clip: float | None = None,
    events: Iterable[Event] = (),
    cursor: int | None = None,
) -> list[dict[str, Any]]:
    """The norm of the whole gradient before and after clipping at `clip`."""
    drawn = _curve("train", "before clipping", theme.WARN, curve, "grad_norm")
    drawn += _curve("train", "after clipping", theme.TRAIN, curve, "clipped_grad_norm")
    guide = None if clip is None else Guide(clip, f"clipped at {clip:g}")
    return [*drawn, *_level(guide), *timeline.marks(events, cursor)]


def frame(curve: Curve, column: str, **belongs: Any) -> pd.DataFrame:
    """The table of `parts`."""
    return timeline.table(parts(curve, column, **belongs))


def gradient_norm_frame(curve: Curve, **belongs: Any) -> pd.DataFrame:
    """The table of `gradient_norm_parts`."""
    return timeline.table(gradient_norm_parts(curve, **belongs))


def _curve(kind: str, series: str, color: str, curve: Curve, column: str) -> list[dict]:
    """Rows of a curve: mean in the middle, from min to max. Without steps, one row that holds its legend."""
    if not curve or len(curve["step"]) == 0:
        return [timeline.rows(kind, series=series, color=color)]
    low, high, mean = (
        np.asarray(curve[f"{'seconds' if column == 'speed' else column}_{part}"], dtype=np.float64)
        for part in ("min", "max", "mean")
    )
    if column == "speed":
        low, high, mean = 1 / high, 1 / low, 1 / mean
    return timeline.curve(kind, curve["step"], mean, low=low, high=high, series=series, color=color)


def _level(guide: Guide | None) -> list[dict[str, Any]]:
    return [] if guide is None else [timeline.rows("guide", value=guide.value, label=guide.label)]


def losses(data: pd.DataFrame, *, log: bool = False) -> alt.LayerChart:
    """Training and validation loss in nats a token, earlier runs, and what guessing would cost."""
    return over_steps(data, replace(LOSS, scale="log", holds=(0.1, 1)) if log else LOSS)


def metric(data: pd.DataFrame) -> alt.LayerChart:
    """The task's metric from 0 to 1, with the level of chance."""
    return over_steps(data, METRIC)


def learning_rate(data: pd.DataFrame) -> alt.LayerChart:
    """The learning rate as it was applied."""
    return over_steps(data, RATE)


def gradient_norm(data: pd.DataFrame) -> alt.LayerChart:
    """‖g‖ of the whole gradient at true magnitude, before and after clipping."""
    return over_steps(data, GRADIENT)


def throughput(data: pd.DataFrame) -> alt.LayerChart:
    """Steps a second."""
    return over_steps(data, SPEED)


def over_steps(data: pd.DataFrame, panel: Panel, group: str = "series") -> alt.LayerChart:
    """Curves with the area from min to max behind, guides, events and the cursor. group: tells curves apart."""
    x, y, holds = timeline.step_axis(), panel.axis(), panel.holds
    kinds = alt.Scale(domain=CURVES, range=[2, 2, 1.25])
    area = alt.Chart().transform_filter(only("train")).mark_area(fillOpacity=0.22)
    lines = alt.Chart().transform_filter(only(*CURVES)).mark_line()
    dots = alt.Chart().transform_filter(only("validation")).mark_point(filled=True, size=28, opacity=1)
    tooltip = [
        alt.Tooltip(f"{group}:N", title="curve"),
        alt.Tooltip("step:Q", format=",d"),
        alt.Tooltip("value:Q", title=panel.unit, format=panel.format),
        alt.Tooltip("low:Q", title="lowest near", format=panel.format),
        alt.Tooltip("high:Q", title="highest near", format=panel.format),
    ]
    layers = [
        timeline.extent(holds).encode(x=timeline.step_axis("newest:Q", (0, 1)), y=y(field="reach:Q", holds=holds)),
        area.encode(
            x=x,
            y=y(field="low:Q"),
            y2="high:Q",
            color=timeline.own_color(),
            detail=f"{group}:N",
        ),
        lines.encode(
            x=x,
            y=y(),
            color=timeline.series_color(panel.legend),
            strokeWidth=alt.StrokeWidth("kind:O", scale=kinds, legend=None),
            detail=["kind:N", f"{group}:N"],
        ),
        dots.encode(x=x, y=y(), color=timeline.own_color()),
        *timeline.guides(y),
        *timeline.hover(y, tooltip, group, f"{panel.title.lower().replace(' ', '_')}_points"),
        *timeline.markers(),
    ]
    return timeline.picture(layers, data, panel.title, panel.text, panel.height)
