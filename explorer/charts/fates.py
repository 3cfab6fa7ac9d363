"""What float16 makes of a gradient: its entries by size, tensor by tensor, over the loss scale. S sizes, P tensors."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import theme, timeline
from explorer.charts.numerics import DIGITS, TALL, lines, once, ordered, table
from explorer.measure.names import tensor_name

FATES = {
    "kept": theme.GOOD,
    "fewer bits": theme.OUTSIDE,
    "flushed to zero": theme.WARN,
    "infinite": theme.BAD,
}
ROW = 17  # pixels: a bar
NAMED = 135  # pixels of a fate in the legend


def lost(data: pd.DataFrame) -> alt.LayerChart:
    """The share of a gradient that float16 loses over the loss scale."""
    x = alt.X("x:Q", title="k of the loss scale 2^k", scale=alt.Scale(domain=[0, 40], nice=False))
    y = alt.Y("y:Q", title="share of entries", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=5))
    title, text = (
        "What each loss scale loses",
        "Share of gradient entries by what float16 makes of them, over the scale",
    )
    return lines(data, x, y, FATES, title, text, each=NAMED)


def histogram_frame(powers: np.ndarray, shares: np.ndarray, exponent: int) -> pd.DataFrame:
    """The table of `histogram`: shares (S, 4) of entries by power of two, before a scale of 2^exponent."""
    rows = [
        {"low": power + exponent, "high": power + exponent + 1, "value": share, "fate": fate, "order": i}
        for power, row in zip(powers.tolist(), shares.tolist(), strict=True)
        for i, (fate, share) in enumerate(zip(FATES, row, strict=True))
        if share
    ]
    return table(rows, ["low", "high", "value", "order"], ["fate"])


def histogram(data: pd.DataFrame) -> alt.LayerChart:
    """How large a gradient's entries are, and what float16 makes of them."""
    scale = alt.Scale(domain=[-64, 40], clamp=True)
    x = alt.X(
        "low:Q",
        bin="binned",
        title="log₂ |gradient × scale|",
        scale=scale,
        axis=alt.Axis(values=list(range(-60, 41, 10))),
    )
    y = alt.Y("value:Q", title="share of entries", scale=alt.Scale(domain=[0, 0.4], clamp=True)).stack("zero")
    tooltip = [
        alt.Tooltip("low:Q", title="from 2^"),
        alt.Tooltip("high:Q", title="to 2^"),
        alt.Tooltip("value:Q", title="share", format=".3~%"),
        alt.Tooltip("fate:N", title="in float16"),
    ]
    ends = [(-24, "smallest 2⁻²⁴"), (-14, "normal 2⁻¹⁴"), (16, "overflow 2¹⁶")]
    layers = [
        alt.Chart()
        .mark_bar(cornerRadiusEnd=0, stroke=None, binSpacing=0.5)
        .encode(x=x, x2="high:Q", y=y.axis(format=".0%", tickCount=5), color=_fate(), order="order:Q", tooltip=tooltip),
        *(part for at, word in ends for part in _end(at, word)),
    ]
    title = "Scaled gradient in float16"
    return timeline.picture(layers, data, title, "Share of gradient entries at each power of two, by their fate", TALL)


def _end(at: float, word: str) -> list[alt.Chart]:
    """A dashed line at a power of two, with its name."""
    rule = once().encode(x=alt.X(datum=at), color=alt.value(theme.GUIDE))
    words = rule.mark_text(align="left", angle=270, dy=-4, baseline="bottom", fontSize=11)
    return [rule.mark_rule(strokeDash=[4, 4]), words.encode(y=alt.value(90), text=alt.value(word))]


def _fate() -> alt.Color:
    scale = alt.Scale(domain=list(FATES), range=list(FATES.values()))
    return alt.Color("fate:N", scale=scale, legend=timeline.legend("square", NAMED))


def tensors_frame(names: Sequence[str], shares: np.ndarray, sizes: Sequence[int], zeros: Sequence[int]) -> pd.DataFrame:
    """The table of `by_tensor`: shares (P, 4) of the entries that are not 0 in float32."""
    keys = ordered([tensor_name(name) for name in names])
    rows = [
        {"value": share, "order": i, "tensor": key, "name": key[DIGITS:], "fate": fate, "of": f"{size - zero:,}"}
        for key, row, size, zero in zip(keys, shares.tolist(), sizes, zeros, strict=True)
        for i, (fate, share) in enumerate(zip(FATES, row, strict=True))
    ]
    return table(rows, ["value", "order"], ["tensor", "name", "fate", "of"])


def by_tensor(data: pd.DataFrame, *, tensors: int = 30) -> alt.LayerChart:
    """What float16 makes of each tensor's gradient, input at the top."""
    label = f"slice(datum.label, {DIGITS})"
    axis = alt.Axis(labelExpr=label, minExtent=165, maxExtent=165, labelLimit=165, labelOverlap=False)
    x = alt.X("value:Q", title="share of entries", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%"))
    tooltip = [
        alt.Tooltip("name:N", title="tensor"),
        alt.Tooltip("fate:N", title="in float16"),
        alt.Tooltip("value:Q", title="share", format=".3~%"),
        alt.Tooltip("of:N", title="of entries that are not 0"),
    ]
    bars = alt.Chart().mark_bar(cornerRadiusEnd=0)
    bars = bars.encode(
        x=x.stack("zero"), y=alt.Y("tensor:O", title=None, axis=axis), color=_fate(), order="order:Q", tooltip=tooltip
    )
    text = "Share of each tensor's gradient entries by what float16 makes of them"
    return timeline.picture([bars], data, "Tensor by tensor", text, ROW * tensors + 100)
