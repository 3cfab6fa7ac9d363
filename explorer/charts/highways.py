"""How the gradient splits on its way back: at every fork of the stream, and inside every attention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from explorer.charts import theme, timeline

ROW, REST = 30, 96  # pixels: of a bar, and of all else
COLUMNS = ("depth", "place", "part", "share", "size", "whole", "label", "series", "color")
SKIP, BLOCK = "past the block (skip)", "through the block"
ROLES = {"queries": theme.CATEGORICAL[6], "keys": theme.CATEGORICAL[5], "values": theme.CATEGORICAL[4]}


def fork_frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """The table of `forks`, from the rows of kind fork of `backward.highways`, which stand in forward order.

    A part's share is its length along the whole gradient, so that both shares sum to 1; one may be negative.
    """
    parts = []
    for depth, row in enumerate(row for row in rows if row["kind"] == "fork"):
        square, both = max(row["whole"] ** 2, 1e-300), row["skip"] * row["block"] * row["cosine"]
        for part, size, color in ((SKIP, row["skip"], theme.OUTSIDE), (BLOCK, row["block"], theme.TRAIN)):
            share = (size**2 + both) / square
            parts.append((depth, place(row["through"]), part, share, size, row["whole"], "", part, color))
    return table(parts)


def attention_frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """The table of `inside`, from the rows of kind attention: through queries, keys and values, and by head."""
    parts = []
    for depth, row in enumerate(row for row in rows if row["kind"] == "attention"):
        for role, color in ROLES.items():
            part = row["parts"][role]
            told = (2 * depth, f"{place(row['at'])} · Q K V", role, part["share"], part["handed"], row["whole"], "")
            parts.append((*told, role, color))
        for h, head in enumerate(row["heads"]):
            name = f"head {h + 1}"
            told = (2 * depth + 1, f"{place(row['at'])} · heads", name, head["share"], head["handed"], row["whole"], "")
            parts.append((*told, name, theme.head(h)))
    return table(parts)


def table(parts: Sequence[tuple]) -> pd.DataFrame:
    """One row a part; beside each place stands how large the whole gradient is there."""
    found = pd.DataFrame(parts, columns=list(COLUMNS)).astype({"share": float, "size": float, "whole": float})
    found["label"] = [f"{whole:.1e}" for whole in found["whole"]]
    return found.reindex(range(max(1, len(found))))  # Vega asks for an extent


def place(path: str) -> str:
    """`blocks.0.attention` is attention 1, `decoder.blocks.1.cross` is decoder cross 2."""
    words = {"mlp": "MLP"}
    stack, _, rest = path.rpartition("blocks.")
    number, _, part = rest.partition(".")
    return f"{stack.replace('.', ' ')}{words.get(part, part)} {int(number) + 1}" if number.isdecimal() else path


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
        scale=alt.Scale(domain=alt.DomainUnionWith(unionWith=[0, 1]), nice=False),
        axis=alt.Axis(format=".0%"),
    )
    tooltip = [
        alt.Tooltip("place:N"),
        alt.Tooltip("part:N"),
        alt.Tooltip("share:Q", format=".3~p"),
        alt.Tooltip("size:Q", title="‖∂L/∂x‖ of this part", format=".3~e"),
        alt.Tooltip("whole:Q", title="‖∂L/∂x‖ in all", format=".3~e"),
    ]
    layers = [
        alt.Chart()
        .mark_bar(cornerRadius=0)
        .encode(y=y, x=x, color=timeline.series_color(symbol="square"), tooltip=tooltip),
        alt.Chart()
        .mark_text(align="left", dx=6)
        .encode(y=y, x=alt.value("width"), text="label:N", color=alt.value(theme.GUIDE)),
    ]
    return timeline.picture(layers, data, title, text, ROW * places + REST)
