"""A search seen: parallel coordinates, importance, contour, history, and every trial's course. N trials.

A colour says what became of a trial, the same in all of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import theme, timeline
from explorer.measure.names import fixed

HEIGHT = 330
STATES = {  # what became of a trial -> its colour; the last are drawn on top
    "pruned": theme.WARN,
    "diverged": theme.BAD,
    "not trained": theme.OUTSIDE,
    "complete": theme.TRAIN,
    "stopped early": theme.CATEGORICAL[3],
    "training": theme.CURSOR,
    "best": theme.GOOD,
}
CLICKED = "clicked"  # the name of the selection that a click makes


@dataclass(frozen=True)
class Dot:
    """A trial as charts take it. value: its loss; infinite if it diverged, NaN if there is none yet.

    counts: whether it can be the best.
    """

    number: int
    state: str
    value: float
    settings: str  # in words
    counts: bool = True

    @property
    def name(self) -> str:
        return f"trial {self.number}"


@dataclass(frozen=True)
class Axis:
    """An axis of the parallel coordinates. places: of each trial from 0 to 1, (N,), NaN if it has none.

    words: what each trial has there.   ticks: places and words along it.
    """

    name: str
    places: Sequence[float]
    words: Sequence[str]
    ticks: Sequence[tuple[float, str]]


def _colors() -> alt.Color:
    scale = alt.Scale(domain=list(STATES), range=list(STATES.values()))
    return alt.Color("state:N", scale=scale, legend=timeline.legend("stroke", 118))


def _tooltip() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("name:N", title="what"),
        alt.Tooltip("state:N", title="became"),
        alt.Tooltip("loss:N", title="loss in nats"),
        alt.Tooltip("settings:N", title="settings"),
    ]


def _clicks() -> alt.Parameter:
    return alt.selection_point(name=CLICKED, fields=["number"], nearest=True, on="click", clear=False, empty=False)


def _columns(dots: Sequence[Dot]) -> dict[str, list[Any]]:
    return {
        "number": [d.number for d in dots],
        "name": [d.name for d in dots],
        "state": [d.state for d in dots],
        "loss": [words_of(d.value) for d in dots],
        "settings": [d.settings for d in dots],
    }


def _without_gaps(data: pd.DataFrame) -> pd.DataFrame:
    """With empty words where a row has none."""
    words = dict.fromkeys(("name", "state", "loss", "settings"), "")
    return data.astype(dict.fromkeys(words, object)).fillna(words)


def words_of(value: float) -> str:
    """A loss, short."""
    return "none yet" if math.isnan(value) else "∞" if math.isinf(value) else fixed(value, 4)


def parallel_frame(dots: Sequence[Dot], axes: Sequence[Axis], selected: int | None = None) -> pd.DataFrame:
    """A row for each trial on each axis, and one for each tick. Lines keep the order of the axes."""
    rows: list[dict[str, Any]] = []
    columns = [dict(zip(_columns(dots), values, strict=True)) for values in zip(*_columns(dots).values(), strict=True)]
    for column, weight in zip(columns, weights(dots), strict=True):
        column["weight"] = weight
    for order, axis in enumerate(axes):
        look = {"axis": axis.name, "order": order}
        for column, place, words in zip(columns, axis.places, axis.words, strict=True):
            chosen = column["number"] == selected
            rows.append(look | column | {"kind": "trial", "place": place, "label": words, "chosen": chosen})
        for place, words in axis.ticks:
            rows.append(look | {"kind": "tick", "place": place, "label": words, "number": -1, "chosen": False})
    names = ["kind", "axis", "order", "place", "label", "chosen", "weight", *_columns(())]
    return _without_gaps(pd.DataFrame(rows, columns=names))


def weights(dots: Sequence[Dot]) -> list[float]:
    """How strongly each trial's line is drawn: the best fully, the worst a fifth, by rank."""
    losses = sorted(d.value for d in dots if math.isfinite(d.value))
    return [1 - 0.8 * losses.index(d.value) / len(losses) if d.value in losses else 0.2 for d in dots]


def parallel(data: pd.DataFrame) -> alt.LayerChart:
    """One line a trial through its settings to its loss."""
    x = alt.X("axis:N", sort=alt.EncodingSortField("order", op="min"), title=None)
    x = x.axis(labelAngle=0, orient="top", domain=False, labelFontWeight=600).scale(padding=0.18)
    y = alt.Y("place:Q", title=None, scale=alt.Scale(domain=[-0.02, 1.08], nice=False), axis=None)
    trials = alt.Chart().transform_filter("datum.kind == 'trial' && isValid(datum.place)")
    over = alt.selection_point(name="over", fields=["number"], nearest=True, on="pointermove", empty=False)
    weight = alt.Opacity("weight:Q", scale=alt.Scale(domain=[0, 1], range=[0, 1]), legend=None)
    strong = alt.when(over | alt.datum.chosen).then(alt.value(1.0))
    width = alt.when(over | alt.datum.chosen).then(alt.value(3.5))
    lines = trials.mark_line(interpolate="monotone").encode(
        x=x,
        y=y,
        detail="number:Q",
        order="order:Q",
        color=_colors(),
        opacity=strong.otherwise(weight),
        strokeWidth=width.otherwise(alt.value(1.5)),
    )
    points = (
        trials.properties(name="search_points")
        .mark_point(filled=True, size=36)
        .encode(x=x, y=y, color=_colors(), opacity=strong.otherwise(weight), tooltip=[*_tooltip(), "axis:N", "label:N"])
    )
    ticks = alt.Chart().transform_filter("datum.kind == 'tick'")
    marks = ticks.mark_tick(orient="horizontal", thickness=1, size=8, opacity=0.7).encode(
        x=x, y=y, color=alt.value(theme.GUIDE)
    )
    words = ticks.mark_text(align="left", dx=8, dy=-7, opacity=0.9).encode(  # lines run level through the ticks
        x=x, y=y, text="label:N", color=alt.value(theme.GUIDE)
    )
    rules = alt.Chart().transform_filter("datum.kind == 'tick'").mark_rule(opacity=0.35)
    rules = rules.encode(x=x, color=alt.value(theme.GUIDE), y=alt.value(0), y2=alt.value("height"))
    return timeline.picture(
        [rules, marks, lines, points.add_params(over, _clicks()), words],
        data,
        "Every trial through its settings to its loss",
        "Parallel coordinates: one line a trial, one axis a setting, the last axis the loss",
        HEIGHT,
    )


def importance_frame(shares: dict[str, float]) -> pd.DataFrame:
    """A row a knob."""
    return pd.DataFrame({"knob": list(shares), "share": np.array(list(shares.values()), dtype=np.float64)})


def importance(data: pd.DataFrame) -> alt.LayerChart:
    """The share of each knob as a bar, the largest on top."""
    y = alt.Y("knob:N", sort="-x", title=None).axis(labelLimit=170, minExtent=120, maxExtent=170)
    x = alt.X("share:Q", title="share of importance", scale=alt.Scale(domain=[0, 1])).axis(format=".0%", grid=True)
    tooltip = [alt.Tooltip("knob:N", title="setting"), alt.Tooltip("share:Q", format=".1%")]
    bars = alt.Chart().mark_bar(color=theme.TRAIN).encode(x=x, y=y, tooltip=tooltip)
    words = (
        alt.Chart()
        .mark_text(align="left", dx=5)
        .encode(x=x, y=y, text=alt.Text("share:Q", format=".0%"), color=alt.value(theme.GUIDE))
    )
    return timeline.picture([bars, words], data, "Which setting matters", "Importance of each setting as bars", HEIGHT)


def contour_frame(x: np.ndarray, y: np.ndarray, loss: np.ndarray, dots: Sequence[Dot], at: np.ndarray) -> pd.DataFrame:
    """Cells between edges x and y with their loss, and the trials at `at` (N, 2)."""
    rows, columns = np.nonzero(np.isfinite(loss))
    cells = pd.DataFrame(
        {
            "kind": "cell",
            "x": x[columns],
            "x2": x[columns + 1],
            "y": y[rows],
            "y2": y[rows + 1],
            "value": loss[rows, columns],
        }
    )
    trials = pd.DataFrame({"kind": "trial", "x": at[:, 0], "y": at[:, 1], **_columns(dots)})
    table = pd.concat([cells, trials], ignore_index=True)
    return _without_gaps(table.reindex(columns=["kind", "x", "x2", "y", "y2", "value", *_columns(())]))


def contour(data: pd.DataFrame, *, across: str, up: str, ends: tuple, logs: tuple[bool, bool]) -> alt.LayerChart:
    """The loss over two settings in steps of one colour, and the trials it is known from. ends: of both ranges."""
    scales = [
        alt.Scale(type="log" if log else "linear", domain=list(reach), nice=False, padding=8)
        for log, reach in zip(logs, ends, strict=True)
    ]
    x = alt.X("x:Q", title=across, scale=scales[0]).axis(format=",.4~r", grid=False)
    y = alt.Y("y:Q", title=up, scale=scales[1]).axis(format=",.4~r", grid=False)
    levels = alt.Scale(type="quantize", range=list(theme.LEVELS), nice=True)
    legend = alt.Legend(title="loss in nats", orient="right", direction="vertical", format=".3~g", offset=18)
    cells = (
        alt.Chart()
        .transform_filter("datum.kind == 'cell'")
        .mark_rect(strokeWidth=0)
        .encode(x=x, x2="x2:Q", y=y, y2="y2:Q", color=alt.Color("value:Q", scale=levels, legend=legend))
    )
    states = alt.Scale(domain=list(STATES), range=list(STATES.values()))
    trials = (
        alt.Chart()
        .transform_filter("datum.kind == 'trial'")
        .properties(name="contour_points")
        .mark_point(filled=True, size=70, opacity=1, strokeWidth=1.5)
        .encode(
            x=x,
            y=y,
            fill=alt.Fill("state:N", scale=states, legend=None),
            stroke=alt.value("white"),
            tooltip=[
                *_tooltip(),
                *(alt.Tooltip(f"{name}:Q", title=words, format=",.4~r") for name, words in (("x", across), ("y", up))),
            ],
        )
        .add_params(_clicks())
    )
    layered = timeline.picture(
        [cells, trials], data, "Loss over two settings", "Loss over two settings, with every trial", HEIGHT
    )
    return layered.resolve_scale(color="independent", fill="independent")


def history_frame(dots: Sequence[Dot]) -> pd.DataFrame:
    """A row a trial, in order, with the best so far."""
    best, so_far = math.inf, []
    for dot in dots:
        if dot.counts and math.isfinite(dot.value):
            best = min(best, dot.value)
        so_far.append(best if math.isfinite(best) else math.nan)
    losses = [d.value if math.isfinite(d.value) else math.nan for d in dots]
    return pd.DataFrame({**_columns(dots), "value": losses, "best": so_far}).astype({"value": float, "best": float})


def history(data: pd.DataFrame, *, ends: tuple[float, float], log: bool = False) -> alt.LayerChart:
    """Every trial's loss in the order of the trials, and the best so far as a falling stair. ends: of the losses."""
    x = alt.X("number:Q", title="trial", scale=alt.Scale(nice=False, padding=12)).axis(tickMinStep=1, format=",d")
    scale = alt.Scale(type="log" if log else "linear", domain=list(ends), nice=True)
    color = alt.Color("state:N", scale=alt.Scale(domain=list(STATES), range=list(STATES.values())), legend=None)
    dots = (
        alt.Chart(name="history_points")
        .transform_filter("isValid(datum.value)")
        .mark_point(filled=True, size=70, opacity=1)
    )
    y = alt.Y("value:Q", title="loss in nats", scale=scale).axis(format=".3~g")
    dots = dots.encode(x=x, y=y, color=color, tooltip=_tooltip())
    stair = alt.Chart().transform_filter("isValid(datum.best)").mark_line(interpolate="step-after", strokeWidth=2)
    stair = stair.encode(x=x, y=alt.Y("best:Q", scale=scale), color=alt.value(theme.GOOD))
    return timeline.picture(
        [timeline.spanning(x, (0, 1), "number"), stair, dots.add_params(_clicks())],
        data,
        "Every trial, and the best so far",
        "Loss of each trial in order, with the best so far",
        HEIGHT,
    )
