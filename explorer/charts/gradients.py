"""Gradients and updates of single tensors: over steps, and by depth at one step.

P tensors (parameters), n steps. Colour is the layer, dash the part of it that a tensor belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import theme, timeline
from explorer.charts.timeline import CURVES, Event, Panel, only

PARTS = {"attention": [1, 0], "MLP": [4, 3], "norm": [1, 3], "cross-attention": [9, 3, 2, 3]}  # dashes
UNDEFINED_RATIO = 1e6  # ‖Δθ‖/‖θ‖ beyond this divides by a tensor that was all zeros, as biases are at first
ROW = 17  # pixels that a bar takes
NORMS = Panel(
    "Gradient norm by layer",
    "Gradient norm of each part of each layer over steps, on a log scale",
    "‖g‖",
    "log",
    (1e-2, 1),
    320,
    digits=5,
    dashes=PARTS,
)
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
    found = re.match(r"(?:(encoder|decoder)\.)?blocks\.(\d+)\.(\w+)", name)
    if found is None:
        return re.sub(r"\.(weight|bias|table)$", "", name).replace("_", " "), "outside"
    stack, number, module = found.groups()
    parts = {"attention": "attention", "cross": "cross-attention", "mlp": "MLP"}
    return f"{stack or 'layer'} {int(number) + 1}", parts.get(module, "norm")


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


def norm_parts(
    steps: np.ndarray,
    norms: np.ndarray,
    names: Sequence[str],
    *,
    grouped: bool = True,
    events: Iterable[Event] = (),
    cursor: int | None = None,
) -> list[dict[str, Any]]:
    """Curves of gradient norms (n, P) at steps (n,).

    grouped: one curve for each part of each layer, √Σ‖g‖² of its tensors; else one for each tensor.
    """
    norms = np.asarray(norms, dtype=np.float64)
    if not grouped:
        return _curves(steps, norms, names, [place(name) for name in names], colors(names), events, cursor)
    places = list(dict.fromkeys(map(place, names)))
    member = np.array([[place(name) == group for group in places] for name in names], dtype=bool)
    together = [np.linalg.norm(norms[:, own], axis=1) for own in member.T]
    titles = [layer if part == "outside" else f"{layer} · {part}" for layer, part in places]
    values = np.stack(together, axis=1) if together else np.empty((len(steps), 0))
    return _curves(steps, values, titles, places, colors(names), events, cursor)


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
    values = np.where(np.isfinite(values) & (values > UNDEFINED_RATIO), np.nan, values)
    chosen = [names[i] for i in kept]
    guide = timeline.rows("guide", value=1e-3, label="usual: 1e-3")
    places = [place(name) for name in chosen]
    return _curves(steps, values, chosen, places, colors(names), events, cursor, guide)


def norm_frame(steps: np.ndarray, norms: np.ndarray, names: Sequence[str], **belongs: Any) -> pd.DataFrame:
    """The table of `norm_parts`."""
    return _table(norm_parts(steps, norms, names, **belongs))


def ratio_frame(steps: np.ndarray, ratios: np.ndarray, names: Sequence[str], **belongs: Any) -> pd.DataFrame:
    """The table of `ratio_parts`."""
    return _table(ratio_parts(steps, ratios, names, **belongs))


def _table(parts: Sequence[dict[str, Any]]) -> pd.DataFrame:
    return timeline.table(parts, tensor="", layer="", part="")


def _curves(
    steps: np.ndarray,
    values: np.ndarray,
    tensors: Sequence[str],
    places: Sequence[tuple[str, str]],
    shades: dict[str, str],
    events: Iterable[Event],
    cursor: int | None,
    *guides: dict,
) -> list[dict[str, Any]]:
    """Curves of values (n, tensors). What is 0 has no place on a log scale and is a gap."""
    parts: list[dict] = []
    for tensor, (layer, part), value in zip(tensors, places, values.T, strict=True):
        look = {
            "tensor": tensor,
            "layer": layer,
            "part": part,
            "series": _series(layer, part),
            "color": shades[layer],
        }
        parts += timeline.curve("train", steps, np.where(value == 0, np.nan, value), **look)
    return [*parts, *guides, *timeline.marks(events, cursor)]


def depth_frame(values: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """The table of `by_depth`: gradient norms (P,) at one step, tensors in the order of the forward pass."""
    shades = colors(names)
    places = [place(name) for name in names]
    values = np.asarray(values, dtype=np.float64)
    shown = np.where(np.isfinite(values) & (values > 0), values, np.nan)
    table = pd.DataFrame(
        {
            "depth": np.arange(len(names), dtype=np.float64),
            "value": shown,
            "low": shown,
            "high": shown,
            "tensor": [short(name) for name in names],
            "series": [_series(layer, part) for layer, part in places],
            "color": [shades[layer] for layer, _ in places],
            "label": [f"{v:.1e}" if np.isfinite(v) and v else "0" if v == 0 else _odd(v) for v in values],
            "kind": ["train" if np.isfinite(v) else "nonfinite" for v in values],
        }
    )
    return table.reindex(range(max(1, len(table))))  # Vega asks for an extent


def flow_frame(values: np.ndarray, junctions: Sequence[str]) -> pd.DataFrame:
    """The table of `flow`: mean |gradient| (J,) at each residual junction, from the input to the output."""
    table = depth_frame(values, junctions)
    table["tensor"] = table["tensor"].astype("str").str.replace("residual_", "")
    return table


def _odd(value: float) -> str:
    return "NaN" if np.isnan(value) else "infinite"


def short(name: str) -> str:
    """`blocks.0.mlp.expand.weight` -> `1 mlp.expand.weight`: layers counted from 1, as everywhere."""
    return re.sub(r"blocks\.(\d+)\.", lambda found: f"{int(found[1]) + 1} ", name)


def norms(data: pd.DataFrame) -> alt.LayerChart:
    """‖g‖ of each tensor, or of each part of a layer, over steps at true magnitude."""
    return _tensors(data, NORMS)


def update_ratios(data: pd.DataFrame) -> alt.LayerChart:
    """‖Δθ‖/‖θ‖ of each matrix over steps: how far a step moves it, relative to its size."""
    return _tensors(data, RATIOS)


def _tensors(data: pd.DataFrame, panel: Panel) -> alt.LayerChart:
    y, holds = panel.axis(), panel.holds
    dash = alt.Scale(domain=list(PARTS), range=list(PARTS.values()))
    x = timeline.step_axis()
    tooltip = [
        alt.Tooltip("tensor:N"),
        alt.Tooltip("step:Q", format=",d"),
        alt.Tooltip("value:Q", title=panel.unit, format=".5~e"),
    ]
    lines = alt.Chart().transform_filter(only(*CURVES)).mark_line(strokeWidth=1.5, opacity=0.9)
    lines = lines.transform_calculate(dash="datum.part == 'outside' ? 'attention' : datum.part")  # solid
    layers = [
        timeline.extent(holds).encode(x=timeline.step_axis("newest:Q", (0, 1)), y=y(field="reach:Q", holds=holds)),
        lines.encode(
            x=x,
            y=y(),
            color=timeline.series_color(each=105),
            strokeDash=alt.StrokeDash("dash:N", scale=dash, legend=timeline.legend(each=105)),
            detail="tensor:N",
        ),
        *timeline.guides(y),
        *timeline.hover(y, tooltip, "tensor", f"{panel.title.lower().replace(' ', '_')}_points"),
        *timeline.markers(),
    ]
    return timeline.picture(layers, data, panel.title, panel.text, panel.height)


def by_depth(data: pd.DataFrame, *, tensors: int = 30, height: int | None = None) -> alt.LayerChart:
    """‖g‖ of every tensor at one step, input at the top. tensors: how many, for the height unless given."""
    x, holds = partial(timeline.magnitude_axis, "‖g‖", alt.X), (1e-4, 1e-1)
    axis = alt.Axis(minExtent=155, maxExtent=155, labelLimit=155, labelOverlap=False)
    y = alt.Y("tensor:N", sort=alt.EncodingSortField("depth", op="min"), title=None, axis=axis)
    tooltip = [alt.Tooltip("tensor:N"), alt.Tooltip("label:N", title="‖g‖")]
    base = alt.Chart().encode(y=y, tooltip=tooltip)
    layers = [
        timeline.extent(holds).encode(x=x(field="reach:Q", holds=holds)),
        base.transform_filter(only("train"))
        .mark_bar()
        .encode(x=x().stack(None), color=timeline.series_color(symbol="square")),
        *_values(base),
    ]
    title, text = "Gradient norm by depth", "Gradient norm of every tensor at one step, on a log scale"
    tall = ROW * tensors + 90 if height is None else height
    return timeline.picture(layers, data, title, text, tall)


def _values(base: alt.Chart) -> list[alt.Chart]:
    """The numbers beside the plot; NaN and infinity in the colour of what is wrong."""
    words = base.mark_text(align="left", dx=6).encode(x=alt.value("width"), text="label:N")
    return [
        words.transform_filter(only("train")).encode(color=alt.value(theme.GUIDE)),
        words.transform_filter(only("nonfinite")).encode(color=alt.value(theme.BAD)),
    ]


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
    ]
    title, text = "Gradient flow", "Mean absolute gradient along the residual stream, on a log scale"
    return timeline.picture(layers, data, title, text, height)
