"""Memory: how much of a gradient is left over the distance between a prediction and a state."""

from __future__ import annotations

import json
from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import theme, timeline
from explorer.measure.names import RAISED
from explorer.measure.recurrence import Reach

HEIGHT = 300
DOMAIN = (1e-12, 1e2)  # of every picture, so that models can be compared
COLUMNS = {"distance": float, "mean": float, "low": float, "high": float, "series": object, "color": object}


def frame(reaches: Mapping[str, Reach]) -> pd.DataFrame:
    """The table of `by_distance`, of each model by its name. Where no pair has a gradient above 0 there is no row."""
    rows = []
    for number, (name, reach) in enumerate(reaches.items()):
        finite = np.isfinite(reach.mean)
        columns = (reach.distance, 10.0**reach.mean, 10.0**reach.low, 10.0**reach.high)
        for values in zip(*(column[finite].tolist() for column in columns), strict=True):
            rows.append([*values, name, theme.run(number)])
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
    return table.reindex(range(max(1, len(table))))  # Vega asks for an extent


def by_distance(data: pd.DataFrame) -> alt.LayerChart:
    """The mean gradient over distance, in the band of one standard deviation of its power of ten."""
    axis = alt.Axis(tickMinStep=1, format="d", grid=False)
    x = alt.X("distance:Q", title="tokens back", axis=axis, scale=alt.Scale(nice=False, zero=True))
    scale = alt.Scale(type="log", domain=list(DOMAIN), clamp=True, nice=False)
    powers = {power: "10" + str(power).translate(RAISED) for power in range(-12, 3, 2)}
    label = f"{json.dumps({str(power): word for power, word in powers.items()})}[round(log(datum.value) / LN10)]"
    labels = alt.Axis(values=[10.0**power for power in powers], labelExpr=label)
    y = alt.Y("mean:Q", title="‖∂ℓ/∂h‖", scale=scale, axis=labels)
    color = timeline.series_color(each=200)
    tooltip = [alt.Tooltip("series:N", title=" "), alt.Tooltip("distance:Q", title="tokens back", format="d")]
    tooltip += [alt.Tooltip(f"{name}:Q", title=name, format=".2e") for name in ("mean", "low", "high")]
    base = alt.Chart().transform_filter("isValid(datum.distance)").encode(x=x)
    layers = [
        base.mark_area(opacity=0.16).encode(y=alt.Y("low:Q", scale=scale), y2="high:Q", color=color, detail="series:N"),
        base.mark_line().encode(y=y, color=color, detail="series:N"),
        base.mark_point(filled=True, size=30).encode(y=y, color=color, tooltip=tooltip),
    ]
    text = "Size of the gradient over the distance between prediction and state, mean and spread, on a log scale"
    return timeline.picture(layers, data, "Gradient by distance", text, HEIGHT)
