"""Positions: how alike they are over distance, one wave of the sinusoid, right answers at longer lengths.

One tidy table serves every layer of a chart: `kind` says which layer keeps a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import theme, timeline
from explorer.charts.timeline import only

HEIGHT, LOW = 300, 220
SINE, COSINE = theme.CATEGORICAL[0], theme.CATEGORICAL[1]
COLUMNS = {"x": float, "value": float, "low": float, "high": float, "series": object, "color": object}
WORDS = {"kind": object, "note": object}


def line(
    x: np.ndarray,
    value: np.ndarray,
    series: str,
    color: str,
    low: np.ndarray | None = None,
    high: np.ndarray | None = None,
    kind: str = "line",
) -> list[dict[str, Any]]:
    """Rows of one line, with a band from low to high where they are given. NaN values are left out.

    kind: line, faint (dashed), or dot.
    """
    finite = np.isfinite(value)
    low, high = value if low is None else low, value if high is None else high
    columns = (x[finite].tolist(), value[finite].tolist(), low[finite].tolist(), high[finite].tolist())
    return [
        {"x": a, "value": b, "low": c, "high": d, "series": series, "color": color, "kind": kind, "note": ""}
        for a, b, c, d in zip(*columns, strict=True)
    ]


def at(x: float, label: str, value: float = np.nan) -> dict[str, Any]:
    """A place on the axis that is marked, with its words. value: where they stand; at the top if none is given."""
    return {
        "x": x,
        "value": value,
        "low": np.nan,
        "high": np.nan,
        "series": "",
        "color": "",
        "kind": "at",
        "note": label,
    }


def frame(lines: Sequence[list[dict[str, Any]]], marks: Sequence[dict[str, Any]] = ()) -> pd.DataFrame:
    """The table of every chart here."""
    rows = [row for one in lines for row in one] + list(marks)
    table = pd.DataFrame(rows, columns=[*COLUMNS, *WORDS]).astype(COLUMNS)
    return table.reindex(range(max(1, len(table))))  # Vega asks for an extent


def alike(data: pd.DataFrame, *, unit: str = "cosine", signed: bool = True) -> alt.LayerChart:
    """How alike two positions are, over the distance between them."""
    scale = alt.Scale(domain=[-1, 1] if signed else [0, 1], clamp=True)
    y = alt.Y("value:Q", title=unit, scale=scale, axis=alt.Axis(tickCount=5))
    x = _counted("distance in positions")
    text = "Similarity of two positions over the distance between them: the mean of all pairs, with the least and most"
    return _lines(data, x, y, "Similarity by distance", text, band=True)


def wave(data: pd.DataFrame) -> alt.LayerChart:
    """A sine and its cosine over positions."""
    y = alt.Y("value:Q", title="value", scale=alt.Scale(domain=[-1.05, 1.05], nice=False), axis=alt.Axis(tickCount=5))
    text = "Sine and cosine of one channel pair over positions, from −1 to 1"
    return _lines(data, _counted("position"), y, "One wave: sine and cosine", text)


def sum_of_waves(data: pd.DataFrame) -> alt.LayerChart:
    """The cosine between positions as waves are added one by one."""
    scale = alt.Scale(domain=[-1.05, 1.05], nice=False)
    y = alt.Y("value:Q", title="cosine", scale=scale, axis=alt.Axis(tickCount=5))
    text = "Cosine of two positions over their distance, from the waves so far and from all of them"
    return _lines(data, _counted("distance in positions"), y, "All waves up to this one, together", text)


def ends(data: pd.DataFrame) -> tuple[float, float]:
    """From and to where a table has numbers."""
    there = data.x[data.value.notna()]
    return (float(there.min()), float(there.max())) if len(there) else (0.0, 1.0)


def by_position(
    data: pd.DataFrame, *, holds: tuple[float, float] = (0, 1), unit: str = "right answers"
) -> alt.LayerChart:
    """Right answers at each position of a longer sequence. holds: from and to where positions go at least."""
    y = timeline.share_axis(unit)
    text = "Share of right answers at each position, from 0 to 1, with the trained length marked"
    return _lines(
        data, _counted("position in the sequence"), y, "Right answers by position", text, height=LOW, holds=holds
    )


def reach(data: pd.DataFrame) -> alt.LayerChart:
    """Right answers at one, two and four times the trained length."""
    axis = alt.Axis(values=[0, 1, 2], labelExpr="pow(2, datum.value) + ' ×'", grid=False)
    x = alt.X("x:Q", title="length, of the trained one", axis=axis, scale=alt.Scale(nice=False))
    text = "Share of right answers at one, two and four times the trained length, from 0 to 1"
    y = timeline.share_axis("right answers")
    return _lines(data, x, y, "Right answers at longer lengths", text, holds=(-0.1, 2.1))


def by_delay(data: pd.DataFrame, *, holds: tuple[float, float] = (0, 1)) -> alt.LayerChart:
    """Right answers over the delay after which they are asked, the mean of the seeds with the least and the most.

    holds: from and to where delays go at least.
    """
    text = "Share of right answers over the delay in tokens, from 0 to 1: mean of the seeds, with the least and most"
    y = timeline.share_axis("right answers")
    x = _counted("tokens between reading and answering")
    return _lines(data, x, y, "Right answers by delay", text, band=True, holds=holds)


def _counted(title: str) -> alt.X:
    axis = alt.Axis(tickMinStep=1, format=",d", grid=False)
    return alt.X("x:Q", title=title, axis=axis, scale=alt.Scale(nice=False, zero=False))


def _lines(
    data: pd.DataFrame,
    x: alt.X,
    y: alt.Y,
    title: str,
    text: str,
    band: bool = False,
    height: int = HEIGHT,
    holds: tuple[float, float] = (0, 1),
) -> alt.LayerChart:
    """Lines, fainter ones, dots and marked places; the nearest point tells its numbers.

    holds: from and to where the other axis goes at least.
    """
    nearest = alt.selection_point(
        name="hover", fields=["x", "series"], nearest=True, on="pointermove", clear="pointerout", empty=False
    )
    tooltip = [
        alt.Tooltip("series:N", title=" "),
        alt.Tooltip("x:Q", title=x["title"], format=",.4~g"),
        alt.Tooltip("value:Q", title=y["title"], format=",.4~g"),
    ]
    if band:
        tooltip += [
            alt.Tooltip("low:Q", title="least", format=",.4~g"),
            alt.Tooltip("high:Q", title="most", format=",.4~g"),
        ]
    color, each = timeline.series_color(each=120), timeline.own_color()
    base = alt.Chart().encode(x=x)
    solid, faint = base.transform_filter(only("line")), base.transform_filter(only("faint"))
    marked = base.transform_filter(only("at"))
    layers = [
        timeline.spanning(x, holds, "x"),
        # every series in the first layer that has a colour: from it Vega takes the colours
        base.transform_filter(only("line", "faint", "dot")).mark_point(opacity=0).encode(y=y, color=color),
        *([solid.mark_area(opacity=0.16).encode(y=alt.Y("low:Q"), y2="high:Q", color=each)] if band else []),
        faint.mark_line(strokeDash=[5, 4], strokeWidth=1.5).encode(y=y, color=each, detail="series:N"),
        solid.mark_line().encode(y=y, color=each, detail="series:N"),
        base.transform_filter(only("dot")).mark_point(filled=True, size=34, opacity=1).encode(y=y, color=each),
        base.transform_filter(only("line", "faint", "dot"))
        .mark_point(filled=True, size=80)
        .encode(
            y=y,
            color=each,
            tooltip=tooltip,
            opacity=alt.when(nearest).then(alt.value(1)).otherwise(alt.value(0)),
        )
        .add_params(nearest),
        marked.mark_rule(strokeDash=[6, 4]).encode(color=alt.value(theme.GUIDE)),
        marked.mark_text(align="left", dx=5, dy=2, baseline="top").encode(
            y=alt.value(0), text="note:N", color=alt.value(theme.GUIDE)
        ),
    ]
    return timeline.picture(layers, data, title, text, height)
