"""Tokenizers: how long texts are against the size of the vocabulary, how often each token is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import theme, timeline
from explorer.charts.timeline import only

KINDS = {"characters": theme.CATEGORICAL[0], "words": theme.CATEGORICAL[1], "BPE": theme.CATEGORICAL[2]}
TEXTS = (theme.CATEGORICAL[2], theme.CATEGORICAL[5], theme.CATEGORICAL[3])
TALL, LABEL = 310, 250  # pixels: a chart, the longest name in its legend
POINTS = 300  # of a curve
COLUMNS = {"kind": object, "series": object, "color": object, "label": object, "x": float, "y": float}


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS).reindex(range(max(1, len(rows))))


def lengths_frame(
    sizes: np.ndarray, curves: Mapping[str, np.ndarray], vocabularies: Mapping[str, tuple[int, float]]
) -> pd.DataFrame:
    """The table of `lengths`. M merges.

    sizes (M + 1,): of BPE's vocabulary.   curves: of each text its tokens a character (M + 1,).   vocabularies: of
    characters and of words how many there are, and tokens a character.
    """
    rows: list[dict[str, Any]] = []
    for i, (source, curve) in reversed(list(enumerate(curves.items()))):  # the first one on top
        kept = np.unique(np.linspace(0, len(curve) - 1, min(POINTS, len(curve))).astype(int))
        name = f"BPE on {source}"
        rows += [
            {"kind": "line", "series": name, "color": TEXTS[i], "x": sizes[k], "y": curve[k], "label": f"{k} merges"}
            for k in kept
        ]
    for name, (x, y) in vocabularies.items():
        label = f"all {x:,} {name}"
        rows.append({"kind": "point", "series": label, "color": KINDS[name], "x": x, "y": y, "label": label})
    return _frame(rows)


def lengths(data: pd.DataFrame) -> alt.LayerChart:
    """Tokens a character over the size of the vocabulary."""
    x = alt.X("x:Q", title="tokens in the vocabulary", scale=alt.Scale(type="log", nice=False, padding=20), axis=_log())
    y = alt.Y("y:Q", title="tokens a character", scale=alt.Scale(zero=True, nice=True), axis=alt.Axis(format=".2~f"))
    tooltip = [
        alt.Tooltip("series:N", title="what"),
        alt.Tooltip("x:Q", title="vocabulary", format=",d"),
        alt.Tooltip("y:Q", title="tokens a character", format=".4f"),
        alt.Tooltip("label:N", title="after"),
    ]
    text = "Tokens a character over the vocabulary's size"
    return _curves(data, x, y, tooltip, "Length against vocabulary", text, points=True)


def zipf_frame(kinds: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> pd.DataFrame:
    """The table of `zipf`. kinds: of characters, words and BPE the ranks and the share of each."""
    rows = [
        {"kind": "line", "series": name, "color": color, "x": rank, "y": share, "label": name}
        for name, color in KINDS.items()
        for rank, share in zip(*kinds[name], strict=True)
    ]
    return _frame(rows)


def zipf(data: pd.DataFrame) -> alt.LayerChart:
    """The share of the text that a token makes over its rank."""
    x = alt.X("x:Q", title="rank", scale=alt.Scale(type="log", nice=False), axis=_log())
    y = timeline.magnitude_axis("share of the text", field="y:Q")
    tooltip = [
        alt.Tooltip("series:N", title="tokens"),
        alt.Tooltip("x:Q", title="rank", format=",d"),
        alt.Tooltip("y:Q", title="share", format=".4~%"),
    ]
    return _curves(data, x, y, tooltip, "How often each token is used", "Share of the text over rank, both logarithmic")


def _log() -> alt.Axis:
    """Whole numbers; powers of ten and of two times ten only, so that labels stay apart."""
    return alt.Axis(format=",d", tickCount=6)


def _curves(
    data: pd.DataFrame, x: alt.X, y: alt.Y, tooltip: list[alt.Tooltip], title: str, text: str, points: bool = False
) -> alt.LayerChart:
    """Lines, round points where there are some, and the point nearest to the pointer."""
    kinds = ("line", "point") if points else ("line",)
    color = timeline.series_color(each=LABEL + 40 if points else 135)
    if points:
        color = color.legend(title=None, columns=1, labelLimit=LABEL, symbolType="stroke")
    marks = [alt.Chart().transform_filter(only("line")).mark_line().encode(x=x, y=y, color=color)]
    if points:
        dots = alt.Chart().transform_filter(only("point")).mark_point(filled=True, size=110, opacity=1)
        named = dots.mark_text(dy=-14, fontSize=12).encode(x=x, y=y, color=timeline.own_color(), text="label:N")
        marks += [dots.encode(x=x, y=y, color=timeline.own_color()), named]
    near = alt.selection_point(name="hover", on="pointermove", nearest=True, empty=False, clear="pointerout")
    shown = alt.when(near).then(alt.value(1)).otherwise(alt.value(0))
    hovered = alt.Chart().transform_filter(only(*kinds)).mark_point(filled=True, size=80)
    hovered = hovered.encode(x=x, y=y, color=timeline.own_color(), opacity=shown, tooltip=tooltip).add_params(near)
    return timeline.picture([*marks, hovered], data, title, text, TALL)
