"""Addition on a clock: the share of each frequency as bars, and of the strongest over training. F frequencies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import theme, timeline
from explorer.charts.timeline import Guide, Panel

HEIGHT = 190
MOST = 8  # frequencies with a curve of their own
REACH = 0.2  # that the axis of shares always shows
OVER_STEPS = Panel(
    "Key frequencies", "The share of the variance in each key frequency over steps", "share", "share", (0, 1), 215, 4
)

LOSSES = Panel(
    "Restricted and excluded loss",
    "The loss over steps, with the key frequencies alone and without them",
    "nats per sum",
    "log",
    (1e-2, 10.0),
    215,
    4,
)


def colors(keys: Sequence[int]) -> dict[int, str]:
    """The colour of each key frequency, the strongest first; others have none."""
    return {k: theme.head(i) for i, k in enumerate(keys[:MOST])}


def frame(shares: np.ndarray, shuffled: np.ndarray, keys: Mapping[int, str]) -> pd.DataFrame:
    """A row a frequency. shares, shuffled (F,): as they are and of shuffled numbers.   keys: of some the colour."""
    numbers = np.arange(1, len(shares) + 1)
    table = pd.DataFrame(
        {
            "frequency": numbers.astype(float),
            "share": np.asarray(shares, dtype=float),
            "shuffled": np.asarray(shuffled, dtype=float),
            "color": [keys.get(int(k), theme.OUTSIDE) for k in numbers],
            "what": ["a key frequency" if int(k) in keys else "" for k in numbers],
        }
    ).astype({"color": object, "what": object})
    return table.reindex(range(max(1, len(table))))  # Vega asks for an extent


def bars(data: pd.DataFrame, title: str = "Embedding") -> alt.LayerChart:
    """A bar a frequency, and a short line where it would be with the numbers shuffled."""
    axis = alt.Axis(labelAngle=0, format=",d")
    x = alt.X("frequency:O", title="frequency", axis=axis)
    axis = alt.Axis(format=".0%", tickCount=4)
    y = alt.Y("share:Q", title="share of the variance", axis=axis, scale=alt.Scale(nice=True))
    tooltip = [
        alt.Tooltip("frequency:Q", title="frequency", format=",d"),
        alt.Tooltip("share:Q", title="share of the variance", format=".3%"),
        alt.Tooltip("shuffled:Q", title="with the numbers shuffled", format=".3%"),
        alt.Tooltip("what:N", title=" "),
    ]
    there = alt.Chart().transform_filter("isValid(datum.share)").encode(x=x, tooltip=tooltip)
    bar = there.mark_bar().encode(y=y.stack(None), color=timeline.own_color())
    control = there.mark_tick(thickness=2, color=theme.WARN).encode(y=alt.Y("shuffled:Q"))
    text = f"{title}: the share of its variance in each frequency around the clock, and of shuffled numbers"
    ground = timeline.spanning(y, (0, REACH), "share", "shuffled")
    return timeline.picture([ground, bar, control], data, title, text, HEIGHT)


def parts(
    steps: np.ndarray, shares: np.ndarray, keys: Mapping[int, str], cursor: int | None = None
) -> list[dict[str, Any]]:
    """Curves of the key frequencies, and of all others together; shares (N, F) at steps (N,)."""
    curves: list[dict[str, Any]] = []
    rest = np.asarray(shares, dtype=np.float64).copy()
    for k, color in keys.items():
        curves += timeline.curve("train", steps, shares[:, k - 1], series=f"frequency {k}", color=color)
        rest[:, k - 1] = 0
    others = rest.sum(1)
    curves += timeline.curve("train", steps, others, series="all others", color=theme.OUTSIDE)
    F = shares.shape[1]
    level = Guide(1 / F, f"one of {F}, were it flat")
    flat = timeline.rows("guide", value=level.value, label=level.label)
    return [*curves, flat, *timeline.marks((), cursor)]


def losses(
    steps: np.ndarray, curves: Mapping[str, np.ndarray], at_chance: float, cursor: int | None = None
) -> list[dict[str, Any]]:
    """A curve for each loss (N,) at steps (N,), by name, and the level of knowing nothing."""
    result: list[dict[str, Any]] = []
    colors = (theme.TRAIN, theme.VALIDATION, theme.head(1), theme.head(3))
    for (name, values), color in zip(curves.items(), colors, strict=True):
        result += timeline.curve("train", steps, values, series=name, color=color)
    return [*result, timeline.rows("guide", value=at_chance, label="knowing nothing"), *timeline.marks((), cursor)]
