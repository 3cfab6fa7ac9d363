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
from explorer.charts.gradients import short
from explorer.charts.timeline import only

FORMATS = dict(zip(("float32", "float16", "bfloat16"), theme.CATEGORICAL, strict=False))
EPSILONS = {"0": theme.CATEGORICAL[3], "1e-12": theme.CATEGORICAL[5], "1e-5": theme.CATEGORICAL[0], "1e-3": "#c07860"}
FATES = {
    "kept": theme.GOOD,
    "fewer bits": theme.OUTSIDE,
    "flushed to zero": theme.WARN,
    "infinite": theme.BAD,
}
MASKS = {"scaled by 1/(1 − p)": theme.CATEGORICAL[0], "not scaled": theme.CATEGORICAL[1]}
KINDS = {"activations": theme.CATEGORICAL[0], "gradients": theme.CATEGORICAL[3]}
DASHES = {"plain": [1, 0], "stable": [5, 4]}
DARK, BRIGHT = "#141a33", "#ffffff"  # words on light and on dark cells
CELL, ROW, TALL = 26, 17, 300  # pixels: a row of cells, a bar, a chart
DIGITS = 3  # of the number that a key begins with, which keeps the order
FLOOR = 1e-9  # of errors: what is smaller is drawn here


def told(value: float, digits: int = 4) -> str:
    """A number with its sign, and what is not finite, as a chart or a sentence says it."""
    if np.isnan(value):
        return "NaN"
    sign = "−" if np.signbit(value) else ""
    return sign + ("∞" if np.isinf(value) else f"{abs(value):.{digits}g}")


def _keys(labels: Sequence[str]) -> list[str]:
    return [f"{i:0{DIGITS}d}{label}" for i, label in enumerate(labels)]


def _table(rows: Sequence[dict[str, Any]], numbers: Sequence[str], words: Sequence[str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=[*numbers, *words]).astype(dict.fromkeys(numbers, np.float64))
    return table.reindex(range(max(1, len(table))))  # Vega asks for an extent


def cells_frame(rows: Sequence[str], columns: Sequence[str], values: np.ndarray) -> pd.DataFrame:
    """The table of `probabilities` and of `normalised`: values (R, n)."""
    row_keys, column_keys = _keys(rows), _keys(columns)
    found = [
        {
            "value": values[i, j] if np.isfinite(values[i, j]) else np.nan,
            "row": row_keys[i],
            "column": column_keys[j],
            "kind": "cell" if np.isfinite(values[i, j]) else "nonfinite",
            "label": told(values[i, j], 4 if abs(values[i, j]) >= 1e-3 else 2),  # small ones need room for 10^n
            "exact": repr(float(values[i, j])),
            "way": rows[i],
            "of": columns[j],
        }
        for i in range(len(rows))
        for j in range(len(columns))
    ]
    return _table(found, ["value"], ["row", "column", "kind", "label", "exact", "way", "of"])


def probabilities(data: pd.DataFrame, *, rows: int = 7) -> alt.LayerChart:
    """Softmax of the same logits in each format, plain and stable."""
    scale = alt.Scale(domain=[0, 1], range=list(theme.PROBABILITY), clamp=True)
    title, text = "Softmax in each format", "Probability of each token in each format, from 0 to 1"
    return _cells(data, scale, "token", "probability", "datum.value > 0.6", title, text, rows)


def normalised(data: pd.DataFrame, *, rows: int = 16) -> alt.LayerChart:
    """LayerNorm of the same vector for each ε in each format."""
    scale = alt.Scale(domain=[-2, 2], range=list(theme.SIGNED), clamp=True)
    title, text = "LayerNorm's output in each format", "Output of LayerNorm for each ε and format, from −2 to 2"
    return _cells(data, scale, "channel", "output", "abs(datum.value) > 1.4", title, text, rows)


def _cells(
    data: pd.DataFrame, scale: alt.Scale, of: str, unit: str, dark: str, title: str, text: str, rows: int
) -> alt.LayerChart:
    label = f"slice(datum.label, {DIGITS})"
    x = alt.X(
        "column:O",
        title=of,
        axis=alt.Axis(labelExpr=label, labelAngle=0, labelOverlap=False, labelFlush=False, orient="top"),
    )
    axis = alt.Axis(labelExpr=label, labelOverlap=False, labelFlush=False, minExtent=130, maxExtent=130)
    y = alt.Y("row:O", title=None, axis=axis)
    legend = alt.Legend(title=unit, titleOrient="left", gradientLength=180, orient="bottom", tickCount=3)
    tooltip = [
        alt.Tooltip("way:N", title="in"),
        alt.Tooltip("of:N", title=of),
        alt.Tooltip("exact:N", title=unit),
    ]
    base = alt.Chart().encode(x=x, y=y, tooltip=tooltip)
    good, bad = base.transform_filter(only("cell")), base.transform_filter(only("nonfinite"))
    size = alt.ExprRef("max(7, min(12, bandwidth('x') / 5))")
    layers = [
        good.mark_rect().encode(color=alt.Color("value:Q", scale=scale, legend=legend)),
        bad.mark_rect(opacity=0.15).encode(color=alt.value(theme.BAD)),
        good.mark_text(fontSize=size).encode(
            text="label:N", color=alt.when(dark).then(alt.value(BRIGHT)).otherwise(alt.value(DARK))
        ),
        bad.mark_text(fontSize=size, fontWeight="bold").encode(text="label:N", color=alt.value(theme.BAD)),
    ]
    return timeline.picture(layers, data, title, text, CELL * rows + 130)


def line(
    x: np.ndarray, y: np.ndarray, series: str, way: str = "plain", *, floor: float | None = None
) -> list[dict[str, Any]]:
    """Rows of one line; where y is not finite there is a mark at the top. floor: the least that is drawn."""
    drawn = y if floor is None else np.maximum(y, floor)
    return [
        {
            "x": a,
            "y": c if np.isfinite(b) else np.nan,
            "series": series,
            "way": way,
            "kind": "line" if np.isfinite(b) else "nonfinite",
            "label": told(b),
        }
        for a, b, c in zip(x.tolist(), y.tolist(), drawn.tolist(), strict=True)
    ]


def lines_frame(*lines: list[dict[str, Any]], here: float | None = None) -> pd.DataFrame:
    """The table of every chart of lines. here: the x that the page's controls choose, if any."""
    rows = [row for one in lines for row in one]
    rows += [] if here is None else [{"x": here, "y": np.nan, "series": "", "way": "", "kind": "here", "label": ""}]
    return _table(rows, ["x", "y"], ["series", "way", "kind", "label"])


def _lines(
    data: pd.DataFrame,
    x: alt.X,
    y: alt.Y,
    colors: Mapping[str, str],
    title: str,
    text: str,
    dashed: tuple[str, str] | None = None,
) -> alt.LayerChart:
    """dashed: what a solid and a dashed line are, in the legend."""
    scale = alt.Scale(domain=list(colors), range=list(colors.values()))
    color = alt.Color("series:N", scale=scale, legend=timeline.legend(each=105))
    words = f"datum.label == 'plain' ? '{dashed[0]}' : '{dashed[1]}'" if dashed else "datum.label"
    legend = alt.Legend(title=None, labelExpr=words, labelLimit=260, symbolType="stroke") if dashed else None
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
    """A log axis with a label at every so many powers of ten."""
    first, last = (round(np.log10(end)) for end in domain)
    values = [10.0**power for power in range(first, last + 1, every)]
    axis = alt.Axis(values=values, format=".0e" if min(domain) < 1e-3 else "~g", grid=channel is alt.Y)
    return channel(field, title=title, scale=alt.Scale(type="log", domain=list(domain), nice=False), axis=axis)


def softmax_error(data: pd.DataFrame) -> alt.LayerChart:
    """The largest error of softmax over the logits' scale."""
    x, y = _log(alt.X, "x:Q", "logits ×", (1, 1000)), _log(alt.Y, "y:Q", "largest error of p", (FLOOR, 1), 2)
    title, text = "Error of softmax as logits grow", "Largest error of a probability against float64, on log scales"
    return _lines(data, x, y, FORMATS, title, text, ("as the formula says", "largest subtracted"))


def spacing(data: pd.DataFrame) -> alt.LayerChart:
    """How far apart a format's numbers are, relative to their size."""
    x, y = _log(alt.X, "x:Q", "|x|", (1e-45, 1e39), 12), _log(alt.Y, "y:Q", "spacing / |x|", (1e-8, 1), 2)
    title = "How far apart numbers are"
    return _lines(data, x, y, FORMATS, title, "Relative spacing of each format over magnitude, on log scales")


def sums(data: pd.DataFrame) -> alt.LayerChart:
    """A long sum divided by what it should be."""
    x = _log(alt.X, "x:Q", "additions", (1, 4096))
    y = alt.Y("y:Q", title="sum / exact sum", scale=alt.Scale(domain=[0, 2], clamp=True), axis=alt.Axis(tickCount=5))
    title, text = "Adding many small numbers", "Running sum divided by the exact one over the number of additions"
    return _lines(data, x, y, FORMATS, title, text, ("one after another", "compensated (Kahan)"))


def one_plus(data: pd.DataFrame) -> alt.LayerChart:
    """What is left of ε after 1 + ε − 1."""
    x = _log(alt.X, "x:Q", "ε", (1e-9, 1))
    y = alt.Y("y:Q", title="((1 + ε) − 1) / ε", scale=alt.Scale(domain=[0, 2]), axis=alt.Axis(tickCount=4))
    title, text = "What is left of ε beside 1", "What 1 + ε − 1 keeps of ε in each format, over ε on a log scale"
    return _lines(data, x, y, FORMATS, title, text)


def deviation(data: pd.DataFrame) -> alt.LayerChart:
    """Standard deviation of LayerNorm's output over that of its input."""
    x = _log(alt.X, "x:Q", "standard deviation of the input", (1e-12, 1), 3)
    scale = alt.Scale(domain=[0, 1.5], clamp=True)
    y = alt.Y("y:Q", title="of the output", scale=scale, axis=alt.Axis(tickCount=5))
    title, text = "What ε does to small spreads", "Standard deviation of the output over that of the input, for each ε"
    return _lines(data, x, y, {f"ε = {name}": c for name, c in EPSILONS.items()}, title, text)


def lost(data: pd.DataFrame) -> alt.LayerChart:
    """The share of a gradient that float16 loses over the loss scale."""
    x = alt.X("x:Q", title="k of the loss scale 2^k", scale=alt.Scale(domain=[0, 40], nice=False))
    y = alt.Y("y:Q", title="share of entries", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=5))
    title, text = (
        "What each loss scale loses",
        "Share of gradient entries by what float16 makes of them, over the scale",
    )
    return _lines(data, x, y, FATES, title, text)


def histogram_frame(powers: np.ndarray, shares: np.ndarray, exponent: int) -> pd.DataFrame:
    """The table of `histogram`: shares (S, 4) of entries by power of two, before a scale of 2^exponent."""
    rows = [
        {"low": power + exponent, "high": power + exponent + 1, "value": share, "fate": fate, "order": i}
        for power, row in zip(powers.tolist(), shares.tolist(), strict=True)
        for i, (fate, share) in enumerate(zip(FATES, row, strict=True))
        if share
    ]
    return _table(rows, ["low", "high", "value", "order"], ["fate"])


def histogram(data: pd.DataFrame) -> alt.LayerChart:
    """How large a gradient's entries are, and what float16 makes of them."""
    scale = alt.Scale(domain=[-64, 40], clamp=True)
    x = alt.X(
        "low:Q",
        bin="binned",
        title="log₂ |gradient × scale|",
        scale=scale,
        axis=alt.Axis(values=list(range(-60, 41, 10))),
    )
    y = alt.Y("value:Q", title="share of entries", scale=alt.Scale(domain=[0, 0.4], clamp=True)).stack("zero")
    tooltip = [
        alt.Tooltip("low:Q", title="from 2^"),
        alt.Tooltip("high:Q", title="to 2^"),
        alt.Tooltip("value:Q", title="share", format=".3~%"),
        alt.Tooltip("fate:N", title="in float16"),
    ]
    ends = [(-24, "smallest 2⁻²⁴"), (-14, "normal 2⁻¹⁴"), (16, "overflow 2¹⁶")]
    layers = [
        alt.Chart()
        .mark_bar(cornerRadiusEnd=0, stroke=None, binSpacing=0.5)
        .encode(x=x, x2="high:Q", y=y.axis(format=".0%", tickCount=5), color=_fate(), order="order:Q", tooltip=tooltip),
        *(part for at, word in ends for part in _end(at, word)),
    ]
    title = "The gradient's entries, scaled, in float16"
    return timeline.picture(layers, data, title, "Share of gradient entries at each power of two, by their fate", TALL)


def _end(at: float, word: str) -> list[alt.Chart]:
    """A dashed line at a power of two, with its name."""
    rule = _once().encode(x=alt.X(datum=at), color=alt.value(theme.GUIDE))
    words = rule.mark_text(align="left", angle=270, dy=-4, baseline="bottom", fontSize=11)
    return [rule.mark_rule(strokeDash=[4, 4]), words.encode(y=alt.value(90), text=alt.value(word))]


def _once() -> alt.Chart:
    """A layer of one row, whatever the table: for marks that stand where they stand."""
    return alt.Chart().transform_aggregate(rows="count()")


def _fate() -> alt.Color:
    scale = alt.Scale(domain=list(FATES), range=list(FATES.values()))
    return alt.Color("fate:N", scale=scale, legend=timeline.legend("square", 120))


def tensors_frame(names: Sequence[str], shares: np.ndarray, sizes: Sequence[int], zeros: Sequence[int]) -> pd.DataFrame:
    """The table of `by_tensor`: shares (P, 4) of the entries that are not 0 in float32."""
    keys = _keys([short(name) for name in names])
    rows = [
        {"value": share, "order": i, "tensor": key, "name": key[DIGITS:], "fate": fate, "of": f"{size - zero:,}"}
        for key, row, size, zero in zip(keys, shares.tolist(), sizes, zeros, strict=True)
        for i, (fate, share) in enumerate(zip(FATES, row, strict=True))
    ]
    return _table(rows, ["value", "order"], ["tensor", "name", "fate", "of"])


def by_tensor(data: pd.DataFrame, *, tensors: int = 30) -> alt.LayerChart:
    """What float16 makes of each tensor's gradient, input at the top."""
    label = f"slice(datum.label, {DIGITS})"
    axis = alt.Axis(labelExpr=label, minExtent=165, maxExtent=165, labelLimit=165, labelOverlap=False)
    x = alt.X("value:Q", title="share of entries", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%"))
    tooltip = [
        alt.Tooltip("name:N", title="tensor"),
        alt.Tooltip("fate:N", title="in float16"),
        alt.Tooltip("value:Q", title="share", format=".3~%"),
        alt.Tooltip("of:N", title="of entries that are not 0"),
    ]
    bars = alt.Chart().mark_bar(cornerRadiusEnd=0)
    bars = bars.encode(
        x=x.stack("zero"), y=alt.Y("tensor:O", title=None, axis=axis), color=_fate(), order="order:Q", tooltip=tooltip
    )
    text = "Share of each tensor's gradient entries by what float16 makes of them"
    return timeline.picture([bars], data, "Tensor by tensor", text, ROW * tensors + 100)


def masks_frame(undropped: np.ndarray, mean: np.ndarray, variance: np.ndarray, rate: float) -> pd.DataFrame:
    """The table of `masks`: (n,) without dropout, and over many masks with inverted scaling.

    Both axes are divided by the largest |undropped|, so that the domain is fixed.
    """
    largest = max(float(np.abs(undropped).max(initial=0)), 1e-300)
    ways = zip(MASKS, (1.0, 1 - rate), strict=True)
    rows = [
        {
            "x": x / largest,
            "y": factor * m / largest,
            "series": series,
            "undropped": told(x),
            "mean": told(factor * m),
            "deviation": told(factor * np.sqrt(v)),
        }
        for series, factor in ways
        for x, m, v in zip(undropped.tolist(), mean.tolist(), variance.tolist(), strict=True)
    ]
    return _table(rows, ["x", "y"], ["series", "undropped", "mean", "deviation"])


def masks(data: pd.DataFrame) -> alt.LayerChart:
    """The mean over dropout masks of each value against the value without dropout."""
    axes: dict[str, Any] = {"scale": alt.Scale(domain=[-1.25, 1.25], clamp=True), "axis": alt.Axis(tickCount=5)}
    x = alt.X("x:Q", title="without dropout / largest", **axes)
    y = alt.Y("y:Q", title="mean over masks / largest", **axes)
    scale = alt.Scale(domain=list(MASKS), range=list(MASKS.values()))
    tooltip = [
        alt.Tooltip("series:N", title="dropout"),
        alt.Tooltip("undropped:N", title="without it"),
        alt.Tooltip("mean:N", title="mean over masks"),
        alt.Tooltip("deviation:N", title="standard deviation"),
    ]
    ends = {"x": alt.X(datum=-1.25), "x2": alt.X2(datum=1.25), "y": alt.Y(datum=-1.25), "y2": alt.Y2(datum=1.25)}
    layers = [
        _once().mark_rule(strokeDash=[5, 4]).encode(**ends, color=alt.value(theme.GUIDE)),
        alt.Chart()
        .mark_point(filled=True, size=28, opacity=0.6)
        .encode(
            x=x, y=y, color=alt.Color("series:N", scale=scale, legend=timeline.legend("circle", 160)), tooltip=tooltip
        ),
    ]
    title = "One layer: the mean over masks"
    return timeline.picture(
        layers, data, title, "Mean over masks of each value against its value without dropout", TALL
    )


def depth_frame(junctions: Sequence[str], **kinds: tuple[np.ndarray, np.ndarray]) -> pd.DataFrame:
    """The table of `noise`: for activations and gradients the noise and the mean at each junction, (J,)."""
    keys = _keys([short(name).replace("residual_", "") for name in junctions])
    rows = [
        {
            "value": n if np.isfinite(n) else np.nan,
            "junction": key,
            "name": key[DIGITS:],
            "kind": kind,
            "noise": told(n),
            "mean": told(m),
        }
        for kind, (noise_, mean) in kinds.items()
        for key, n, m in zip(keys, noise_.tolist(), mean.tolist(), strict=True)
    ]
    return _table(rows, ["value"], ["junction", "name", "kind", "noise", "mean"])


def noise(data: pd.DataFrame) -> alt.LayerChart:
    """How much masks scatter activations and gradients, through the whole model."""
    axis = alt.Axis(labelExpr=f"slice(datum.label, {DIGITS})", labelAngle=-40, labelOverlap=False)
    x = alt.X("junction:O", title="junction", axis=axis, scale=alt.Scale(type="point", padding=0.4))
    y = alt.Y("value:Q", title="scatter / size", scale=alt.Scale(type="sqrt", domain=[0, 4], clamp=True))
    y = y.axis(format=".0%", values=[0, 0.1, 0.5, 1, 2, 4])
    scale = alt.Scale(domain=list(KINDS), range=list(KINDS.values()))
    tooltip = [
        alt.Tooltip("name:N", title="junction"),
        alt.Tooltip("kind:N", title="of"),
        alt.Tooltip("noise:N", title="scatter / size"),
        alt.Tooltip("mean:N", title="mean over masks, without dropout 1"),
    ]
    color = alt.Color("kind:N", scale=scale, legend=timeline.legend("circle", 120))
    base = alt.Chart().encode(x=x, y=y, color=color)
    layers = [base.mark_line(), base.mark_point(filled=True, size=80, opacity=1).encode(tooltip=tooltip)]
    text = "Scatter between masks relative to size, at each junction of the residual stream"
    return timeline.picture(layers, data, "The whole model under dropout", text, TALL)
