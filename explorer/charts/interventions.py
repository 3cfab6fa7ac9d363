"""What if: what each head is worth, and a row of attention and the next token before and after a head is turned.

H heads, K keys, n tokens.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import theme, timeline
from explorer.charts.gradients import place
from explorer.charts.timeline import only
from explorer.measure.names import signed

BAR, TALL = 19, 360  # pixels: of a head's bar, and of the two pictures that stand side by side
NEAR = 0.02  # nats that the axis of losses always reaches to
BEFORE, AFTER = "as it is", "turned"
COLORS = {BEFORE: theme.OUTSIDE, AFTER: theme.WARN}
TARGET = " ◂ right"  # behind the token that would be right
DIGITS = 3  # of the number that a label begins with: it keeps the order and tells equal tokens apart


def worth_frame(
    heads: Mapping[str, str], losses: np.ndarray, rights: np.ndarray, off: Collection[str] = ()
) -> pd.DataFrame:
    """The table of `worth`, from interventions.Ablation: how loss and right change, (H,).

    heads: by name, what they are called.   off: heads that are switched off already.
    """
    losses, rights = (np.asarray(values, dtype=np.float64) for values in (losses, rights))
    layers = [place(head)[0] for head in heads]
    order = list(dict.fromkeys(layers))
    finite = np.isfinite(losses)
    table = pd.DataFrame(
        {
            "depth": np.arange(len(heads), dtype=np.float64),
            "kind": [
                "off" if head in off else "head" if good else "nonfinite"
                for head, good in zip(heads, finite, strict=True)
            ],
            "head": list(heads.values()),
            "value": np.where(finite, losses, np.nan),
            "right": rights,
            "series": layers,
            "color": [theme.layer(order.index(layer)) for layer in layers],
            "label": ["off" if head in off else signed(loss) for head, loss in zip(heads, losses, strict=True)],
        }
    )
    return table.reindex(range(max(1, len(table))))  # Vega asks for an extent


def worth(data: pd.DataFrame, *, heads: int = 8) -> alt.LayerChart:
    """How the loss changes without each head, layer by layer; colour is the layer. heads: how many, for the height."""
    axis = alt.Axis(minExtent=145, maxExtent=145, labelLimit=145, labelOverlap=False, labelFlush=False)
    y = alt.Y("head:N", sort=alt.EncodingSortField("depth", op="min"), title=None, axis=axis)

    axis = alt.Axis(format="+~g", grid=True)
    x = alt.X("value:Q", title="change of the loss, nats per token", axis=axis, scale=alt.Scale(nice=True))
    tooltip = [
        alt.Tooltip("head:N"),
        alt.Tooltip("value:Q", title="loss", format="+.6~f"),
        alt.Tooltip("right:Q", title="right answers", format="+.2%"),
    ]
    base = alt.Chart().encode(y=y, tooltip=tooltip)
    words = base.mark_text(align="left", dx=6).encode(x=alt.value("width"), text="label:N")
    layers = [
        timeline.spanning(x, (-NEAR, NEAR), "value"),
        base.transform_filter(only("head", "off"))
        .mark_bar()
        .encode(x=x.stack(None), color=timeline.series_color(symbol="square", each=90)),
        alt.Chart().mark_rule().encode(x=alt.X(datum=0), color=alt.value(theme.GUIDE)),
        words.transform_filter(only("head", "off")).encode(color=alt.value(theme.GUIDE)),
        words.transform_filter(only("nonfinite")).encode(color=alt.value(theme.BAD)),
    ]
    text = "How the loss changes when each head by itself is replaced, in nats per token"
    return timeline.picture(layers, data, "Loss without each head", text, BAR * heads + 110)


def pairs_frame(
    labels: Sequence[str], before: np.ndarray, after: np.ndarray, target: int | None = None
) -> pd.DataFrame:
    """The table of `row` and of `next_token`: for each label two probabilities. target: the label that is right."""
    marked = [f"{label}{TARGET}" if i == target else label for i, label in enumerate(labels)]
    keys = [f"{i:0{DIGITS}d}{label}" for i, label in enumerate(marked)]
    parts = [
        {"key": key, "token": label, "series": series, "value": float(value), "kind": kind, "color": COLORS[series]}
        for series, values in ((BEFORE, before), (AFTER, after))
        for key, label, value in zip(keys, labels, values, strict=True)
        for kind in ["bar" if np.isfinite(value) else "nonfinite"]
    ]
    columns = ["key", "token", "series", "value", "kind", "color"]
    table = pd.DataFrame(parts, columns=columns).astype({"value": np.float64})
    return table.reindex(range(max(1, len(table))))


def row(data: pd.DataFrame) -> alt.LayerChart:
    """A row of attention over the keys that it sees, as it is and turned."""
    label = f"slice(datum.label, {DIGITS})"
    fits = "max(1, bandwidth('x'))"
    axis = alt.Axis(
        labelExpr=label,
        labelAngle=0,
        labelFontSize=alt.ExprRef(f"max(6, min(12, {fits}))"),
        labelLimit=alt.ExprRef(f"max(8, {fits})"),
        labelOverlap=False,
    )
    x = alt.X("key:O", title="key", axis=axis, scale=alt.Scale(paddingInner=0.25))
    y = alt.Y(
        "value:Q", title="attention", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=5)
    ).stack(None)
    tooltip = [alt.Tooltip("token:N", title="key"), alt.Tooltip("value:Q", title="attention", format=".4~f")]
    bars = (
        alt.Chart().mark_bar().encode(x=x, y=y, xOffset=_side("xOffset"), color=_color(), tooltip=[_which(), *tooltip])
    )
    layers = [bars.transform_filter(only("bar")), _nonfinite(x=x, y=alt.value(TALL / 2))]
    text = "Attention of one query to each key, before and after the head is turned, from 0 to 1"
    return timeline.picture(layers, data, "The row of attention", text, TALL)


def next_token(data: pd.DataFrame) -> alt.LayerChart:
    """The likeliest next tokens, as it is and turned."""
    axis = alt.Axis(
        labelExpr=f"slice(datum.label, {DIGITS})", minExtent=90, maxExtent=90, labelLimit=90, labelOverlap=False
    )
    y = alt.Y("key:O", title=None, axis=axis, scale=alt.Scale(paddingInner=0.3))
    x = alt.X(
        "value:Q", title="probability", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", grid=True)
    ).stack(None)
    tooltip = [alt.Tooltip("token:N", title="next token"), alt.Tooltip("value:Q", title="probability", format=".4~g")]
    bars = (
        alt.Chart().mark_bar().encode(x=x, y=y, yOffset=_side("yOffset"), color=_color(), tooltip=[_which(), *tooltip])
    )
    layers = [bars.transform_filter(only("bar")), _nonfinite(y=y, x=alt.value(16))]
    text = "Probability of the likeliest next tokens, before and after the head is turned, from 0 to 1"
    return timeline.picture(layers, data, "The next token", text, TALL)


def _side(channel: str) -> Any:
    return getattr(alt, channel[0].upper() + channel[1:])("series:N", sort=[BEFORE, AFTER])


def _color() -> alt.Color:
    scale = alt.Scale(domain=list(COLORS), range=list(COLORS.values()))
    return alt.Color("series:N", scale=scale, legend=timeline.legend("square", 90))


def _which() -> alt.Tooltip:
    return alt.Tooltip("series:N", title="head")


def _nonfinite(**where: Any) -> alt.Chart:
    words = alt.Chart().transform_filter(only("nonfinite")).mark_text(text="NaN", fontWeight="bold")
    return words.encode(color=alt.value(theme.BAD), **where)
