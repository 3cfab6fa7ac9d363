"""Depth by time: how large the gradient of every tensor, block or head was, and how far each step moved it.

P tensors, n columns of steps.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from explorer.answers.records.gradients import HeadGradients
from explorer.charts import gradients, theme
from explorer.measure.names import attention_name, finite, head_name, lost, number, tensor_name
from explorer.ui import feed, picture, visit
from explorer.ui.components.microscope import Quantity, Row, message, microscope
from explorer.ui.frame import cards
from explorer.ui.gradients import norms
from explorer.ui.view import View

POINTS = 240  # columns
TENSORS, BLOCKS, HEADS = "tensors", "blocks", "heads"
ROWS = "microscope-rows"  # in the address
LEAST, MOST, ROW = 300, 470, 17  # pixels: the component's least and greatest height, and a row
TOP = 74  # pixels that are not rows
EVERY = 2.0  # seconds between two looks at the heads' gradients, which are computed
NORM, RATIO = "gradient", "update ratio"
Drawn = tuple[list[Row], np.ndarray, np.ndarray, list[Quantity]]
MEASURING = "taking the heads' gradients at {of} snapshots"


def show(view: View) -> None:
    """The map from step 0 to now, and what to look for in it."""
    names = view.run.tensors
    with cards("microscope", 1)[0]:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("**Every gradient, from the first step to now** · depth downwards, at true magnitude")
            kind = st.segmented_control(
                "Rows",
                [TENSORS, BLOCKS, HEADS],
                default=TENSORS,
                key=ROWS,
                bind="query-params",
                label_visibility="collapsed",
                required=True,
            )
        table = of_heads(view, height(len(names))) if kind == HEADS else recorded(view, names, kind)
        if table is None:
            return
        rows, starts, steps, quantities = table
        microscope(as_bytes(view, kind, table), key="microscope", height=height(len(rows)), on_chosen=choose)
        if kind != HEADS:
            feed.offer("microscope", lambda view: as_bytes(view, kind, recorded(view, names, kind)))
        picture.look_for("microscope", sentence(view, rows, starts, steps, quantities[0].values, kind != HEADS))
    picture.details(lambda: norms.show(view))
    picture.computed(norms.FORMULAS, title="How the norms are computed")


def moves() -> bool:
    """Whether what is chosen is recorded, so that the feed moves it: heads are computed."""
    return st.session_state.get(ROWS, st.query_params.get(ROWS)) != HEADS


def as_bytes(view: View, kind: str, table: Drawn) -> bytes:
    """The map's message."""
    rows, starts, steps, quantities = table
    return message(
        rows,
        starts,
        steps,
        quantities,
        label=f"Gradients of {kind}",
        newest=max(1, view.last - 1),
        peaks=kind != HEADS,
        cursor=view.cursor,
        height=height(len(rows)),
        moment=None if kind == HEADS else feed.moment(view),
    )


def height(rows: int) -> int:
    """In pixels, of a map with this number of rows."""
    return min(MOST, max(LEAST, TOP + ROW * rows))


def choose(row: str, step: int | None) -> None:
    """A click goes to that step and chooses that row for whatever looks closer."""
    if step is not None:
        visit.state().step = step


def recorded(view: View, names: list[str], kind: str) -> Drawn:
    """Rows of tensors or of blocks, as the run recorded them: of each bucket the step of the largest gradient."""
    curve = view.run.curve(POINTS)
    steps, norms, ratios = view.run.tensor_norms(curve["peak"])
    kept = np.isin(curve["peak"], steps)
    starts, shades = curve["step"][kept], gradients.colors(names)
    places = [gradients.place(name) for name in names]
    if kind == TENSORS:
        rows = [
            Row(name, tensor_name(name), layer, shades[layer]) for name, (layer, _) in zip(names, places, strict=True)
        ]
        sizes = np.where(ratios > gradients.UNDEFINED_RATIO, np.nan, ratios)
        return rows, starts, steps, [Quantity(NORM, "‖g‖", norms.T), Quantity(RATIO, "‖Δθ‖/‖θ‖", sizes.T, 1e-3)]
    groups = list(dict.fromkeys(places))
    member = np.array([[place == group for group in groups] for place in places], dtype=bool)
    together = np.stack([np.linalg.norm(norms[:, members], axis=1) for members in member.T])
    rows = [
        Row(f"{layer} · {part}", layer if part == "outside" else f"{layer} · {part}", layer, shades[layer])
        for layer, part in groups
    ]
    return rows, starts, steps, [Quantity(NORM, "‖g‖", together)]


def of_heads(view: View, place: int) -> Drawn | None:
    """Rows of heads, computed at the snapshots by a looker. place: pixels kept for them until they are there."""
    newest = view.newest()
    answer = newest.picture(HeadGradients, EVERY, lane="slow", doing=MEASURING, says=False)
    if answer is None:
        picture.making(newest.waiting, place)
        return None
    layers = list(dict.fromkeys(head.rpartition(".")[0] for head in answer.heads))
    rows = []
    for head in answer.heads:
        path = head.rpartition(".")[0]
        rows.append(Row(head, head_name(head), attention_name(path), theme.layer(layers.index(path))))
    return rows, answer.steps, answer.steps, [Quantity(NORM, "‖g‖", answer.norms.T)]


def sentence(
    view: View, rows: list[Row], starts: np.ndarray, steps: np.ndarray, norms: np.ndarray, peaks: bool = True
) -> str:
    """What to look for in the column looked at: the first and the last layer of the same stack, and the span.

    peaks: whether a column that stands for several steps has the numbers of the one with the largest gradient.
    """
    if not len(steps):
        return "the first step is being trained."
    at = len(steps) - 1 if view.cursor is None else max(0, int(np.searchsorted(starts, view.cursor, "right")) - 1)
    end = int(starts[at + 1]) if at + 1 < len(starts) else max(view.last, int(steps[at]) + 1)
    words = of_column(rows, int(steps[at]), norms[:, at])
    if not peaks or end - int(starts[at]) < 2:
        return words
    return (
        f"a column here stands for several steps and shows the one with the largest gradient, such as {steps[at]:,} of "
        f"{int(starts[at]):,} to {end - 1:,}: {words}"
    )


def of_column(rows: list[Row], step: int, here: np.ndarray) -> str:
    """What the norms of one step say."""
    by_layer: dict[str, Any] = {}
    for row, size in zip(rows, here, strict=True):
        if row.layer.startswith(("layer", "encoder", "decoder")):
            by_layer[row.layer] = float(np.hypot(by_layer.get(row.layer, 0.0), size))
    if not finite(here):
        return lost("the gradient of some rows", step)
    good = here > 0
    if not good.any():
        return f"at step {step:,} no gradient is left."
    if len(by_layer) < 2:
        times = number(here[good].max() / here[good].min(), 2)
        return f"at step {step:,} the largest gradient of all is {times} times the smallest."
    first, *_, last = by_layer
    a, b = by_layer[first], by_layer[last]
    word = "grows" if a > 1.5 * b else "shrinks" if a < b / 1.5 else "keeps its size"
    back = f"the gradient {word} on its way back from {last} ({number(b, 2)}) to {first} ({number(a, 2)})"
    return f"at step {step:,} {back}."
