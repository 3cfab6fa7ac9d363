"""How the gradient splits on its way back: at every fork of the stream, and inside every attention."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from explorer.charts import theme, timeline
from explorer.measure.highways import AttentionSplit, Fork
from explorer.measure.names import module_name, number

ROW, REST = 30, 96  # pixels: of a bar, and of all else
COLUMNS = ("depth", "place", "part", "share", "size", "whole", "label", "series", "color")
SKIP, BLOCK = "past the block (skip)", "through the block"
ROLES = {"queries": theme.CATEGORICAL[6], "keys": theme.CATEGORICAL[5], "values": theme.CATEGORICAL[4]}


def fork_frame(forks: Sequence[Fork]) -> pd.DataFrame:
    """The table of `forks`, from the forks in the order of the forward pass.

    A part's share is its length along the whole gradient, so that both shares sum to 1; one may be negative.
    """
    parts = []
    for depth, fork in enumerate(forks):
        square, both = max(fork.whole**2, 1e-300), fork.skip * fork.block * fork.cosine
        for part, size, color in ((SKIP, fork.skip, theme.OUTSIDE), (BLOCK, fork.block, theme.TRAIN)):
            share = (size**2 + both) / square
            parts.append((depth, module_name(fork.through), part, share, size, fork.whole, "", part, color))
    return table(parts)


def attention_frame(attentions: Sequence[AttentionSplit]) -> pd.DataFrame:
    """The table of `inside`: through queries, keys and values, and by head."""
    parts = []
    for depth, attention in enumerate(attentions):
        name, whole = module_name(attention.at), attention.whole
        for role, color in ROLES.items():
            part = attention.parts[role]
            parts.append((2 * depth, f"{name} · Q K V", role, part.share, part.handed, whole, "", role, color))
        for h, head in enumerate(attention.heads):
            row, nth = f"{name} · heads", f"head {h + 1}"
            parts.append((2 * depth + 1, row, nth, head.share, head.handed, whole, "", nth, theme.head(h)))
    return table(parts)


def table(parts: Sequence[tuple]) -> pd.DataFrame:
    """One row a part; beside each place stands how large the whole gradient is there."""
    frame = pd.DataFrame(parts, columns=list(COLUMNS)).astype({"share": float, "size": float, "whole": float})
    frame["label"] = [number(whole, 2) for whole in frame["whole"]]
    frame["words"] = [number(size) for size in frame["size"]]
    return frame.reindex(range(max(1, len(frame))))  # Vega asks for an extent


def forks(data: pd.DataFrame, *, places: int = 4) -> alt.LayerChart:
    """Where the gradient comes to a fork: how much goes past the block, how much through it."""
    text = "Share of the gradient past each block and through it"
    return bars(data, "Skip path or block", text, places)


def inside(data: pd.DataFrame, *, places: int = 4) -> alt.LayerChart:
    """Inside each attention: how much comes through queries, keys and values, and through which head."""
    text = "Share of the gradient through queries, keys, values and through each head"
    return bars(data, "Inside attention", text, places)


def bars(data: pd.DataFrame, title: str, text: str, places: int) -> alt.LayerChart:
    """A stacked bar for each place, input at the top; at the right the size of the whole gradient there."""
    axis = alt.Axis(minExtent=130, maxExtent=130, labelLimit=130, labelOverlap=False)
    y = alt.Y("place:N", sort=alt.EncodingSortField("depth", op="min"), title=None, axis=axis)
    x = alt.X(
        "share:Q",
        title="share of what arrives",
        scale=alt.Scale(nice=False),
        axis=alt.Axis(format=",.0%"),
    )
    tooltip = [
        alt.Tooltip("place:N"),
        alt.Tooltip("part:N"),
        alt.Tooltip("share:Q", format=".3~p"),
        alt.Tooltip("words:N", title="‖∂L/∂x‖ of this part"),
        alt.Tooltip("label:N", title="‖∂L/∂x‖ in all"),
    ]
    together = alt.Chart().transform_aggregate(share="sum(share)", groupby=["place"])
    layers = [
        timeline.spanning(x, (0, 1), "share", base=together),
        alt.Chart()
        .mark_bar(cornerRadius=0)
        .encode(y=y, x=x, color=timeline.series_color(symbol="square"), tooltip=tooltip),
        alt.Chart()
        .mark_text(align="left", dx=6)
        .encode(y=y, x=alt.value("width"), text="label:N", color=alt.value(theme.GUIDE)),
    ]
    return timeline.picture(layers, data, title, text, ROW * places + REST)
