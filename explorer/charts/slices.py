"""The loss along a line through weight space. N points."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import theme, timeline

HEIGHT = 280
HEADROOM = 1.12  # of the highest loss: there stand the words
DASHES = [[1, 0], [5, 4]]
COLUMNS = ("t", "loss", "series", "color", "end", "label")
NAMES = {"train": "training batch", "held_out": "held out"}
COLORS = {"train": theme.TRAIN, "held_out": theme.VALIDATION}


def frame(t: np.ndarray, losses: dict[str, np.ndarray], ends: dict[float, str]) -> pd.DataFrame:
    """The table of `slices`: losses by name, each (N,), at t (N,); ends: what lies where, in words."""
    rows = [
        (x, y, NAMES[name], COLORS[name], np.nan, "")
        for name, values in losses.items()
        for x, y in zip(t, np.where(np.isfinite(values), values, np.nan), strict=True)
    ]
    finite = [value for values in losses.values() for value in values[np.isfinite(values)]]
    above = HEADROOM * max(finite, default=1.0)
    rows += [(np.nan, above, "", "", end, label) for end, label in ends.items()]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"t": float, "loss": float, "end": float})
    return table.reindex(range(max(1, len(table))))  # Vega asks for an extent


def slices(data: pd.DataFrame) -> alt.LayerChart:
    """The loss over t, the place along the line, with its named places marked."""
    x = alt.X("t:Q", title="t, along the line", scale=alt.Scale(nice=False, zero=False), axis=alt.Axis(grid=False))
    y = alt.Y("loss:Q", title="loss, nats", scale=alt.Scale(nice=True))
    tooltip = [
        alt.Tooltip("series:N", title="loss on"),
        alt.Tooltip("loss:Q", title="nats", format=".5f"),
        alt.Tooltip("t:Q", format=".4f"),
    ]
    sampled, named = "isValid(datum.t)", "isValid(datum.end)"
    dashes = alt.StrokeDash("series:N", scale=alt.Scale(domain=list(NAMES.values()), range=DASHES), legend=None)
    lines = alt.Chart().transform_filter(sampled).mark_line()
    dots = alt.Chart().transform_filter(sampled).mark_point(filled=True, size=40, opacity=0.01)
    places = alt.Chart().transform_filter(named)
    layers = [
        timeline.spanning(x, (0, 1), "t", "end"),
        timeline.spanning(y, (0, 1), "loss"),
        places.mark_rule(color=theme.GUIDE, strokeDash=[5, 4]).encode(x="end:Q"),
        lines.encode(x=x, y=y, color=timeline.series_color(), strokeDash=dashes, detail="series:N"),
        dots.encode(x=x, y=y, color=timeline.own_color(), tooltip=tooltip),
        places.mark_text(align="left", dx=5, color=theme.GUIDE).encode(x="end:Q", y=y, text="label:N"),
    ]
    return timeline.picture(layers, data, "Loss along a line", "Loss along a line through weight space", HEIGHT)
