"""One weight's X-ray: what one step does to it, from the gradient to its new value; its past; its proof."""

from __future__ import annotations

import math
from dataclasses import replace
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from explorer.answers.records.weight import Proof, TensorMap, WeightHistory, WeightStep
from explorer.charts import theme, timeline
from explorer.charts.timeline import Panel
from explorer.config.optimizers import OPTIMIZERS
from explorer.measure.names import number, percent, plural, tensor_name
from explorer.measure.updates import Stage
from explorer.ui import held, picture, visit
from explorer.ui.components.tensor_map import tensor_map
from explorer.ui.frame import cards
from explorer.ui.parts.steered import number as number_field
from explorer.ui.pressing import pressed
from explorer.ui.view import View

MAPS = {"value": "value θ", "gradient": "gradient ∂L/∂θ", "change": "change Δθ"}
FIRST = "attention.project.weight"  # the tensor shown first: a matrix in the middle of things
ROUNDING = {"float32": 1e-3, "bfloat16": 0.1}  # of a tensor's gradient, relative: more of it is no rounding
HEIGHT = 64  # pixels of the tensor's map
EVERY = 1.0  # seconds: a film of a step costs two of training
HISTORY = {
    "value": Panel("Its value", "The weight’s value over steps", "θ", "linear", (0, 0), 190, legend=False),
    "gradient": Panel("Its gradient", "Gradient before clipping, over steps", "∂L/∂θ", "linear", (0, 0), 190, 4, False),
    "change": Panel("Its change", "What one step adds to it, over steps", "Δθ", "linear", (0, 0), 190, 4, False),
}
FORMULAS = (
    "The step is taken again by the training’s own code, from the weights and the optimizer’s state at this step, on "
    "the very batch that the run trained on. The strip works its formulas out once more in float64, from the float32 "
    "numbers that went in; the run itself rounds to float32 on the way. Clipping by the "
    "norm of the whole gradient: Pascanu et al. 2013. Matrices decay, biases and norms do not."
)
PROOF = (
    r"**Proof:** $(L(\theta + h) - L(\theta - h)) / 2h$ beside $\partial L / \partial \theta$ by backpropagation, "
    r"all in float64, of the loss that the step makes small (label smoothing included), on the same batches with the "
    r"same dropout; and beside both the gradient that the training’s own code computes for this step. Cutting off the "
    r"series costs about $h^2$, rounding about $\epsilon\,L/h$ with $\epsilon = 2.2 \times 10^{-16}$; the two "
    r"balance near $h = \epsilon^{1/3}$ (Press et al. 2007, §5.7)."
)


def show(view: View) -> None:
    """A tensor to pick from, the strip of the weight that is picked, its history, and its proof."""
    controls = st.container(horizontal=True, vertical_alignment="bottom", key="weight-controls")
    with controls:
        name = picked(view)
    what = st.session_state.get("weight-map") or "value"
    with cards("tensor", 1)[0]:
        answer = view.picture(TensorMap, EVERY, says=False, name=name, what=what)
        if answer is None:
            picture.making(view.waiting, HEIGHT)
            return
        row, column = choose(answer, name, what, controls)
    place: dict[str, Any] = {"name": name, "row": row, "column": column}
    with cards("strip", 1)[0]:
        strip = view.picture(WeightStep, EVERY, **place)
        if strip is not None:
            st.html(html(strip, label(name, answer, row, column)))
            picture.look_for("strip", sentence(strip))
    picture.details(lambda: proved(view, place))
    rules = "\n".join(f"- {rule.title} · {rule.source}" for rule in OPTIMIZERS.values())
    text = "\n\n".join([FORMULAS, PROOF, "**Sources of the rules:**", rules])
    picture.computed(text, title="How this X-ray is computed")


def proved(view: View, place: dict[str, Any]) -> None:
    """The proof of its gradient, and its past."""
    with cards("proof", 1)[0]:
        prove(view, place)
    past(view, place)


def picked(view: View) -> str:
    """The tensor that is chosen, by name."""
    names, state = view.run.tensors, st.session_state
    first = next((name for name in names if name.endswith(FIRST)), names[0])
    if state.get("weight-tensor", first) not in names:  # of another model
        state["weight-tensor"] = first
    tensor = st.selectbox(
        "Tensor",
        names,
        names.index(first),
        format_func=tensor_name,
        key="weight-tensor",
        bind="query-params",
        width=270,
    )
    st.segmented_control(
        "Cells show",
        list(MAPS),
        format_func=MAPS.__getitem__,
        default="value",
        key="weight-map",
        required=True,
        bind="query-params",
    )
    return tensor


def choose(answer: TensorMap, name: str, what: str, controls: Any) -> tuple[int, int]:
    """The map of the tensor; returns the row and column that are chosen there or typed."""
    rows, columns = answer.values.shape
    state = visit.state()

    def take() -> None:
        if cell := st.session_state["tensor"]["cell"]:
            state.weight_row, state.weight_column = int(cell["row"]), int(cell["column"])

    with controls:
        held.holds("weight-row", state, "weight_row", held.whole, 0)
        held.holds("weight-column", state, "weight_column", held.whole, 0)
        row = number_field("Row", 0, rows - 1, state, "weight_row", width=120, disabled=rows == 1)
        column = number_field("Column", 0, columns - 1, state, "weight_column", width=120)
        st.caption(f"or click a cell  \nstep {answer.taken:,} · {MAPS[what]}")
    tensor_map(answer.values, tensor_name(name), key="tensor", selected=(row, column), height=HEIGHT, on_change=take)
    return row, column


def label(name: str, answer: TensorMap, row: int, column: int) -> str:
    """The weight as a person names it."""
    vector = answer.values.shape[0] == 1
    return f"{tensor_name(name)} [{column}]" if vector else f"{tensor_name(name)} [{row}, {column}]"


def html(strip: WeightStep, label: str) -> str:
    """The strip: one box a stage, from the old weight to the new. The words are ours, the rest are numbers."""
    head = f'<p class="strip-head"><b>{escape(label)}</b> · the step taken from step {strip.taken:,}</p>'
    first = Stage("old weight", "θ", "before the step", "", strip.before)
    boxes = "".join(
        f'<li class="{kind(stage.name)}"><span>{escape(stage.name)}</span>'
        f"<b><i>{escape(stage.symbol)}</i> = {escape(number(stage.value, 5))}</b>"
        f"<em>{escape(stage.formula)}</em><small>{escape(stage.worked)}</small></li>"
        for stage in [first, *strip.stages]
    )
    return f'{head}<ol class="strip">{boxes}</ol>'


def kind(name: str) -> str:
    """How a stage's box is set off."""
    return {"old weight": "end", "new weight": "end", "change": "sum", "step": "part", "decay": "part"}.get(name, "")


def sentence(strip: WeightStep) -> str:
    """Whether the strip comes out where the run did, and what made the change."""
    moved, worked = strip.observed, strip.step_size + strip.decay
    if strip.frozen:
        return (
            f"this weight belongs to a frozen head: the optimizer would add {number(worked)}, and it is put back to "
            f"{number(strip.before, 7)}."
        )
    clipping = next(stage for stage in strip.stages if stage.name == "clipping").value
    clipped = (
        f"clipping keeps {percent(clipping, 1)} of the gradient" if clipping < 1 else "the gradient is not clipped"
    )
    return (
        f"{clipped}; the strip comes to Δθ = {number(worked, 6)}. In the run the weight moved by {number(moved, 6)}, "
        f"{agreement(strip.before, worked, moved)}."
    )


def agreement(before: float, worked: float, moved: float) -> str:
    """How near the strip is to what the run did: float32 holds a weight to 24 bits."""
    if not (math.isfinite(worked) and math.isfinite(moved)):
        return "and that is not finite"
    off, grain = abs(worked - moved), 2.0**-23 * max(abs(before), abs(before + moved))
    if off <= grain + 1e-5 * abs(worked):
        return "the same to the last bits of a float32 weight"
    return f"which is {number(off, 3)} from the strip"


def prove(view: View, place: dict[str, Any]) -> None:
    """Central differences beside backpropagation when asked for, at the step where it was asked."""
    key = (view.run.id, *sorted(place.items()))
    with st.container(horizontal=True, vertical_alignment="center"):
        if pressed(st.button, "Prove its gradient", "prove-weight", icon=":material/verified:"):
            visit.state().proofs[key] = view.step
        step = visit.state().proofs.get(key)
        if step is None:
            st.caption("moves this weight a little both ways in float64 and compares with backpropagation")
            return
        answer = view.at(step, "weight-proof").picture(Proof, lane="slow", **place)
        if answer is None:
            return
        st.markdown(verdict(answer))
    others = {
        f"h = {number(h, 2)}": "—" if off is None else "exact" if off == 0 else number(off, 2)
        for h, off in answer.others
        if h >= 1e-9
    }
    st.caption("Relative error with other h: too wide and the loss bends, too narrow and rounding shows.")
    numbers(others)


def numbers(named: dict[str, str]) -> None:
    """A line of small numbers with their names."""
    cells = "".join(f"<li><span>{escape(name)}</span>{escape(value)}</li>" for name, value in named.items())
    st.html(f'<ul class="small-figures">{cells}</ul>')


def verdict(proof: Proof) -> str:
    """How the proof came out, in a sentence."""
    if proof.relative is None and proof.trained == 0:
        return (
            f":green[:material/check_circle:] Step {proof.taken:,}: both are exactly 0. Nothing in this batch "
            "depends on this weight."
        )
    grain = 2.0**-52 * proof.loss / proof.h  # what rounding the loss does to the quotient
    fits = abs(proof.difference - proof.exact) <= 1e-4 * abs(proof.exact) + 8 * grain
    same = proof.apart <= ROUNDING[proof.precision]
    mark = ":green[:material/check_circle:]" if fits and same else ":red[:material/error:]"
    cause = "that is rounding" if same else "**that is more than rounding**"
    return (
        f"{mark} Step {proof.taken:,}: the central difference is **{number(proof.difference, 9)}**, "
        f"backpropagation gives **{number(proof.exact, 9)}**, both in float64: relative error "
        f"**{number(proof.relative or 0.0, 2)}**. h = {number(proof.h, 3)}, where cutting off the series (about "
        f"h²) and rounding (about {number(grain, 2)} here) balance. The gradient that the run trained with, in "
        f"{proof.precision}, has {number(proof.trained, 9)}; over the whole tensor the two differ by "
        f"{number(proof.apart, 2)} of its length: {cause}."
    )


def past(view: View, place: dict[str, Any]) -> None:
    """Value, gradient and change over the snapshots so far."""
    answer = view.picture(WeightHistory, 3.0, lane="slow", doing="retracing {of} snapshots", **place)
    if answer is None:
        return
    values = {"value": answer.value, "gradient": answer.gradient, "change": answer.change}
    with cards("past", 1)[0]:
        for column, (what, panel) in zip(st.columns(3), HISTORY.items(), strict=True):
            line = timeline.curve("train", answer.steps, values[what], series=MAPS[what], color=theme.TRAIN)
            marks = timeline.marks(view.events, view.cursor)
            with column:
                picture.curves(replace(panel, holds=span(values[what])), [*line, *marks], f"weight-{what}")
        picture.look_for("weight-past", past_sentence(answer))


def span(values: np.ndarray) -> tuple[float, float]:
    """What the axis holds at least: all the values."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)


def past_sentence(history: WeightHistory) -> str:
    """How far the weight has come, and whether its gradient kept its direction."""
    steps, value = history.steps, history.value
    gradient = history.gradient[np.isfinite(history.gradient)]
    turns = int((np.sign(gradient[1:]) * np.sign(gradient[:-1]) < 0).sum())
    return (
        f"from step {steps[0]:,} to step {steps[-1]:,} it went from {number(value[0])} to {number(value[-1])}; its "
        f"gradient changed sign {'once' if turns == 1 else f'{turns} times'} between {len(gradient)} "
        f"snapshot{plural(len(gradient))}."
    )
