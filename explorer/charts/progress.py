"""How training goes: loss, metric, learning rate, gradient norm, speed.

`frame` makes the table that each chart takes, from `run.curve()`; timeline.py says what its columns mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import theme, timeline
from explorer.charts.timeline import CURVES, Event, only

Curve = Mapping[str, np.ndarray]  # "step" and, for a column c, "c_min", "c_max", "c_mean": each (n,)


@dataclass(frozen=True)
class Earlier:
    """Another run of this visit. name: what differs from this one; index: its place in the visit, from 0."""

    name: str
    index: int
    curve: Curve


@dataclass(frozen=True)
class Guide:
    """A level to compare with, in the unit of the chart, and what it is: 3.43, "guessing: ln 31 = 3.43"."""

    value: float
    label: str


def frame(
    curve: Curve,
    column: str,
    *,
    validation: Mapping[str, np.ndarray] | None = None,
    earlier: Sequence[Earlier] = (),
    guide: Guide | None = None,
    events: Iterable[Event] = (),
    cursor: int | None = None,
) -> pd.DataFrame:
    """The table of one curve of a run.

    column: loss, metric, lr, grad_norm, clipped_grad_norm, or speed, which is 1 / seconds.
    validation: "step" and `column`.   cursor: the step looked at, None when it is the newest.
    """
    parts = _curve("train", "training", theme.TRAIN, curve, column)
    if validation is not None:
        look = {"series": "validation", "color": theme.VALIDATION}
        parts += timeline.curve("validation", validation["step"], validation[column], **look)
    for other in earlier:
        parts += _curve("earlier", other.name, theme.run(other.index), other.curve, column)
    return _finish(parts, guide, events, cursor)


def gradient_norm_frame(
    curve: Curve,
    *,
    clip: float | None = None,
    events: Iterable[Event] = (),
    cursor: int | None = None,
) -> pd.DataFrame:
    """The table of `gradient_norm`: before and after clipping at `clip`."""
    parts = _curve("train", "before clipping", theme.WARN, curve, "grad_norm")
    parts += _curve("train", "after clipping", theme.TRAIN, curve, "clipped_grad_norm")
    guide = None if clip is None else Guide(clip, f"clipped at {clip:g}")
    return _finish(parts, guide, events, cursor)


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


def _finish(parts: list[dict], guide: Guide | None, events: Iterable[Event], cursor: int | None) -> pd.DataFrame:
    if guide is not None:
        parts = [*parts, timeline.rows("guide", value=guide.value, label=guide.label)]
    return timeline.table([*parts, *timeline.marks(events, cursor)])


def losses(data: pd.DataFrame, *, log: bool = False, height: int = 300) -> alt.LayerChart:
    """Training and validation loss in nats a token, earlier runs, and what guessing would cost."""
    unit = "nats per token"
    y = partial(timeline.magnitude_axis, unit) if log else partial(timeline.value_axis, unit, ".3~r")
    text = "Loss over steps, for training and validation"
    return _over_steps(data, "Loss", text, unit, y, (0.1 if log else 0, 1), height)


def metric(data: pd.DataFrame, *, title: str = "Accuracy", height: int = 240) -> alt.LayerChart:
    """The task's metric from 0 to 1, with the level of chance. title: the metric's name."""
    y = partial(timeline.share_axis, "share right")
    return _over_steps(data, title, f"{title} over steps, from 0 to 1", "share right", y, (0, 1), height, digits=".4~%")


def learning_rate(data: pd.DataFrame, *, height: int = 170) -> alt.LayerChart:
    """The learning rate as it was applied."""
    y = partial(timeline.value_axis, "step size", ".2~r")
    return _over_steps(
        data, "Learning rate", "Learning rate over steps", "step size", y, (0, 1e-6), height, legend=False
    )


def gradient_norm(data: pd.DataFrame, *, height: int = 220) -> alt.LayerChart:
    """‖g‖ of the whole gradient at true magnitude, before and after clipping."""
    y = partial(timeline.magnitude_axis, "‖g‖")
    text = "Norm of the whole gradient over steps, before and after clipping, on a log scale"
    return _over_steps(data, "Gradient norm", text, "‖g‖", y, (0.1, 1), height)


def throughput(data: pd.DataFrame, *, height: int = 150) -> alt.LayerChart:
    """Steps a second."""
    y = partial(timeline.value_axis, "steps/s", ".3~r")
    return _over_steps(
        data, "Speed", "Training steps per second", "steps/s", y, (0, 10), height, legend=False, digits=".3~g"
    )


def _over_steps(
    data: pd.DataFrame,
    title: str,
    description: str,
    unit: str,
    y: Callable[..., alt.Y],
    holds: tuple[float, float],
    height: int,
    *,
    legend: bool = True,
    digits: str = ".6~g",
) -> alt.LayerChart:
    """Curves with the area from min to max behind, guides, events and the cursor."""
    x = timeline.step_axis()
    kinds = alt.Scale(domain=CURVES, range=[2, 2, 1.25])
    area = alt.Chart().transform_filter(only("train")).mark_area(fillOpacity=0.22)
    lines = alt.Chart().transform_filter(only(*CURVES)).mark_line()
    dots = alt.Chart().transform_filter(only("validation")).mark_point(filled=True, size=28, opacity=1)
    tooltip = [
        alt.Tooltip("series:N", title="curve"),
        alt.Tooltip("step:Q", format=",d"),
        alt.Tooltip("value:Q", title=unit, format=digits),
        alt.Tooltip("low:Q", title="lowest near", format=digits),
        alt.Tooltip("high:Q", title="highest near", format=digits),
    ]
    layers = [
        timeline.extent(holds).encode(x=timeline.step_axis("newest:Q", (0, 1)), y=y(field="reach:Q", holds=holds)),
        area.encode(
            x=x,
            y=y(field="low:Q"),
            y2="high:Q",
            color=timeline.own_color(),
            detail="series:N",
        ),
        lines.encode(
            x=x,
            y=y(),
            color=timeline.series_color(legend),
            strokeWidth=alt.StrokeWidth("kind:O", scale=kinds, legend=None),
            detail="kind:N",
        ),
        dots.encode(x=x, y=y(), color=timeline.own_color()),
        *timeline.guides(y),
        *timeline.hover(y, tooltip, "series", f"{title.lower().replace(' ', '_')}_points"),
        *timeline.markers(),
    ]
    return timeline.picture(layers, data, title, description, height)
