"""What dropout does: each value over many masks, and the scatter through the whole model. n values, J junctions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import theme, timeline
from explorer.charts.numerics import DIGITS, TALL, once, ordered, table
from explorer.measure.names import number, tensor_name

MASKS = {"scaled by 1/(1 − p)": theme.CATEGORICAL[0], "not scaled": theme.CATEGORICAL[1]}
KINDS = {"activations": theme.CATEGORICAL[0], "gradients": theme.CATEGORICAL[3]}


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
            "undropped": number(x),
            "mean": number(factor * m),
            "deviation": number(factor * np.sqrt(v)),
        }
        for series, factor in ways
        for x, m, v in zip(undropped.tolist(), mean.tolist(), variance.tolist(), strict=True)
    ]
    return table(rows, ["x", "y"], ["series", "undropped", "mean", "deviation"])


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
        once().mark_rule(strokeDash=[5, 4]).encode(**ends, color=alt.value(theme.GUIDE)),
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
    keys = ordered([tensor_name(name).replace("residual_", "") for name in junctions])
    rows = [
        {
            "value": n if np.isfinite(n) else np.nan,
            "junction": key,
            "name": key[DIGITS:],
            "kind": kind,
            "noise": number(n),
            "mean": number(m),
        }
        for kind, (noise_, mean) in kinds.items()
        for key, n, m in zip(keys, noise_.tolist(), mean.tolist(), strict=True)
    ]
    return table(rows, ["value"], ["junction", "name", "kind", "noise", "mean"])


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
