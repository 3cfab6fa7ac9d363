"""Inside an optimizer: what it keeps as a spread over time and at one step, and how large its steps are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import nothing, theme, timeline
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
    curves = timeline.curve("train", steps, middle, low=low, high=high, **look)
    for values in (quarter, upper):
        curves += timeline.curve("earlier", steps, values, series="quartiles", color=theme.OUTSIDE)
    return curves if cursor is None else [*curves, timeline.rows("cursor", cursor)]


def histogram_frame(bins: np.ndarray, shares: dict[str, np.ndarray]) -> pd.DataFrame:
    """A row a bin of log10 of the size, and what is kept; bins (n + 1,), shares (n,) each."""
    frames = [
        pd.DataFrame({"size": 10.0 ** ((bins[:-1] + bins[1:]) / 2), "share": share, "kept": symbol})
        for symbol, share in shares.items()
    ]
    return with_a_row(pd.concat(frames, ignore_index=True))


def histogram(data: pd.DataFrame) -> alt.LayerChart:
    """The share of the numbers at each size, on a log axis."""
    x = timeline.magnitude_axis("size", alt.X, "size:Q")
    y = alt.Y("share:Q", title="share of the numbers", axis=alt.Axis(format=".0%"))
    line = (
        alt.Chart()
        .mark_line(interpolate="step", strokeWidth=2)
        .encode(
            x=x,
            y=y,
            color=alt.Color("kept:N", legend=alt.Legend(title=None), scale=alt.Scale(range=list(theme.CATEGORICAL))),
            tooltip=["kept:N", alt.Tooltip("size:Q", format=".2e"), alt.Tooltip("share:Q", format=".2%")],
        )
    )
    note = nothing.note("isValid(datum.size)", "datum.share > 0")
    title, text = "Sizes at this step", "Share of the optimizer’s numbers at each size, on a log axis"
    grounds = [timeline.spanning(x, (1e-12, 1.0), "size"), timeline.spanning(y, (0, 0.1), "share")]
    return timeline.picture([*grounds, line, note], data, title, text, 260)


def steps_frame(names: Sequence[str], sizes: np.ndarray) -> pd.DataFrame:
    """A row a tensor; sizes (tensors, 5) from the 5 % to the 95 % quantile.

    Where the upper quantiles of a tensor have a place on a log axis, a lower one that is 0 stands at the least size.
    """
    least = sizes[sizes > 0].min(initial=np.inf)
    low, _, middle, _, high = np.where((sizes == 0) & (sizes[:, -1:] > 0), least, sizes).T
    columns = {"tensor": list(names), "low": low, "middle": middle, "high": high, "order": np.arange(len(names))}
    return with_a_row(pd.DataFrame(columns))


def with_a_row(table: pd.DataFrame) -> pd.DataFrame:
    """The same with a row of nothing if it has none, as Vega asks for an extent."""
    table = table.astype(dict.fromkeys(table.select_dtypes("number"), float))
    return table.reindex(range(max(1, len(table))))


def steps(data: pd.DataFrame, tensors: int) -> alt.LayerChart:
    """From the 5 % to the 95 % quantile of each tensor, the median as a dot."""
    names = alt.Axis(labelLimit=220, labelOverlap=False, labelFlush=False)
    y = alt.Y("tensor:N", title=None, sort=alt.EncodingSortField("order"), axis=names)
    tips = [alt.Tooltip("tensor:N"), *(alt.Tooltip(f"{name}:Q", format=".3e") for name in ("low", "middle", "high"))]
    axis = timeline.magnitude_axis("effective step size", alt.X, "low:Q")
    base = alt.Chart().encode(y=y, tooltip=tips).transform_filter("datum.high > 0")
    layers = [
        timeline.spanning(axis, (1e-3, 1e-2), "low", "high"),
        base.mark_rule(strokeWidth=4, opacity=0.45, color=theme.TRAIN).encode(x=axis, x2="high:Q"),
        base.mark_point(filled=True, size=60, opacity=1, color=theme.TRAIN).encode(x="middle:Q"),
        nothing.note("isValid(datum.middle)", "datum.high > 0"),
    ]
    title, text = "Effective step size of each tensor", "Effective step sizes of each tensor, on a log axis"
    return timeline.picture(layers, data, title, text, ROW * tensors + AROUND)
