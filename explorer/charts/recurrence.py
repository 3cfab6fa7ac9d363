"""Memory: how much of a gradient is left over the distance between a prediction and a state."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from itertools import count
from types import MappingProxyType

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import theme, timeline
from explorer.measure.names import RAISED
from explorer.measure.recurrence import Reach

HEIGHT = 380  # as tall as the triangle beside it
DOMAIN = (-12, 2)  # powers of ten that every picture has at least, so that models can be compared
FURTHER = 4  # powers at a time, so that the picture seldom changes its scale while a run learns
FURTHEST = 300  # powers of ten: beyond, a number in float64 may be 0 or infinite
COLUMNS = {"distance": float, "mean": float, "low": float, "high": float, "series": object, "color": object}


def frame(reaches: Mapping[str, Reach], colors: Mapping[str, str] = MappingProxyType({})) -> pd.DataFrame:
    """The table of `by_distance`, of each model by its name. Where no pair has a gradient above 0 there is no row.

    colors: of those that have one already, such as in their race.
    """
    rows, others = [], (theme.run(number) for number in count())
    for name, reach in reaches.items():
        color = colors.get(name) or next(other for other in others if other not in colors.values())
        finite = np.isfinite(reach.mean)
        columns = (reach.distance, 10.0**reach.mean, 10.0**reach.low, 10.0**reach.high)
        for values in zip(*(column[finite].tolist() for column in columns), strict=True):
            rows.append([*values, name, color])
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
    return table.reindex(range(max(1, len(table))))  # Vega asks for an extent


def by_distance(data: pd.DataFrame, powers: tuple[int, int] = DOMAIN) -> alt.LayerChart:
    """The mean gradient over distance, in the band of one standard deviation of its power of ten.

    powers: of ten, from and to which the picture goes; `domain` of the data.
    """
    axis = alt.Axis(tickMinStep=1, format=",d", grid=False)
    x = alt.X("distance:Q", title="tokens back", axis=axis, scale=alt.Scale(nice=False, zero=True))
    first, last = powers
    scale = alt.Scale(type="log", domain=[10.0**first, 10.0**last], clamp=True, nice=False)
    every = 2 * -(-(last - first) // 20)
    names = {power: "10" + str(power).translate(RAISED) for power in range(first + first % 2, last + 1, every)}
    label = f"{json.dumps({str(power): word for power, word in names.items()})}[round(log(datum.value) / LN10)]"
    labels = alt.Axis(values=[10.0**power for power in names], labelExpr=label)
    y = alt.Y("mean:Q", title="‖∂ℓ/∂h‖", scale=scale, axis=labels)
    color, each = timeline.series_color(each=300), timeline.own_color()
    tooltip = [alt.Tooltip("series:N", title=" "), alt.Tooltip("distance:Q", title="tokens back", format=",d")]
    tooltip += [alt.Tooltip(f"{name}:Q", title=name, format=".2e") for name in ("mean", "low", "high")]
    base = alt.Chart().transform_filter("isValid(datum.distance)").encode(x=x)
    layers = [
        timeline.spanning(x, (0, 1), "distance"),
        base.mark_area(opacity=0.16).encode(y=alt.Y("low:Q", scale=scale), y2="high:Q", color=color, detail="series:N"),
        base.mark_line().encode(y=y, color=each, detail="series:N"),
        base.mark_point(filled=True, size=30).encode(y=y, color=each, tooltip=tooltip),
    ]
    text = "Size of the gradient over the distance between prediction and state, mean and spread, on a log scale"
    return timeline.picture(layers, data, "Gradient by distance", text, HEIGHT)


def domain(data: pd.DataFrame) -> tuple[int, int]:
    """The powers of ten from and to which the picture goes: DOMAIN, and further where numbers are."""
    numbers = data[["low", "mean", "high"]].to_numpy()
    powers = np.log10(numbers[np.isfinite(numbers) & (numbers > 0)])
    if not len(powers):
        return DOMAIN
    below, above = (max(0, math.ceil(past / FURTHER)) for past in (DOMAIN[0] - powers.min(), powers.max() - DOMAIN[1]))
    return max(-FURTHEST, DOMAIN[0] - FURTHER * below), min(FURTHEST, DOMAIN[1] + FURTHER * above)
