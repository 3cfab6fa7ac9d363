"""Inside an optimizer: what it keeps as a spread over time and at one step, and how large its steps are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import theme, timeline
from explorer.charts.timeline import Panel

ROW, AROUND = 20, 75  # pixels a tensor; of title and axis


def panel(symbol: str) -> Panel:
    """Of what is kept, over steps."""
    text = f"Size of {symbol} over steps: median, half and nine tenths of all numbers, on a log scale"
    return Panel(f"Size of {symbol}", text, f"|{symbol}|", "log", (1e-6, 1e-5), 260, 4)


def parts(steps: np.ndarray, quantiles: np.ndarray, cursor: int | None = None) -> list[dict[str, Any]]:
    """Median in the band of nine tenths of the numbers, and half of them between thin lines; quantiles (N, 5)."""
    low, quarter, middle, upper, high = quantiles.T
    look = {"series": "median, 5 to 95 %", "color": theme.TRAIN}
    drawn = timeline.curve("train", steps, middle, low=low, high=high, **look)
    for values in (quarter, upper):
        drawn += timeline.curve("earlier", steps, values, series="quartiles", color=theme.OUTSIDE)
    return drawn if cursor is None else [*drawn, timeline.rows("cursor", cursor)]


def histogram_frame(bins: np.ndarray, shares: dict[str, np.ndarray]) -> pd.DataFrame:
    """A row a bin of log10 of the size, and what is kept; bins (n + 1,), shares (n,) each."""
    frames = [
        pd.DataFrame({"size": 10.0 ** ((bins[:-1] + bins[1:]) / 2), "share": share, "kept": symbol})
        for symbol, share in shares.items()
    ]
    return pd.concat(frames, ignore_index=True)


def histogram(data: pd.DataFrame) -> alt.Chart:
    """The share of the numbers at each size, on a log axis."""
    return (
        alt.Chart(data, title="Sizes at this step", height=260)
        .mark_line(interpolate="step", strokeWidth=2)
        .encode(
            x=timeline.magnitude_axis("size", alt.X, "size:Q", (1e-12, 1.0)),
            y=alt.Y("share:Q", title="share of the numbers", axis=alt.Axis(format=".0%")),
            color=alt.Color("kept:N", legend=alt.Legend(title=None), scale=alt.Scale(range=list(theme.CATEGORICAL))),
            tooltip=["kept:N", alt.Tooltip("size:Q", format=".2e"), alt.Tooltip("share:Q", format=".2%")],
        )
    )


def steps_frame(names: Sequence[str], sizes: np.ndarray) -> pd.DataFrame:
    """A row a tensor; sizes (tensors, 5) from the 5 % to the 95 % quantile."""
    low, _, middle, _, high = sizes.T
    columns = {"tensor": list(names), "low": low, "middle": middle, "high": high, "order": np.arange(len(names))}
    return pd.DataFrame(columns)


def steps(data: pd.DataFrame, tensors: int) -> alt.LayerChart:
    """From the 5 % to the 95 % quantile of each tensor, the median as a dot."""
    names = alt.Axis(labelLimit=220, labelOverlap=False, labelFlush=False)
    y = alt.Y("tensor:N", title=None, sort=alt.EncodingSortField("order"), axis=names)
    tips = [alt.Tooltip("tensor:N"), *(alt.Tooltip(f"{name}:Q", format=".3e") for name in ("low", "middle", "high"))]
    axis = timeline.magnitude_axis("effective step size", alt.X, "low:Q", (1e-3, 1e-2))
    base = alt.Chart().encode(y=y, tooltip=tips)
    return alt.LayerChart(
        data=data,
        layer=[
            base.mark_rule(strokeWidth=4, opacity=0.45, color=theme.TRAIN).encode(x=axis, x2="high:Q"),
            base.mark_point(filled=True, size=60, opacity=1, color=theme.TRAIN).encode(x="middle:Q"),
        ],
        title="Effective step size of each tensor",
        height=ROW * tensors + AROUND,
    )
