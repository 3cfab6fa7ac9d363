"""Updates of single tensors over steps, and gradients along the residual stream at one.

P tensors (parameters), n steps, J junctions. Colour is the layer, dash the part of it that a tensor belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import nothing, theme, timeline
from explorer.charts.timeline import Event, Panel, only
from explorer.measure.names import BLOCK, layer_name, number, tensor_name

PARTS = {  # dashes
    "attention": [1, 0],
    "MLP": [4, 3],
    "norm": [1, 3],
    "cross-attention": [9, 3, 2, 3],
    "input": [1, 0],
    "recurrent": [4, 3],
}
UNDEFINED_RATIO = 1e6  # ‖Δθ‖/‖θ‖ beyond this divides by a tensor that was all zeros, as biases are at first
RATIOS = Panel(
    "Update ratio by layer",
    "Update ratio of each weight matrix over steps, on a log scale",
    "‖Δθ‖ / ‖θ‖",
    "log",
    (1e-4, 1e-1),
    320,
    digits=5,
    dashes=PARTS,
)


def place(name: str) -> tuple[str, str]:
    """Layer and part of a parameter's name: `blocks.0.mlp.expand.weight` -> ("layer 1", "MLP").

    What is in no block is its own layer: `embedding.weight` -> ("embedding", "outside").
    """
    layer = layer_name(name)
    if not layer:
        return re.sub(r"\.(weight|bias|table)$", "", name).replace("_", " "), "outside"
    module = BLOCK.sub("", name, count=1).split(".")[0]
    if module.endswith("norm"):
        return layer, "norm"
    return layer, {"cross": "cross-attention", "mlp": "MLP"}.get(module, module.replace("_", " "))


def _series(layer: str, part: str) -> str:
    """What the legend says: embeddings, final norm and unembedding share one colour and one word."""
    return "outside" if part == "outside" else layer


def colors(names: Sequence[str]) -> dict[str, str]:
    """Each layer's colour, layers in the order of the forward pass; gray for what is in no layer."""
    layers = list(dict.fromkeys(layer for layer, part in map(place, names) if part != "outside"))
    return {layer: theme.OUTSIDE for layer, _ in map(place, names)} | {
        layer: theme.layer(index) for index, layer in enumerate(layers)
    }


def matrices(names: Sequence[str]) -> list[int]:
    """Which of the tensors are matrices: neither biases nor norms, of which there are many and small."""
    return [i for i, n in enumerate(names) if not n.endswith(".bias") and "norm" not in n]


def ratio_parts(
    steps: np.ndarray,
    ratios: np.ndarray,
    names: Sequence[str],
    *,
    events: Iterable[Event] = (),
    cursor: int | None = None,
) -> list[dict[str, Any]]:
    """Curves of ‖Δθ‖/‖θ‖ (n, P) at steps (n,), for the matrices among the tensors.

    A ratio to a tensor of zeros is not defined and is left out.
    """
    kept = matrices(names)
    values = np.asarray(ratios, dtype=np.float64)[:, kept]
    # what is 0 has no place on a log scale and is a gap too
    values = np.where((values == 0) | (np.isfinite(values) & (values > UNDEFINED_RATIO)), np.nan, values)
    shades = colors(names)
    parts: list[dict[str, Any]] = []
    for i, value in zip(kept, values.T, strict=True):
        layer, part = place(names[i])
        look = {"part": part, "series": _series(layer, part), "color": shades[layer]}
        parts += timeline.curve("train", steps, value, tensor=tensor_name(names[i]), **look)
    guide = timeline.rows("guide", value=1e-3, label="usual: 10⁻³")
    return [*parts, guide, *timeline.marks(events, cursor)]


def flow_frame(values: np.ndarray, junctions: Sequence[str]) -> pd.DataFrame:
    """The table of `flow`: mean |gradient| (J,) at each residual junction, from the input to the output."""
    shades = colors(junctions)
    places = [place(name) for name in junctions]
    values = np.asarray(values, dtype=np.float64)
    shown = np.where(np.isfinite(values) & (values > 0), values, np.nan)
    table = pd.DataFrame(
        {
            "depth": np.arange(len(junctions), dtype=np.float64),
            "value": shown,
            "low": shown,
            "high": shown,
            "tensor": [tensor_name(name).replace("residual_", "") for name in junctions],
            "series": [_series(layer, part) for layer, part in places],
            "color": [shades[layer] for layer, _ in places],
            "label": [number(v, 2) for v in values],
            "kind": ["train" if np.isfinite(v) else "nonfinite" for v in values],
        }
    )
    return table.reindex(range(max(1, len(table))))  # Vega asks for an extent


def flow(data: pd.DataFrame, *, height: int = 260) -> alt.LayerChart:
    """Mean |∂L/∂x| at each junction of the residual stream at one step, from the input to the output."""
    y, holds = partial(timeline.magnitude_axis, "mean |∂L/∂x|"), (1e-5, 1e-3)
    sort = alt.EncodingSortField("depth", op="min")
    x = alt.X("tensor:N", sort=sort, title="junction", axis=alt.Axis(labelAngle=-40, labelOverlap=False))
    tooltip = [alt.Tooltip("tensor:N", title="junction"), alt.Tooltip("label:N", title="mean |∂L/∂x|")]
    base = alt.Chart().encode(x=x, tooltip=tooltip)
    good = base.transform_filter(only("train"))
    layers = [
        timeline.extent(holds).encode(y=y(field="reach:Q", holds=holds)),
        good.mark_line().encode(y=y(), order="depth:Q", color=alt.value(theme.GUIDE)),
        good.mark_point(filled=True, size=80, opacity=1).encode(y=y(), color=timeline.series_color(symbol="circle")),
        base.transform_filter(only("nonfinite"))
        .mark_text(baseline="top", fontWeight=600)
        .encode(y=alt.value(4), text="label:N", color=alt.value(theme.BAD)),
        nothing.note("isValid(datum.depth)"),
    ]
    title, text = "Gradient flow", "Mean absolute gradient along the residual stream, on a log scale"
    return timeline.picture(layers, data, title, text, height)
