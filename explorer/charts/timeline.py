"""What every picture over steps is made of: a panel and parts; and what Altair's charts have in common.

A `Panel` says what the axes are, parts say what is drawn. A page hands both to a canvas of our own
(explorer/ui/components/curves). A part is rows of one `kind`:

    kind        means                             uses
    train       a curve of this run               step, value, low, high, series, color
    validation  the same on held-out data         step, value, series, color
    earlier     another run of this visit         step, value, series, color
    guide       a level to compare with           value, label
    event       something that happened           step, label, color
    branch      where this run left another       step, label, of, fresh
    cursor      the step that is looked at        step
    nonfinite   a value that is NaN or infinite   step, series, label
    note        the word beside the first such    step, label

`series` is what the legend says, `color` its colour: the legend takes both from the data. An Altair spec never
depends on values, so that new data is swapped in place: one tidy table serves all of its layers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import theme

SOURCE = "source"  # the name of the table that layers share
CURVES = ["train", "validation", "earlier"]


@dataclass(frozen=True)
class Panel:
    """What a chart over steps is, whatever its data.

    text: what a screen reader says.   unit: of the value axis.   scale: linear, log, or share, which is 0 to 1
    whatever the data.   holds: the least that the value axis shows, (from, to).   digits: significant ones of a
    number shown on hover.   height: pixels in all.   dashes: what a dash means, where it means something.
    across: what the canvas's other axis counts, where that is not steps; parts then say with `go` which step is where.
    log: whether that axis is logarithmic where the visitor can switch it; None where not.
    roof: the most that the canvas's value axis grows to show: what is higher runs along its upper edge.
    """

    title: str
    text: str
    unit: str
    scale: str
    holds: tuple[float, float]
    height: int
    digits: int = 6
    legend: bool = True
    dashes: Mapping[str, Sequence[int]] | None = None
    across: str = "step"
    roof: float | None = None
    log: bool | None = None


@dataclass(frozen=True)
class Guide:
    """A level to compare with, in the unit of the chart, and what it is: 3.43, "even odds: ln 31 = 3.43"."""

    value: float
    label: str


class Event(Protocol):
    """Something that happened to a run after `step` steps; label says it in words."""

    @property
    def step(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def label(self) -> str: ...


def rows(kind: str, step: Any = np.nan, value: Any = np.nan, **columns: Any) -> dict[str, Any]:
    """Rows of one kind; each column an array (n,) or one value for all. low and high default to value."""
    return {"kind": kind, "step": step, "value": value, "low": value, "high": value} | columns


def curve(kind: str, step: np.ndarray, value: np.ndarray, **columns: Any) -> list[dict[str, Any]]:
    """A curve's rows, and marks where a value or its extremes are infinite. NaN, nothing known, is a gap."""
    step, value = np.asarray(step, dtype=np.float64), np.asarray(value, dtype=np.float64)
    low, high = columns.pop("low", value), columns.pop("high", value)
    line = rows(kind, step, _finite(value), low=_finite(low), high=_finite(high), **columns)
    series = columns.get("series", "")
    beyond = np.isinf(value) | np.isinf(low) | np.isinf(high)
    return [line, *not_finite(step[beyond], series, f"{series}: infinite", "∞")] if beyond.any() else [line]


def not_finite(step: Sequence[float] | np.ndarray, series: str, label: str, short: str) -> list[dict[str, Any]]:
    """Marks at the top edge that say `label` on hover; beside the first stands `short`."""
    return [rows("nonfinite", step, series=series, label=label), rows("note", step[0], label=short)]


def marks(events: Iterable[Event], cursor: int | None) -> list[dict[str, Any]]:
    """Events on the axis, and the step that is looked at when it is not the newest."""
    parts = []
    for event in events:
        parts.append(rows("event", event.step, label=event.label, color=theme.event(event.kind)))
        if event.kind == "diverged":
            parts += not_finite([event.step], "", event.label, "diverged")
    return parts if cursor is None else [*parts, rows("cursor", cursor)]


def _finite(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), values, np.nan)


def picture(
    layers: Sequence[alt.Chart], data: pd.DataFrame, title: str, description: str, height: int
) -> alt.LayerChart:
    """The layers as one chart over one table. description: what a screen reader says."""
    data = theme.finite(data)
    values = data.astype(object).where(data.notna(), None).to_dict("records")
    return alt.LayerChart(
        data=alt.InlineData(values=values, name=SOURCE),
        layer=list(layers),
        title=title,
        description=description,
        height=height,
    )


def only(*kinds: str) -> alt.FieldOneOfPredicate:
    """The filter of a layer."""
    return alt.FieldOneOfPredicate(field="kind", oneOf=list(kinds))


def share_axis(unit: str, field: str = "value:Q", holds: tuple[float, float] | None = None) -> alt.Y:
    """From 0 to 1, whatever the data."""
    scale = alt.Scale(domain=[0, 1], nice=False)
    return alt.Y(field, title=unit, scale=scale, axis=alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1]))


WIDTH = "(containerSize()[0] || 560)"  # of a chart in pixels, in Vega's language
COLUMN = 135  # pixels of a legend, for names as long as the theme allows
DIGITS = "['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹']"
EXPONENT = "round(log(datum.value) / LN10)"
POWER = (  # in Vega's language: 10⁻³, as on the canvases
    f"'10' + ({EXPONENT} < 0 ? '⁻' : '') + (abs({EXPONENT}) > 9 ? {DIGITS}[floor(abs({EXPONENT}) / 10)] : '')"
    f" + {DIGITS}[abs({EXPONENT}) % 10]"
)


def magnitude_axis(
    unit: str, channel: type = alt.Y, field: str = "value:Q", holds: tuple[float, float] | None = None
) -> Any:
    """A log axis at true magnitude; only powers of ten have a label and a full line."""
    decade = "abs(log(datum.value) / LN10 - round(log(datum.value) / LN10)) < 1e-6"
    axis = alt.Axis(
        labelExpr=f"{decade} ? {POWER} : ''",
        gridOpacity=alt.condition(decade, alt.value(0.6), alt.value(0.12)),
        grid=True,
    )
    return channel(field, title=unit, scale=_scale(holds, type="log", nice=True), axis=axis)


def _scale(holds: tuple[float, float] | None, **properties: Any) -> alt.Scale:
    domain = alt.Undefined if holds is None else alt.DomainUnionWith(unionWith=list(holds))
    return alt.Scale(domain=domain, **properties)


def extent(holds: tuple[float, float]) -> alt.Chart:
    """The ground layer: two unseen points that span the whole table and `holds`, (least, most).

    It alone says how far the axes go. The domains of the other layers, which may keep no row at all, would
    make Vega complain.
    """
    least, most = holds
    return (
        alt.Chart()
        .transform_calculate(
            at="isValid(datum.step) ? datum.step : 0",
            low=f"datum.low > 0 ? datum.low : {least}",
            high=f"isValid(datum.high) ? datum.high : {most}",
        )
        .transform_aggregate(newest="max(at)", least="min(low)", most="max(high)")
        .transform_fold(["least", "most"], as_=["end", "reach"])
        .mark_point(opacity=0)
    )


def spanning(axis: Any, holds: tuple[float, float], *columns: str, base: alt.Chart | None = None) -> alt.Chart:
    """The ground layer of an axis: unseen points that span `holds` and these columns, also where they have no number.

    It alone says how far the axis goes, see `extent`. axis: an X, Y or Color, with a scale and a title.
    base: of what the columns are, if not of the table itself.
    """
    least, most = holds
    ground = axis.copy()
    scale = alt.Scale() if ground["scale"] is alt.Undefined else ground["scale"].copy()
    scale["domain"] = alt.DomainUnionWith(unionWith=[least, most])
    ground["shorthand"], ground["scale"] = "reach:Q", scale
    above = " && datum.{0} > 0" if scale["type"] == "log" else ""
    low, high = (
        ", ".join(f"isValid(datum.{c}){above.format(c)} ? datum.{c} : {end}" for c in columns) for end in (least, most)
    )
    return (
        (base or alt.Chart())
        .transform_calculate(low=f"min({low})", high=f"max({high})")
        .transform_aggregate(least="min(low)", most="max(high)")
        .transform_fold(["least", "most"], as_=["end", "reach"])
        .mark_point(opacity=0, filled=True)  # as what is not filled has no gradient in the legend of a colour
        .encode(ground)
    )


def legend(symbol: str = "stroke", each: int = COLUMN) -> alt.Legend:
    """Above the plot, in as many columns as the page has room for: a wider one would squeeze the plot.

    each: pixels that a column takes.
    """
    columns = alt.ExprRef(f"max(1, floor(({WIDTH} - 50) / {each}))")
    look: dict[str, Any] = {"symbolType": symbol, "symbolOpacity": 1, "symbolStrokeWidth": 2.5}
    if each > COLUMN:
        look["labelLimit"] = each - 40
    return alt.Legend(title=None, columns=columns, **look)


def series_color(shown: bool = True, symbol: str = "stroke", each: int = COLUMN) -> alt.Color:
    """Colour by series, both from the data: Vega orders names and colours alike, by name.

    For one layer of a chart; the others take `own_color`. Vega complains of two that each take a range from their rows.
    """
    scale = alt.Scale(range=alt.FieldRange(field="color"))
    return alt.Color("series:N", scale=scale, legend=legend(symbol, each) if shown else None)


def own_color() -> alt.Color:
    """The colour that the row itself names."""
    return alt.Color("color:N", scale=None)
