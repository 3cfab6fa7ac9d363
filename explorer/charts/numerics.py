"""The numbers lab: what each format makes of the same arithmetic.

Colour is the format, a solid line is plain arithmetic and a dashed one stable. Domains are fixed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import theme, timeline
from explorer.charts.timeline import only
from explorer.measure.names import number

FORMATS = dict(zip(("float32", "float16", "bfloat16"), theme.CATEGORICAL, strict=False))
EPSILONS = {"0": theme.CATEGORICAL[3], "1e-12": theme.CATEGORICAL[5], "1e-5": theme.CATEGORICAL[0], "1e-3": "#c07860"}
DASHES = {"plain": [1, 0], "stable": [5, 4]}
BRIGHT = "#ffffff"  # words on what is wrong
CELL, TALL = 26, 300  # pixels: a row of cells, a chart
MOST = 446  # pixels that a table of cells gets, with its legend
DIGITS = 3  # of the number that a key begins with, which keeps the order
READABLE = 28, 16  # pixels: the narrowest cell with a number in it, and with what is not finite
FLOOR = 1e-9  # of errors: what is smaller is drawn here


def ordered(labels: Sequence[str]) -> list[str]:
    """Keys that Vega sorts in the order of the labels: DIGITS digits before each."""
    return [f"{i:0{DIGITS}d}{label}" for i, label in enumerate(labels)]


def table(rows: Sequence[dict[str, Any]], numbers: Sequence[str], words: Sequence[str]) -> pd.DataFrame:
    """Rows with columns of numbers and of words; an empty table has one row of nothing."""
    frame = pd.DataFrame(rows, columns=[*numbers, *words]).astype(dict.fromkeys(numbers, np.float64))
    return frame.reindex(range(max(1, len(frame))))  # Vega asks for an extent


def cells_frame(rows: Sequence[str], columns: Sequence[str], values: np.ndarray) -> pd.DataFrame:
    """The table of `probabilities` and of `normalised`: values (R, n)."""
    row_keys, column_keys = ordered(rows), ordered(columns)
    cells = [
        {
            "value": values[i, j] if np.isfinite(values[i, j]) else np.nan,
            "row": row_keys[i],
            "column": column_keys[j],
            "kind": "cell" if np.isfinite(values[i, j]) else "nonfinite",
            "label": number(values[i, j], 4 if abs(values[i, j]) >= 1e-3 else 2),  # small ones need room for 10^n
            "exact": repr(float(values[i, j])),
            "way": rows[i],
            "of": columns[j],
        }
        for i in range(len(rows))
        for j in range(len(columns))
    ]
    return table(cells, ["value"], ["row", "column", "kind", "label", "exact", "way", "of"])


def probabilities(data: pd.DataFrame, *, rows: int = 7) -> alt.LayerChart:
    """Softmax of the same logits in each format, plain and stable."""
    scale = theme.probability()
    title, text = "Softmax in each format", "Probability of each token in each format, from 0 to 1"
    return _cells(data, scale, "token", "probability", 1, title, text, rows)


def normalised(data: pd.DataFrame, *, rows: int = 16) -> alt.LayerChart:
    """LayerNorm of the same vector for each ε in each format."""
    scale = theme.signed(2)
    title, text = "LayerNorm's output in each format", "Output of LayerNorm for each ε and format, from −2 to 2"
    return _cells(data, scale, "channel", "output", 2, title, text, rows)


def _cells(
    data: pd.DataFrame, scale: alt.Scale, of: str, unit: str, limit: float, title: str, text: str, rows: int
) -> alt.LayerChart:
    label = f"slice(datum.label, {DIGITS})"
    x = alt.X(
        "column:O",
        title=of,
        axis=alt.Axis(labelExpr=label, labelAngle=0, labelOverlap=False, labelFlush=False, orient="top"),
    )
    axis = alt.Axis(labelExpr=label, labelOverlap=False, labelFlush=False, minExtent=130, maxExtent=130)
    y = alt.Y("row:O", title=None, axis=axis)
    legend = alt.Legend(
        title=unit, titleOrient="top", gradientLength=120, orient="bottom", tickCount=3
    )  # on a phone too
    tooltip = [
        alt.Tooltip("way:N", title="in"),
        alt.Tooltip("of:N", title=of),
        alt.Tooltip("exact:N", title=unit),
    ]
    base = alt.Chart().encode(x=x, y=y, tooltip=tooltip)
    good, bad = base.transform_filter(only("cell")), base.transform_filter(only("nonfinite"))
    size = alt.ExprRef("max(7, min(12, bandwidth('x') / 4.5))")
    # else they lie on one another: hover has them, and what is not finite is red. Not `opacity`: legends follow that
    readable, nan = (alt.ExprRef(f"bandwidth('x') < {room} ? 0 : 1") for room in READABLE)
    layers = [
        good.mark_rect().encode(color=alt.Color("value:Q", scale=scale, legend=legend)),
        bad.mark_rect().encode(color=alt.value(theme.BAD)),
        good.transform_calculate(ink=f"abs(datum.value) > {theme.STRONG * limit} ? 0 : {limit}")
        .mark_text(fontSize=size, fillOpacity=readable)
        .encode(text="label:N", color=alt.Color("ink:Q", scale=scale, legend=legend)),
        bad.mark_text(fontSize=size, fillOpacity=nan, fontWeight="bold").encode(
            text="label:N", color=alt.value(BRIGHT)
        ),
    ]
    return timeline.picture(layers, data, title, text, min(CELL * rows + 130, MOST))


def line(
    x: np.ndarray, y: np.ndarray, series: str, way: str = "plain", *, floor: float | None = None
) -> list[dict[str, Any]]:
    """Rows of one line; where y is not finite there is a mark at the top. floor: the least that is drawn."""
    shown = y if floor is None else np.maximum(y, floor)
    return [
        {
            "x": a,
            "y": c if np.isfinite(b) else np.nan,
            "series": series,
            "way": way,
            "kind": "line" if np.isfinite(b) else "nonfinite",
            "label": number(b),
        }
        for a, b, c in zip(x.tolist(), y.tolist(), shown.tolist(), strict=True)
    ]


def lines_frame(*lines: list[dict[str, Any]], here: float | None = None) -> pd.DataFrame:
    """The table of every chart of lines. here: the x that the page's controls choose, if any."""
    rows = [row for one in lines for row in one]
    rows += [] if here is None else [{"x": here, "y": np.nan, "series": "", "way": "", "kind": "here", "label": ""}]
    return table(rows, ["x", "y"], ["series", "way", "kind", "label"])


def lines(
    data: pd.DataFrame,
    x: alt.X,
    y: alt.Y,
    colors: Mapping[str, str],
    title: str,
    text: str,
    dashed: tuple[str, str] | None = None,
    each: int = 105,
) -> alt.LayerChart:
    """Lines over a fixed domain, and marks where they are not finite.

    dashed: what a solid and a dashed line are, in the legend.   each: pixels that a name takes there.
    """
    scale = alt.Scale(domain=list(colors), range=list(colors.values()))
    color = alt.Color("series:N", scale=scale, legend=timeline.legend(each=each))
    words = f"datum.label == 'plain' ? '{dashed[0]}' : '{dashed[1]}'" if dashed else "datum.label"
    ways: dict[str, Any] = {"columns": alt.ExprRef(f"{timeline.WIDTH} < 420 ? 1 : 2"), "labelLimit": 260}
    legend = alt.Legend(title=None, labelExpr=words, symbolType="stroke", **ways) if dashed else None
    dash = alt.StrokeDash("way:N", scale=alt.Scale(domain=list(DASHES), range=list(DASHES.values())), legend=legend)
    tooltip = [
        alt.Tooltip("series:N", title="in"),
        *([alt.Tooltip("way:N", title="way")] if dashed else []),
        alt.Tooltip("x:Q", title=x["title"], format=".4~g"),
        alt.Tooltip("label:N", title=y["title"]),
    ]
    nearest = alt.selection_point(
        name="hover", fields=["x", "series", "way"], nearest=True, on="pointermove", clear="pointerout", empty=False
    )
    base = alt.Chart().encode(x=x)
    good = base.transform_filter(only("line")).encode(y=y)
    cross = "M-1,-1L1,1M-1,1L1,-1"
    layers = [
        base.transform_filter(only("here")).mark_rule(strokeWidth=2).encode(color=alt.value(theme.CURSOR)),
        good.mark_line(strokeWidth=2).encode(color=color, strokeDash=dash, detail=["series:N", "way:N"]),
        good.mark_point(filled=True, size=70)
        .encode(
            color=color,
            opacity=alt.when(nearest).then(alt.value(1)).otherwise(alt.value(0)),
            tooltip=tooltip,
        )
        .add_params(nearest),
        base.transform_filter(only("nonfinite"))
        .mark_point(shape=cross, filled=False, size=30, strokeWidth=2, opacity=1)
        .encode(y=alt.value(5), color=color, tooltip=tooltip),
    ]
    return timeline.picture(layers, data, title, text, TALL)


def _log(channel: type, field: str, title: str, domain: tuple[float, float], every: int = 1) -> Any:
    """A log axis with a label at every few powers of ten, as many as fit."""
    first, last = (round(np.log10(end)) for end in domain)
    values = [10.0**power for power in range(first, last + 1, every)]
    axis = alt.Axis(values=values, labelExpr=timeline.POWER, grid=channel is alt.Y)
    return channel(field, title=title, scale=alt.Scale(type="log", domain=list(domain), nice=False), axis=axis)


def softmax_error(data: pd.DataFrame) -> alt.LayerChart:
    """The largest error of softmax over the logits' scale."""
    x, y = _log(alt.X, "x:Q", "logits ×", (1, 1000)), _log(alt.Y, "y:Q", "largest error of p", (FLOOR, 1), 2)
    title, text = "Error of softmax as logits grow", "Largest error of a probability against float64, on log scales"
    return lines(data, x, y, FORMATS, title, text, ("as the formula says", "largest subtracted"))


def spacing(data: pd.DataFrame) -> alt.LayerChart:
    """How far apart a format's numbers are, relative to their size."""
    x, y = _log(alt.X, "x:Q", "|x|", (1e-45, 1e39), 12), _log(alt.Y, "y:Q", "spacing / |x|", (1e-8, 1), 2)
    title = "How far apart numbers are"
    return lines(data, x, y, FORMATS, title, "Relative spacing of each format over magnitude, on log scales")


def sums(data: pd.DataFrame) -> alt.LayerChart:
    """A long sum divided by what it should be."""
    x = _log(alt.X, "x:Q", "additions", (1, 4096))
    y = alt.Y("y:Q", title="sum / exact sum", scale=alt.Scale(domain=[0, 2], clamp=True), axis=alt.Axis(tickCount=5))
    title, text = "Adding many small numbers", "Running sum divided by the exact one over the number of additions"
    return lines(data, x, y, FORMATS, title, text, ("one after another", "compensated (Kahan)"))


def one_plus(data: pd.DataFrame) -> alt.LayerChart:
    """What is left of ε after 1 + ε − 1."""
    x = _log(alt.X, "x:Q", "ε", (1e-9, 1))
    y = alt.Y("y:Q", title="((1 + ε) − 1) / ε", scale=alt.Scale(domain=[0, 2]), axis=alt.Axis(tickCount=4))
    title, text = "What is left of ε beside 1", "What 1 + ε − 1 keeps of ε in each format, over ε on a log scale"
    return lines(data, x, y, FORMATS, title, text)


def deviation(data: pd.DataFrame) -> alt.LayerChart:
    """Standard deviation of LayerNorm's output over that of its input."""
    x = _log(alt.X, "x:Q", "standard deviation of the input", (1e-12, 1), 3)
    scale = alt.Scale(domain=[0, 1.5], clamp=True)
    y = alt.Y("y:Q", title="of the output", scale=scale, axis=alt.Axis(tickCount=5))
    title, text = "What ε does to small spreads", "Standard deviation of the output over that of the input, for each ε"
    return lines(data, x, y, {f"ε = {name}": c for name, c in EPSILONS.items()}, title, text)


def once() -> alt.Chart:
    """A layer of one row, whatever the table: for marks that stand where they stand."""
    return alt.Chart().transform_aggregate(rows="count()")
