"""Writing: how fast a text is written over its length, and what comes of it over training. N snapshots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import theme, timeline
from explorer.charts.timeline import Guide, Panel

HEIGHT = 280
ENTROPY = Panel(
    "Entropy of the tree",
    "Entropy of the next token in the tree over steps, in bits",
    "bits a token",
    "linear",
    (0, 1),
    200,
    3,
    legend=False,
)
SYNTAX = Panel(
    "Samples that are Python",
    "Share of samples that Python's grammar accepts over steps, from 0 to 1",
    "share accepted",
    "share",
    (0, 1),
    HEIGHT,
    3,
    legend=False,
)
COLUMNS = {"length": float, "rate": float, "series": object, "color": object}


def frame(length: Sequence[int] | np.ndarray, rates: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """The table of `speed`: tokens a second at each length, of each way by its name. What is not finite is left out."""
    rows = [
        [float(at), float(rate), name, theme.CATEGORICAL[number]]
        for number, (name, each) in enumerate(rates.items())
        for at, rate in zip(length, each, strict=True)
        if np.isfinite(rate) and rate > 0
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
    return table.reindex(range(max(1, len(table))))  # Vega asks for an extent


def over_training(
    steps: np.ndarray, values: np.ndarray, guides: Sequence[Guide] = (), cursor: int | None = None
) -> list[dict[str, Any]]:
    """The curve of a quantity (N,) at the snapshots' steps (N,), with levels to compare it with."""
    curve = timeline.curve("train", steps, values, series="this run", color=theme.TRAIN)
    levels = [timeline.rows("guide", value=guide.value, label=guide.label) for guide in guides]
    return [*curve, *levels, *timeline.marks((), cursor)]


def speed(data: pd.DataFrame) -> alt.LayerChart:
    """Tokens a second over the number of tokens that stand there already, both on logarithmic scales."""
    across = alt.Scale(type="log", base=2, domain=[14, 580], nice=False)
    ticks = alt.Axis(values=[16, 32, 64, 128, 256, 512], format="d", grid=False)
    x = alt.X("length:Q", title="tokens of the text so far", scale=across, axis=ticks)
    y = alt.Y(
        "rate:Q",
        title="tokens a second",
        scale=alt.Scale(type="log", domain=[10, 10_000], nice=False, clamp=True),
        axis=alt.Axis(values=[10, 30, 100, 300, 1000, 3000, 10_000], format=",d"),
    )
    color = timeline.series_color(each=160)
    tooltip = [
        alt.Tooltip("series:N", title=" "),
        alt.Tooltip("length:Q", title="tokens so far", format="d"),
        alt.Tooltip("rate:Q", title="tokens a second", format=",.3~r"),
    ]
    base = alt.Chart().transform_filter("isValid(datum.length)").encode(x=x, y=y, color=color)
    layers = [
        base.mark_line().encode(detail="series:N"),
        base.mark_point(filled=True, size=60).encode(tooltip=tooltip),
    ]
    text = "Tokens written a second over the length of the text, with and without a cache, both on logarithmic scales"
    return timeline.picture(layers, data, "What the cache saves", text, HEIGHT)
