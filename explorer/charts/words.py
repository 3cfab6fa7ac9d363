"""The words most similar to one: bars from the most similar down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any

import altair as alt
import pandas as pd

from explorer.charts import theme, timeline

COLUMNS = ["place", "word", "similar", "count", "role"]
KEPT, NEW = "also then", "new since"
NAMES = 118  # pixels for the words


def similar_frame(rows: Iterable[Mapping[str, Any]], new: Set[str] = frozenset()) -> pd.DataFrame:
    """A row a word, as views tell them. new: words that stand out."""
    table = [
        (place, row["word"], row["similar"], row["count"], NEW if row["word"] in new else KEPT)
        for place, row in enumerate(rows, 1)
    ]
    data = pd.DataFrame(table, columns=COLUMNS).astype({"similar": float})
    return data.reindex(range(max(1, len(data))))  # Vega asks for an extent


def similar(data: pd.DataFrame, title: str = "Most similar words", bars: int = 12) -> alt.LayerChart:
    """Bars of cosine similarity, the words beside them; `bars` is how many there is room for."""
    y = alt.Y(
        "word:N",
        sort=alt.SortField("place"),
        title=None,
        axis=alt.Axis(minExtent=NAMES, maxExtent=NAMES, labelLimit=NAMES - 8, labelFontSize=13),
    )
    x = alt.X(
        "similar:Q", title="cosine similarity", scale=alt.Scale(domain=[0, 1], clamp=True), axis=alt.Axis(grid=True)
    )
    color = alt.Color("role:N", scale=alt.Scale(domain=[KEPT, NEW], range=[theme.TRAIN, theme.GOOD]), legend=None)
    tooltip = [
        alt.Tooltip("word:N"),
        alt.Tooltip("similar:Q", title="cosine", format=".4f"),
        alt.Tooltip("count:Q", title="times in the text", format=","),
        alt.Tooltip("role:N", title="among the nearest"),
    ]
    named = alt.Chart().transform_filter("isValid(datum.word)").mark_bar(height={"band": 0.72})
    layers = [named.encode(x=x, y=y, color=color, tooltip=tooltip)]
    return timeline.picture(layers, data, title, "Words by their cosine similarity", bars * 24 + 80)
