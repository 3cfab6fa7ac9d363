"""Final loss against learning rate, one curve a contender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import theme, timeline
from explorer.measure.names import fixed
from explorer.measure.valley import Valley

HEIGHT = 380
FULL, GIVEN_UP, DIVERGED = "to the end", "given up", "diverged"


@dataclass(frozen=True)
class Point:
    """One training of a sweep. ended: to the end, given up or diverged."""

    rate: float
    loss: float
    ended: str
    number: int


def frame(sweeps: Mapping[str, Sequence[Point]], valleys: Mapping[str, Valley | None], guess: float) -> pd.DataFrame:
    """A row a training, by contender, and the ends of each valley. What is worse than `guess` stands there."""
    rows: list[dict[str, Any]] = []
    for index, (name, points) in enumerate(sweeps.items()):
        look = {"series": name, "color": theme.head(index)}
        for p in sorted(points, key=lambda p: p.rate):
            height = min(p.loss, guess) if np.isfinite(p.loss) else guess
            loss_words = fixed(p.loss, 4) if np.isfinite(p.loss) else "∞"
            row = {
                "kind": "point",
                "rate": p.rate,
                "loss": height,
                "words": loss_words,
                "ended": p.ended,
                "number": p.number,
            }
            rows.append(look | row)
        lowest = valleys.get(name)
        if lowest is not None:
            ends = {"kind": "valley", "rate": lowest.low, "to": lowest.high, "loss": lowest.loss}
            rows.append(look | ends | {"words": f"{lowest.low:.2g} to {lowest.high:.2g}", "ended": "", "number": -1})
    rows.append({"kind": "guess", "loss": guess, "words": f"even odds: {fixed(guess, 2)}"})
    names = ["kind", "series", "color", "rate", "to", "loss", "words", "ended", "number"]
    words = dict.fromkeys(("series", "color", "ended", "words"), "")
    return pd.DataFrame(rows).reindex(columns=names).astype(dict.fromkeys(words, object)).fillna(words)


def sweep(data: pd.DataFrame, *, ends: tuple[float, float]) -> alt.LayerChart:
    """The curves, each with its valley as a bar at the height of its best loss. ends: of the rates."""
    scale = alt.Scale(type="log", domain=list(ends), nice=False, padding=14)
    x = alt.X("rate:Q", title="learning rate", scale=scale).axis(format=".1~g")
    y = alt.Y("loss:Q", title="loss at the end, in nats", scale=alt.Scale(zero=True, nice=True)).axis(format=".3~g")
    points = alt.Chart().transform_filter("datum.kind == 'point'")
    tooltip = [
        alt.Tooltip("series:N", title="contender"),
        alt.Tooltip("rate:Q", title="learning rate", format=".3~g"),
        alt.Tooltip("words:N", title="loss in nats"),
        alt.Tooltip("ended:N", title="trained"),
        alt.Tooltip("number:Q", title="trial"),
    ]
    shapes = alt.Scale(domain=[FULL, GIVEN_UP, DIVERGED], range=["circle", "triangle-down", "cross"])
    valleys = alt.Chart().transform_filter("datum.kind == 'valley'").mark_rule(strokeWidth=9, opacity=0.3)
    guess = alt.Chart().transform_filter("datum.kind == 'guess'")
    layers = [  # of what is seen the lines first: the legend looks like them
        timeline.spanning(y, (0, 0.1), "loss"),
        points.mark_line().encode(x=x, y=y, color=timeline.series_color(), detail="series:N"),
        valleys.encode(x=x, x2="to:Q", y=y, color=timeline.own_color(), tooltip=[tooltip[0], "words:N"]),
        points.mark_point(filled=True, size=75, opacity=1).encode(
            x=x,
            y=y,
            color=timeline.own_color(),
            shape=alt.Shape("ended:N", scale=shapes, legend=None),
            tooltip=tooltip,
        ),
        guess.mark_rule(strokeDash=[5, 4]).encode(y=y, color=alt.value(theme.GUIDE)),
        guess.mark_text(align="right", baseline="bottom", dx=-2, dy=-4).encode(
            x=alt.value("width"), y=y, text="words:N", color=alt.value(theme.GUIDE)
        ),
    ]
    return timeline.picture(
        layers, data, "Loss at the end against learning rate", "Loss at the end against learning rate", HEIGHT
    )
