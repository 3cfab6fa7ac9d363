"""Instruments over steps, and how each sample of one batch pulls. B samples, N steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import theme, timeline
from explorer.charts.timeline import Event, Guide, Panel

HEIGHT = 250
ERRORS = Panel(
    "Error of the gradient",
    "Norm, inner-product and orthogonality test over steps, on a log scale",
    "error / ‖g‖",
    "log",
    (0.1, 1),
    HEIGHT,
    digits=4,
)
SCALE = Panel(
    "Gradient noise scale",
    "Gradient noise scale in samples over steps, on a log scale",
    "samples",
    "log",
    (10, 100),
    HEIGHT,
    digits=4,
    legend=False,
)
TO_NOISE = Panel(
    "Signal to noise",
    "Mean signal-to-noise ratio of the parameters over steps, on a log scale",
    "g² / (variance + 10⁻⁵)",
    "log",
    (1e-3, 1e-1),
    HEIGHT,
    digits=4,
    legend=False,
)
QUALITY = Panel("Step quality α", "Quality of each measured step", "α", "linear", (-1, 1), HEIGHT, 3, legend=False)

COLORS = {"norm": theme.TRAIN, "inner": theme.VALIDATION, "orthogonality": theme.WARN}
NAMES = {"orthogonality": "orthogonality", "inner": "inner product", "norm": "norm"}  # the last is drawn on top
COLUMNS = ("sample", "text", "loss", "along", "across", "length")


def parts(
    steps: np.ndarray,
    series: dict[str, np.ndarray],
    *,
    guides: Iterable[Guide] = (),
    events: Iterable[Event] = (),
    cursor: int | None = None,
) -> list[dict[str, Any]]:
    """Curves of measured numbers, each (N,), at steps (N,). series: by name, as `instruments.read` calls them."""
    curves: list[dict[str, Any]] = []
    for name, values in series.items():
        look = {"series": NAMES.get(name, name), "color": COLORS.get(name, theme.TRAIN)}
        curves += timeline.curve("train", steps, values, **look)
    levels = [timeline.rows("guide", value=guide.value, label=guide.label) for guide in guides]
    return [*curves, *levels, *timeline.marks(events, cursor)]


def pulls_frame(losses: np.ndarray, along: np.ndarray, across: np.ndarray, texts: Sequence[str]) -> pd.DataFrame:
    """A row a sample: how far it pulls along the batch's gradient and across it, in units of its length; each (B,)."""
    numbers = np.arange(1, len(losses) + 1)
    columns = (numbers, list(texts), losses, along, across, np.hypot(along, across))
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def pulls(data: pd.DataFrame) -> alt.LayerChart:
    """One dot a sample; the batch's gradient, their mean, is the diamond at (1, 0)."""
    scale = alt.Scale(nice=True)
    x = alt.X("along:Q", title="along the batch’s gradient / ‖g‖", axis=_axis(), scale=scale)
    y = alt.Y("across:Q", title="across it / ‖g‖", axis=_axis(), scale=scale)
    tooltip = [
        alt.Tooltip("sample:Q", title="sample"),
        alt.Tooltip("text:N", title="reads → says"),
        alt.Tooltip("loss:Q", title="loss, nats", format=".4f"),
        alt.Tooltip("length:Q", title="length / ‖g‖", format=".3f"),
        alt.Tooltip("along:Q", title="along", format="+.3f"),
        alt.Tooltip("across:Q", title="across", format=".3f"),
    ]
    dots = alt.Chart().mark_point(filled=True, size=70, opacity=0.75, color=theme.TRAIN)
    mean = alt.Chart().transform_aggregate(along="mean(along)").transform_calculate(across="0")
    zero = alt.Chart().transform_aggregate(n="count()").transform_calculate(along="0")
    values = data.astype(object).where(data.notna(), None).to_dict("records")
    return alt.LayerChart(
        data=alt.InlineData(values=values, name=timeline.SOURCE),
        layer=[
            timeline.spanning(x, (-0.5, 1.5), "along"),
            timeline.spanning(y, (0, 1), "across"),
            zero.mark_rule(opacity=0.7, color=theme.GUIDE).encode(x=x),
            dots.encode(x=x, y=y, tooltip=tooltip),
            mean.mark_point(shape="diamond", filled=True, size=170, opacity=1, color=theme.WARN).encode(x=x, y=y),
            mean.mark_text(align="left", dx=10, dy=-8, color=theme.WARN).encode(x=x, y=y, text=alt.value("their mean")),
        ],
        title="How each sample pulls",
        description="Gradient of each sample, along the batch's gradient and across it",
        height=HEIGHT,
    )


def _axis() -> alt.Axis:
    return alt.Axis(format=".3~r", tickCount=6)
