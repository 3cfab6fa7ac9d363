"""Writing: how fast a text is written over its length, and what comes of it over training. N snapshots."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import theme, timeline
from explorer.charts.timeline import Guide, Panel

HEIGHT = 280
ENTROPY = Panel(
    "Entropy of the tree",
    "Entropy of the next token in the tree over steps, in bits",
    "bits a token",
    "linear",
    (0, 1),
    200,
    3,
    legend=False,
)
SYNTAX = Panel(
    "Samples that are Python",
    "Share of samples that Python's grammar accepts over steps, from 0 to 1",
    "share accepted",
    "share",
    (0, 1),
    HEIGHT,
    3,
    legend=False,
)
COLUMNS = {"length": float, "rate": float, "series": object, "color": object}


def frame(length: Sequence[int] | np.ndarray, rates: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """The table of `speed`: tokens a second at each length, of each way by its name. What is not finite is left out."""
    rows = [
        [float(at), float(rate), name, theme.CATEGORICAL[number]]
        for number, (name, each) in enumerate(rates.items())
        for at, rate in zip(length, each, strict=True)
        if np.isfinite(rate) and rate > 0
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
    return table.reindex(range(max(1, len(table))))  # Vega asks for an extent


def over_training(
    steps: np.ndarray, values: np.ndarray, guides: Sequence[Guide] = (), cursor: int | None = None
) -> list[dict[str, Any]]:
    """The curve of a quantity (N,) at the snapshots' steps (N,), with levels to compare it with."""
    curve = timeline.curve("train", steps, values, series="this run", color=theme.TRAIN)
    levels = [timeline.rows("guide", value=guide.value, label=guide.label) for guide in guides]
    return [*curve, *levels, *timeline.marks((), cursor)]


def ends(data: pd.DataFrame) -> tuple[float, tuple[float, float]]:
    """The shortest text, 16 tokens at most, and the powers of ten between which the rates lie.

    These are 10 to 10,000 tokens a second at least; so the axes stand still but for a model beyond them.
    """
    rates = data["rate"].dropna()
    if rates.empty:
        return 16, (10, 10_000)
    low, high = math.floor(math.log10(rates.min())), math.ceil(math.log10(rates.max()))
    return min(16, float(data["length"].min())), (10.0 ** min(1, low), 10.0 ** max(4, high))


def speed(data: pd.DataFrame, shortest: float = 16, powers: tuple[float, float] = (10, 10_000)) -> alt.LayerChart:
    """Tokens a second over the number of tokens that stand there already, both on logarithmic scales.

    shortest, powers: as `ends` gives them.
    """
    first = 0.88 * shortest
    across = alt.Scale(type="log", base=2, domain=[first, 580], nice=False)
    ticks = alt.Axis(values=[2**n for n in range(10) if 2**n >= first], format=",d", grid=False, labelOverlap=False)
    rates = [by * 10.0**n for n in range(-3, 8) for by in (1, 3)]
    x = alt.X("length:Q", title="tokens of the text so far", scale=across, axis=ticks)
    y = alt.Y(
        "rate:Q",
        title="tokens a second",
        scale=alt.Scale(type="log", domain=list(powers), nice=False),
        axis=alt.Axis(values=[at for at in rates if powers[0] <= at <= powers[1]], format=",~g"),
    )
    tooltip = [
        alt.Tooltip("series:N", title=" "),
        alt.Tooltip("length:Q", title="tokens so far", format=",d"),
        alt.Tooltip("rate:Q", title="tokens a second", format=",.3~r"),
    ]
    base = alt.Chart().transform_filter("isValid(datum.length)").encode(x=x, y=y)
    layers = [
        base.mark_line().encode(color=timeline.series_color(each=160), detail="series:N"),
        base.mark_point(filled=True, size=60).encode(color=timeline.own_color(), tooltip=tooltip),
    ]
    text = "Tokens written a second over the length of the text, with and without a cache, both on logarithmic scales"
    return timeline.picture(layers, data, "What the cache saves", text, HEIGHT)
