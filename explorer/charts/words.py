"""Bars of words: those most similar to one from the most similar down, and to which of two lists words lie nearer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
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


def in_rows() -> alt.Y:
    """A row a word, in the order of their places."""
    axis = alt.Axis(minExtent=NAMES, maxExtent=NAMES, labelLimit=NAMES - 8, labelFontSize=13)
    return alt.Y("word:N", sort=alt.SortField("place"), title=None, axis=axis)


def similar(data: pd.DataFrame, title: str = "Most similar words", bars: int = 12) -> alt.LayerChart:
    """Bars of cosine similarity, the words beside them; `bars` is how many there is room for."""
    y = in_rows()
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


LISTS = ["first list", "second list"]
WIDEST = 0.5  # the largest leaning with room; bars beyond it end at the edge


def leaning_frame(lists: Sequence[Sequence[str]], leaning: Sequence[float]) -> pd.DataFrame:
    """A row a word of two lists, those that lean most to the right first. leaning: of all of them, the first list's
    before the second's."""
    words = [(word, name) for name, those in zip(LISTS, lists, strict=True) for word in those]
    rows = sorted(zip(words, leaning, strict=True), key=lambda row: -row[1])
    table = [(place, word, name, value) for place, ((word, name), value) in enumerate(rows, 1)]
    data = pd.DataFrame(table, columns=["place", "word", "list", "leaning"]).astype({"leaning": float})
    return data.reindex(range(max(1, len(data))))  # Vega asks for an extent


def leaning(data: pd.DataFrame, title: str = "To which attributes words lie nearer", bars: int = 16) -> alt.LayerChart:
    """Bars to the right for words nearer to the first attributes, to the left for the second; coloured by list."""
    y = in_rows()
    x = alt.X(
        "leaning:Q",
        title="mean cosine with the first attributes − with the second",
        scale=alt.Scale(domain=[-WIDEST, WIDEST], clamp=True),
        axis=alt.Axis(grid=True),
    )
    color = alt.Color(
        "list:N",
        scale=alt.Scale(domain=LISTS, range=[theme.TRAIN, theme.VALIDATION]),
        legend=alt.Legend(title=None, orient="top"),
    )
    tooltip = [alt.Tooltip("word:N"), alt.Tooltip("list:N"), alt.Tooltip("leaning:Q", title="s", format=".4f")]
    named = alt.Chart().transform_filter("isValid(datum.word)").mark_bar(height={"band": 0.72})
    layers = [named.encode(x=x, y=y, color=color, tooltip=tooltip)]
    return timeline.picture(layers, data, title, "Words by how much nearer they lie to one list", bars * 20 + 100)
