"""One weight's X-ray: what one step does to it, from the gradient to its new value; its past; its proof."""

from __future__ import annotations

import math
from dataclasses import replace
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from explorer.charts import theme, timeline
from explorer.charts.timeline import Panel
from explorer.measure.updates import number
from explorer.runs.answer import Answer
from explorer.ui import picture
from explorer.ui.components.tensor_map import tensor_map
from explorer.ui.frame import cards
from explorer.ui.steered import number as number_field
from explorer.ui.view import View

MAPS = {"value": "value θ", "gradient": "gradient ∂L/∂θ", "change": "change Δθ"}
FIRST = "attention.project.weight"  # the tensor shown first: a matrix in the middle of things
EVERY = 1.0  # seconds: a film of a step costs two of training
HISTORY = {
    "value": Panel("Its value", "The weight’s value over steps", "θ", "linear", (0, 0), 190, legend=False),
    "gradient": Panel("Its gradient", "Gradient before clipping, over steps", "∂L/∂θ", "linear", (0, 0), 190, 4, False),
    "change": Panel("Its change", "What one step adds to it, over steps", "Δθ", "linear", (0, 0), 190, 4, False),
}
FORMULAS = (
    "The step is taken again by the training’s own code, from the weights and the optimizer’s state at this step, on "
    "the very batch that the run trained on. The strip works its formulas out once more in float64, from the float32 "
    "numbers that went in; the run itself rounds to float32 on the way. Adam: Kingma & Ba 2015; AdamW’s decay apart "
    "from the gradient: Loshchilov & Hutter 2019; momentum: Polyak 1964; RMSprop: Hinton 2012; Adagrad: Duchi et al. "
    "2011; Muon: Jordan et al. 2024, for matrices inside blocks, and AdamW for the rest; clipping by the norm of the "
    "whole gradient: Pascanu et al. 2013. Matrices decay, biases and norms do not.\n\n"
    r"**Proof:** $(L(\theta + h) - L(\theta - h)) / 2h$ beside $\partial L / \partial \theta$ by backpropagation, "
    r"all in float64, on the same batch with the same dropout. Cutting off the series costs about $h^2$, rounding "
    r"about $\epsilon\,L/h$ with $\epsilon = 2.2 \times 10^{-16}$; the two balance near $h = \epsilon^{1/3}$ "
    "(Press et al. 2007, §5.7)."
)


def show(view: View) -> None:
    """A tensor to pick from, the strip of the weight that is picked, its history, and its proof."""
    name = picked(view)
    what = st.session_state.get("weight-map") or "value"
    with cards("tensor", 1)[0]:
        answer = view.picture("xray.tensor", EVERY, name=name, what=what)
        if answer is None:
            return
        row, column = choose(answer, name, what)
    asked: dict[str, Any] = {"name": name, "row": row, "column": column}
    with cards("strip", 1)[0]:
        strip = view.picture("xray.weight", EVERY, **asked)
        if strip is not None:
            plain = strip[0]
            st.markdown(f"**{label(name, answer, row, column)}** · the step taken from step {plain['taken']}")
            st.html(html(plain))
            picture.look_for("strip", sentence(plain))
    with cards("proof", 1)[0]:
        prove(view, asked)
    past(view, asked)
    picture.computed(FORMULAS, title="How this X-ray is computed")


def picked(view: View) -> str:
    """The tensor that is chosen, by name."""
    names, state = view.run.tensors, st.session_state
    if state.get("weight-tensor") not in names:
        state["weight-tensor"] = next((name for name in names if name.endswith(FIRST)), names[0])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        tensor = st.selectbox("Tensor", names, key="weight-tensor", persist_state="session", width=420)
        st.segmented_control(
            "Cells show",
            list(MAPS),
            format_func=MAPS.__getitem__,
            default="value",
            key="weight-map",
            required=True,
            persist_state="session",
        )
    return tensor


def choose(answer: Answer, name: str, what: str) -> tuple[int, int]:
    """The map of the tensor; gives the row and column that are chosen there or typed."""
    plain, arrays = answer
    rows, columns = arrays["map"].shape
    state = st.session_state
    for held in ("weight-row", "weight-column"):
        state.setdefault(held, 0)

    def take() -> None:
        if cell := state["tensor"]["cell"]:
            state["weight-row"], state["weight-column"] = int(cell["row"]), int(cell["column"])

    with st.container(horizontal=True, vertical_alignment="bottom"):
        row = number_field("Row", 0, rows - 1, "weight-row", width=130, disabled=rows == 1)
        column = number_field("Column", 0, columns - 1, "weight-column", width=130)
        st.caption(f"Click a cell to choose it · the step taken from step {plain['taken']} · {MAPS[what]}")
    tensor_map(arrays["map"], name, key="tensor", selected=(row, column), on_change=take)
    return row, column


def label(name: str, answer: Answer, row: int, column: int) -> str:
    """The weight as a person names it."""
    vector = answer[1]["map"].shape[0] == 1
    return f"`{name}` [{column}]" if vector else f"`{name}` [{row}, {column}]"


def html(plain: dict[str, Any]) -> str:
    """The strip: one box a stage, from the old weight to the new. The words are ours, the rest are numbers."""
    first = {"name": "old weight", "symbol": "θ", "formula": "before the step", "worked": "", "value": plain["before"]}
    boxes = "".join(
        f'<li class="{kind(stage["name"])}"><span>{escape(stage["name"])}</span>'
        f"<b><i>{escape(stage['symbol'])}</i> = {escape(number(stage['value'], 5))}</b>"
        f"<em>{escape(stage['formula'])}</em><small>{escape(stage['worked'])}</small></li>"
        for stage in [first, *plain["stages"]]
    )
    return f'<ol class="strip">{boxes}</ol>'


def kind(name: str) -> str:
    """How a stage's box is set off."""
    return {"old weight": "end", "new weight": "end", "change": "sum", "step": "part", "decay": "part"}.get(name, "")


def sentence(plain: dict[str, Any]) -> str:
    """Whether the strip comes out where the run did, and what made the change."""
    moved, worked = plain["observed"], plain["step_size"] + plain["decay"]
    if plain["frozen"]:
        return (
            f"this weight belongs to a frozen head: the optimizer would add {number(worked)}, and it is put back to "
            f"{number(plain['before'], 7)}."
        )
    clipping = next(stage for stage in plain["stages"] if stage["name"] == "clipping")["value"]
    clipped = f"clipping keeps {clipping:.1%} of the gradient" if clipping < 1 else "the gradient is not clipped"
    share = abs(plain["decay"]) / max(abs(plain["decay"]) + abs(plain["step_size"]), 1e-300)
    decay = f", {share:.1%} of it decay" if plain["decay"] else ""
    return (
        f"{clipped}; the strip comes to Δθ = {number(worked, 6)}{decay}. In the run the weight went from "
        f"{number(plain['before'], 7)} to {number(plain['after'], 7)}: {number(moved, 6)}, "
        f"{agreement(plain['before'], worked, moved)}."
    )


def agreement(before: float, worked: float, moved: float) -> str:
    """How near the strip is to what the run did: float32 holds a weight to 24 bits."""
    if not (math.isfinite(worked) and math.isfinite(moved)):
        return "and that is not finite"
    off, grain = abs(worked - moved), 2.0**-23 * max(abs(before), abs(before + moved))
    if off <= grain + 1e-5 * abs(worked):
        return f"the same to the last bits of a float32 weight (off by {number(off, 2)})"
    return f"which is {number(off, 3)} from the strip"


def prove(view: View, asked: dict[str, Any]) -> None:
    """Central differences beside backpropagation when asked for, at the step where it was asked."""
    place = (view.run.id, *sorted(asked.items()))
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Prove its gradient", key="prove-weight", icon=":material/verified:"):
            st.session_state["weight-proof"] = (place, view.step)
        wanted = st.session_state.get("weight-proof")
        if wanted is None or wanted[0] != place:
            st.caption("moves this weight a little both ways in float64 and compares with backpropagation")
            return
        answer = view.at(wanted[1], "weight-proof").picture("xray.proved", lane="slow", **asked)
        if answer is None:
            return
        st.markdown(verdict(answer[0]))
    others = {
        f"h = {number(h, 2)}": "—" if off is None else "exact" if off == 0 else number(off, 2)
        for h, off in answer[0]["others"]
        if h >= 1e-9
    }
    st.caption("Relative error with other h: too wide and the loss bends, too narrow and rounding shows.")
    numbers(others)


def numbers(named: dict[str, str]) -> None:
    """A line of small numbers with their names."""
    cells = "".join(f"<li><span>{escape(name)}</span>{escape(value)}</li>" for name, value in named.items())
    st.html(f'<ul class="small-figures">{cells}</ul>')


def verdict(plain: dict[str, Any]) -> str:
    """How the proof came out, in a sentence."""
    if plain["relative"] is None:
        return (
            f":green[:material/check_circle:] Step {plain['taken']}: both are exactly 0. Nothing in this batch "
            "depends on this weight."
        )
    grain = 2.0**-52 * plain["loss"] / plain["h"]  # what rounding the loss does to the quotient
    fits = abs(plain["difference"] - plain["exact"]) <= 1e-4 * abs(plain["exact"]) + 8 * grain
    mark = ":green[:material/check_circle:]" if fits else ":red[:material/error:]"
    return (
        f"{mark} Step {plain['taken']}: the central difference is **{number(plain['difference'], 9)}**, "
        f"backpropagation gives **{number(plain['exact'], 9)}**, both in float64: relative error "
        f"**{number(plain['relative'], 2)}**. h = {number(plain['h'], 3)}, where cutting off the series (about h²) and "
        f"rounding (about {number(grain, 2)} here) balance. The training itself, in {plain['precision']}, has "
        f"{number(plain['trained'], 9)}."
    )


def past(view: View, asked: dict[str, Any]) -> None:
    """Value, gradient and change over the snapshots so far."""
    answer = view.picture("xray.history", 3.0, lane="slow", doing="retracing {of} snapshots", **asked)
    if answer is None:
        return
    arrays = answer[1]
    with cards("past", 1)[0]:
        for place, (what, panel) in zip(st.columns(3), HISTORY.items(), strict=True):
            line = timeline.curve("train", arrays["steps"], arrays[what], series=MAPS[what], color=theme.TRAIN)
            marks = timeline.marks(view.events, view.cursor)
            with place:
                picture.curves(replace(panel, holds=span(arrays[what])), [*line, *marks], f"weight-{what}")
        picture.look_for("weight-past", past_sentence(arrays))


def span(values: np.ndarray) -> tuple[float, float]:
    """What the axis holds at least: all the values."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)


def past_sentence(arrays: dict[str, np.ndarray]) -> str:
    """How far the weight has come, and whether its gradient kept its direction."""
    steps, value, gradient = arrays["steps"], arrays["value"], arrays["gradient"]
    known = gradient[np.isfinite(gradient)]
    turns = int((np.sign(known[1:]) * np.sign(known[:-1]) < 0).sum())
    often = "once" if turns == 1 else f"{turns} times"
    return (
        f"from step {steps[0]} to step {steps[-1]} it went from {number(value[0])} to {number(value[-1])}; its "
        f"gradient changed sign {often} between {len(known)} snapshots."
    )
