"""Since which step each sum stays right, as a map of all pairs, and how many examples do, over steps. E examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import theme, timeline
from explorer.charts.timeline import Panel

HEIGHT = 540
LARGEST = 113  # modulus of a map, which then has 12,769 cells
TRAINED, HELD_OUT = "trained on", "held out"
COLORS = {TRAINED: theme.TRAIN, HELD_OUT: theme.VALIDATION}
RIGHT_FOR_GOOD = Panel(
    "Right from here on", "The share of examples that stay right from a step on", "share", "share", (0, 1), 230, 4
)


def frame(modulus: int, since: np.ndarray, wrong: np.ndarray, trained: np.ndarray) -> pd.DataFrame:
    """A row a pair. since, wrong (p²,): steps, −1 where there is none.   trained (p²,): 1 or 0."""
    a, b = np.divmod(np.arange(modulus * modulus), max(1, modulus))
    table = pd.DataFrame(
        {
            "a": a.astype(float),
            "b": b.astype(float),
            "answer": ((a + b) % max(1, modulus)).astype(float),
            "since": np.where(since >= 0, since, np.nan).astype(float),
            "when": [f"since step {s:,}" if s >= 0 else "not yet" for s in since.tolist()],
            "wrong": [f"at step {s:,}" if s >= 0 else "never" for s in wrong.tolist()],
            "kind": [TRAINED if one else HELD_OUT for one in trained.tolist()],
        }
    ).astype({"when": object, "wrong": object, "kind": object})
    return table.reindex(range(max(1, len(table))))  # Vega asks for an extent


def pairs(data: pd.DataFrame) -> alt.LayerChart:
    """All pairs: a square is trained on, a dot held out; its colour is the step, and one without is not right yet."""
    axis = alt.Axis(labelAngle=0, format=",d")
    x, y = alt.X("b:O", title="b", axis=axis), alt.Y("a:O", title="a", axis=axis)
    scale = alt.Scale(type="sqrt", range="ramp", interpolate="rgb")
    legend = alt.Legend(title="right since step", orient="top", gradientLength=180, tickCount=4, titleLimit=200)
    color = alt.Color("since:Q", scale=scale, legend=legend)
    tooltip = [
        alt.Tooltip("a:Q", title="a", format=",d"),
        alt.Tooltip("b:Q", title="b", format=",d"),
        alt.Tooltip("answer:Q", title="a + b on the clock", format=",d"),
        alt.Tooltip("kind:N", title="this pair is"),
        alt.Tooltip("when:N", title="right"),
        alt.Tooltip("wrong:N", title="last wrong"),
    ]
    there = alt.Chart().encode(x=x, y=y)
    stays = there.transform_filter("isValid(datum.since)")
    cell = "max(2, min(bandwidth('x'), bandwidth('y')) - 1)"
    square = stays.transform_filter(timeline.only(TRAINED)).mark_rect(stroke=None).encode(color=color)
    dot = stays.transform_filter(timeline.only(HELD_OUT))
    round_ = dot.mark_circle(opacity=1, size=alt.ExprRef(f"0.62 * pow({cell}, 2)")).encode(color=color)
    hover = there.mark_rect(fillOpacity=0, fill=theme.GUIDE).encode(tooltip=tooltip)
    text = "All pairs a and b: the step since which their sum stays right, squares trained on and dots held out"
    ground = timeline.spanning(color, (0, 1), "since")
    return timeline.picture([ground, square, round_, hover], data, "Since when each sum stays right", text, HEIGHT)


def parts(
    steps: np.ndarray, since: np.ndarray, trained: np.ndarray, names: Mapping[int, str], cursor: int | None = None
) -> list[dict[str, Any]]:
    """The share of examples that stay right from each step (N,) on. names: of those trained on (1) and others (0)."""
    curves: list[dict[str, Any]] = []
    for kind, name in names.items():
        of = since[trained == kind]
        if len(of):
            right = (of[None, :] >= 0) & (of[None, :] <= np.asarray(steps)[:, None])
            curves += timeline.curve("train", steps, right.mean(1), series=name, color=list(COLORS.values())[1 - kind])
    return [*curves, *timeline.marks((), cursor)]
