"""Through time: the triangle of gradients, of this run and of another beside it, and what one prediction still has."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from explorer.answers.records.recurrence import ThroughTime
from explorer.charts import recurrence as charts
from explorer.measure import recurrence as measure
from explorer.measure.names import lost, number, percent
from explorer.ui import chosen, picture, visit
from explorer.ui.components.heat_map import Look, Side, heat_map, message
from explorer.ui.frame import cards
from explorer.ui.memory import layers
from explorer.ui.parts import inputs
from explorer.ui.parts.tokens import shown_token
from explorer.ui.view import View

EVERY = 0.8  # seconds between two triangles while it trains
ENDS = (-12.0, 2.0)  # powers of ten: one scale for all models
ROW, TEXT = 26, 104  # pixels of a row, and of the text with its axis
ROWS = 4, 12  # that have room at least and at most
COMPUTED = r"""
One cell is $\log_{10}\lVert \partial \ell_t / \partial h_s \rVert$ for $s \le t$: how much the loss of the prediction
at $t$ changes with the state at $s$ (Cashman et al. 2017). The state is the hidden state of a recurrent layer, and the
gradient comes through all later steps of that layer and those above it; of a Transformer it is the residual stream that
the layer reads, and the gradient comes through the attention of this layer and those above it. The scale is the same
for all models, and no row is divided by its own maximum. The curve is the mean of the powers of ten over all pairs at
one distance; the band is one standard deviation. The sum over $t$ is the gradient that training uses.
"""


@dataclass
class Choice:
    """The prediction that a visit looks at closer, by its position; None: the last asked."""

    at: int | None = None


def show(view: View) -> None:
    """The triangles, one prediction over the text, and the curves by distance."""
    with inputs.row():
        given = inputs.choose(view, says=False)
        layer = layers.choose(view)
        other = beside(view)
    answer = view.picture(ThroughTime, EVERY, lane="slow", says=False, layer=layer, **given)
    if answer is None:
        picture.making(view.waiting)
        return
    answers = {words(view): answer}
    if other is not None:
        twin = other.picture(ThroughTime, EVERY, lane="slow", layer=min(layer, other.config.model.layers - 1))
        if twin is not None:
            answers[words(other)] = twin
    for card, (place, (name, one)) in zip(
        cards("triangles", *[1] * len(answers)), enumerate(answers.items()), strict=True
    ):
        with card:
            triangle(name, one, f"memory-triangle-{place}", chooses=place == 0)
    picture.details(lambda: more(answer, answers))
    picture.computed(COMPUTED, measure.reach)


def more(answer: ThroughTime, answers: dict[str, ThroughTime]) -> None:
    """What one prediction still has of the text, and below it the mean by distance."""
    with cards("heard", 1)[0]:
        heard(answer)
    with cards("by-distance", 1)[0]:
        st.caption("mean over all pairs of prediction and state")
        picture.show(charts.by_distance, charts.frame({name: one.reach for name, one in answers.items()}), "reach")
        picture.look_for("reach", reach_sentence(answer))


def words(view: View) -> str:
    """A run in the legend."""
    return f"{view.config.model.kind} · {chosen.differences(view.run)}"


def beside(view: View) -> View | None:
    """Another run of this visit at its newest step, to be drawn beside; None if none is chosen."""
    runs = {run.id: run for run in chosen.earlier_runs() if run.config.has("logits") and run.config.has("states")}
    if not runs:
        st.caption("Train another kind of model and its picture can stand beside this one.")
        return None
    name = st.selectbox(
        "Beside it",
        [None, *runs],
        key="memory-beside",
        format_func=lambda name: (
            "nothing" if name is None else f"{runs[name].config.model.kind} · {chosen.differences(runs[name])}"
        ),
    )
    if name is None:
        return None
    return replace(view, run=runs[name], step=runs[name].newest_snapshot(), live=False, place="memory-beside")


def labels(tokens: list[str]) -> list[str]:
    """Tokens as an axis names them, with their positions."""
    return [f"{place} {shown_token(token)}" for place, token in enumerate(tokens)]


def triangle(name: str, answer: ThroughTime, key: str, chooses: bool) -> None:
    """The triangle of one model."""
    state = visit.kept(Choice, "memory")
    named = labels(answer.tokens)
    look = Look(
        f"Gradient through time · layer {answer.layer + 1} · step {answer.step}",
        f"{name}: size of the gradient of each prediction's loss in each earlier {answer.states}",
        "‖∂ℓ/∂h‖",
        "power",
        66 + ROW * min(ROWS[1], max(ROWS[0], len(answer.places))),
        least=300,
        ends=ENDS,
        chosen=row_of(answer, state.at) if chooses else None,
    )
    rows = Side("prediction at", [named[t] for t in answer.places])
    drawing = message({name: powers(answer)}, rows, Side(f"{answer.states} at", named), look, visit.state().projector)

    def choose(row: int) -> None:
        state.at = answer.places[row] if row < len(answer.places) else None

    heat_map(drawing, key=key, on_row=choose if chooses else None)
    picture.look_for(key, triangle_sentence(answer))


def powers(answer: ThroughTime) -> np.ndarray:
    """log₁₀ of the sizes (A, T): −∞ where a size is 0, NaN where the state comes later than the prediction."""
    with np.errstate(divide="ignore"):
        sizes = np.log10(answer.sizes)
    later = np.arange(sizes.shape[1])[None] > np.asarray(answer.places, dtype=int)[:, None]
    return np.where(later, np.nan, sizes).astype(np.float32)


def row_of(answer: ThroughTime, at: int | None) -> int:
    """The row of a prediction; the last where there is none at that position, −1 where nothing is asked."""
    return answer.places.index(at) if at in answer.places else len(answer.places) - 1


def heard(answer: ThroughTime) -> None:
    """What one prediction still has of the text, as one row of colours over it."""
    row = row_of(answer, visit.kept(Choice, "memory").at)
    if row < 0:
        st.caption("Nothing is asked of this input.")
        return
    t = answer.places[row]
    title = f"What the prediction at {t} still has of the past"
    look = Look(title, title, "‖∂ℓ/∂h‖", "power", TEXT, ends=ENDS)
    tokens = labels(answer.tokens[: t + 1])
    said = f"predicts “{shown_token(answer.targets[t])}”"
    heat_map(
        message({said: powers(answer)[row : row + 1, : t + 1]}, Side("", [""]), Side("token", tokens), look),
        key="heard",
    )
    picture.look_for("heard", heard_sentence(answer, row))


def triangle_sentence(answer: ThroughTime) -> str:
    """How the gradient changes from one token to the one before: the mean factor over the longest way."""
    if not np.isfinite(answer.sizes).all():
        return lost("the gradient", answer.step)
    each, far = measure.each_token(answer.reach)
    if not far:
        return "there is no way through time here: no gradient reaches an earlier state."
    tokens = f"{far} {'token' if far == 1 else 'tokens'}"
    if 0.95 < each < 1.05:
        return f"each token back the gradient stays at {percent(each, 1)} of what it was, over {tokens}."
    change = "shrinks" if each < 1 else "grows"
    return f"each token back the gradient {change} to {percent(each)} of what it was, over {tokens}."


def reach_sentence(answer: ThroughTime) -> str:
    """What is left at the greatest distance."""
    mean = answer.reach.mean
    known = np.flatnonzero(np.isfinite(mean))
    if not len(known):
        return "no prediction has a gradient in any state."
    near, far = known[0], known[-1]
    return (
        f"{far} tokens back the gradient is {number(10.0 ** mean[far])}, where {near} back it is "
        f"{number(10.0 ** mean[near])}. A straight falling line is a memory that fades."
    )


def heard_sentence(answer: ThroughTime, row: int) -> str:
    """The token that this prediction has most of."""
    t, sizes = answer.places[row], answer.sizes[row]
    if not np.isfinite(sizes).all():
        return lost("this gradient", answer.step)
    if not sizes[: t + 1].any():
        return "nothing is left of any token."
    most = int(sizes[: t + 1].argmax())
    word = shown_token(answer.tokens[most])
    return f"most of it comes from “{word}” at {most}, {t - most} tokens back. Click a row above."
