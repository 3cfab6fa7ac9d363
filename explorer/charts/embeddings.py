"""Points along a custom axis: a strip with as many names as find room."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import theme, timeline

LANES = 9  # rows of names above the strip
WIDE = 900  # pixels that names are laid out for
LETTER, PADDING = 7.5, 8  # pixels of a letter and around a name
COLUMNS = ["along", "token", "lane", "word", "role"]
OTHER, END = "other", "end of the axis"


def strip_frame(along: np.ndarray, labels: Sequence[str], a: int, b: int) -> pd.DataFrame:
    """A row a point: its place, its lane, and its name where there is room for it. a, b: the ends, placed first."""
    order = [a, b, *(i for i in np.argsort(along, kind="stable").tolist() if i not in (a, b))]
    span = float(np.ptp(along)) or 1.0
    pixel = span / WIDE
    taken: list[list[tuple[float, float]]] = [[] for _ in range(LANES)]
    rows = []
    for i in order:
        half = (LETTER * len(labels[i]) + PADDING) / 2 * pixel
        at = float(along[i])
        lane = next((k for k, row in enumerate(taken) if all(at + half <= x or at - half >= y for x, y in row)), -1)
        if lane >= 0:
            taken[lane].append((at - half, at + half))
        rows.append((at, labels[i], max(lane, 0), labels[i] if lane >= 0 else "", END if i in (a, b) else OTHER))
    return pd.DataFrame(rows, columns=COLUMNS)


def strip(data: pd.DataFrame) -> alt.TopLevelMixin:
    """The points on a line from 0 (the first end) to 1 (the second), names above it."""
    x = alt.X(
        "along:Q", title="along the axis: 0 is the first point, 1 the second", scale=alt.Scale(nice=False, padding=24)
    )
    y = alt.Y("lane:Q", axis=None, scale=alt.Scale(domain=[-1, LANES]))
    color = alt.Color(
        "role:N", scale=alt.Scale(domain=[OTHER, END], range=[theme.CATEGORICAL[0], theme.WARN]), legend=None
    )
    tooltip = [
        alt.Tooltip("token:N", title="point"),
        alt.Tooltip("along:Q", title="along the axis", format=".4f"),
    ]
    base = alt.Chart(data)
    ticks = base.mark_tick(thickness=1.5, size=14, opacity=0.7).encode(
        x=x, y=alt.YDatum(-0.7, axis=None), color=color, tooltip=tooltip
    )
    names = base.mark_text(fontSize=13, fontWeight=600).encode(x=x, y=y, text="word:N", color=color, tooltip=tooltip)
    ground = timeline.spanning(x, (0, 1), "along", base=base)
    return alt.layer(ground, ticks, names).properties(
        height=270, title="Where every point falls along the axis", description="Points along a custom axis"
    )
