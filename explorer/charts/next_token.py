"""The chances of the next token: bars from the likeliest down, and one for all others together. V tokens."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import theme, timeline

MOST = 8  # bars of single tokens
HEIGHT = 250  # pixels
NAMES = 90  # pixels for the tokens


def frame(symbols: Sequence[str], chances: np.ndarray, others: str = "") -> pd.DataFrame:
    """A row a bar. chances (V,): of each symbol, together 1.

    others: the name of the last bar where the symbols are a part of those that have the probability.
    """
    order = np.argsort(-chances, kind="stable")[:MOST]
    rows = [(place, symbols[i], float(chances[i]), "one") for place, i in enumerate(order)]
    if others or len(symbols) > MOST:
        rest = max(0.0, 1 - sum(chance for _, _, chance, _ in rows))
        rows.append((len(rows), others or f"{len(symbols) - MOST:,} others", rest, "others"))
    table = pd.DataFrame(rows, columns=["place", "token", "p", "kind"]).astype({"p": float})
    return table.reindex(range(max(1, len(table))))  # Vega asks for an extent


def bars(data: pd.DataFrame, title: str = "The next token", height: int = HEIGHT) -> alt.LayerChart:
    """Horizontal bars on [0, 1], each with its number."""
    axis = alt.Axis(labels=False, ticks=False, domain=False, minExtent=NAMES, maxExtent=NAMES)
    y = alt.Y("place:O", title=None, axis=axis, scale=alt.Scale(domain=list(range(MOST + 1))))
    x = alt.X(
        "p:Q", title="probability", scale=alt.Scale(domain=[0, 1], clamp=True), axis=alt.Axis(grid=True, format="%")
    )
    scale = alt.Scale(domain=["one", "others"], range=[theme.TRAIN, theme.OUTSIDE])
    color = alt.Color("kind:N", scale=scale, legend=None)
    tooltip = [alt.Tooltip("token:N", title="token"), alt.Tooltip("p:Q", title="probability", format=".4f")]
    there = alt.Chart().transform_filter("isValid(datum.token)")
    bar = there.mark_bar(height={"band": 0.72}).encode(x=x, y=y, color=color, tooltip=tooltip)
    name = there.mark_text(align="right", limit=NAMES - 10, fontSize=13, color=theme.GUIDE).encode(
        x=alt.value(-8), y=y, text=alt.Text("token:N")
    )
    number = there.mark_text(align="left", dx=4, color=theme.GUIDE).encode(x=x, y=y, text=alt.Text("p:Q", format=".1%"))
    meaning = f"{title}: the chances of each token, the likeliest first"
    return timeline.picture([bar, name, number], data, title, meaning, height)
