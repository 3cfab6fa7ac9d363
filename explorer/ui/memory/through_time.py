"""Through time: the triangle of gradients, of this run and of another beside it, and what one prediction still has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from explorer.answers.records.recurrence import ThroughTime
from explorer.charts import recurrence as charts
from explorer.config.states import DECODER, states_of
from explorer.measure import names
from explorer.measure import recurrence as measure
from explorer.measure.names import plural
from explorer.ui import held, picture, visit
from explorer.ui.components.heat_map import Look, Side, heat_map, message
from explorer.ui.frame import cards
from explorer.ui.memory import fading, layers, lost, proof, rivals
from explorer.ui.parts import inputs
from explorer.ui.parts.tokens import shown_token
from explorer.ui.view import View

EVERY = 0.8  # seconds between two triangles while it trains
ENDS = (-12.0, 2.0)  # powers of ten: one scale for all models
HEIGHT, TEXT = 378, 104  # pixels of a triangle, few rows or many, and of the text; each with its axis
COMPUTED = r"""
One cell is $\log_{10}\lVert \partial \ell_t / \partial h_s \rVert$ for $s \le t$: how much the loss of the prediction
at $t$ changes with the state at $s$ (Cashman et al. 2017). The state is the hidden state of a recurrent layer, and the
gradient comes through all later steps of that layer and those above it; of a Transformer it is the residual stream that
the layer reads, and the gradient comes through the attention of this layer and those above it. The scale is the same
for all models, and no row is divided by its own maximum. The curve is the mean of the powers of ten over all pairs at
one distance; the band is one standard deviation. The sum over $t$ is the gradient that training uses.

An encoder is read before the first prediction, so each prediction has something of each of its states; its distance is
the number of states from there to the last that the encoder reads. Without attention everything passes the last one.
With attention (Bahdanau, Cho & Bengio 2015) a decoder also reads the state itself, on a path of length 1; the curve
*directly* is the gradient by that path alone.
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
        states = stack(view)
        other = rivals.beside(view)
    held.holds("prediction", visit.kept(Choice, "memory"), "at", held.whole, None)
    arguments = {"layer": layer, "states": states, **given}
    answer = view.picture(ThroughTime, EVERY, lane="slow", says=False, **arguments)
    if answer is None:
        picture.making(view.waiting)
        return
    if lost.says(view, answer.sizes):
        return
    answers = {rivals.words(view): answer}
    if other is not None:
        same = states if states in states_of(other.config) else DECODER
        twin = other.picture(
            ThroughTime, EVERY, lane="slow", layer=min(layer, other.config.model.layers - 1), states=same
        )
        if twin is not None:
            answers[rivals.words(other)] = twin
    *triangles, curves = cards("triangles", *[1] * len(answers), 1)
    for card, (place, (name, one)) in zip(triangles, enumerate(answers.items()), strict=True):
        with card:
            triangle(name, one, f"memory-triangle-{place}", chooses=place == 0)
    with curves:
        by_distance(answers | rivals.curves(view, other, EVERY, layer), answer, rivals.colors(view))
    picture.details(lambda: more(view, answer, arguments))
    picture.computed(COMPUTED, measure.reach)


def more(view: View, answer: ThroughTime, arguments: dict[str, Any]) -> None:
    """What one prediction still has of the text, and its proof."""
    with cards("heard", 1)[0]:
        row = row_of(answer, visit.kept(Choice, "memory").at)
        heard(answer, row)
        if row >= 0:
            proof.prove(view, arguments | {"position": answer.places[row]})


def by_distance(answers: dict[str, ThroughTime], answer: ThroughTime, colors: dict[str, str]) -> None:
    """Mean and spread of the gradient by distance, of all that are compared. colors: of those in a race, by name."""
    reaches = {name: one.reach for name, one in answers.items()}
    reaches |= {
        f"directly · {name}": one.directly for name, one in answers.items() if one.directly and fading.shortcut(one)
    }
    table = charts.frame(reaches, colors)
    picture.show(charts.by_distance, table, "reach", powers=charts.domain(table))
    picture.look_for("reach", fading.reach_sentence(answer))


def stack(view: View) -> str:
    """The name of the states that are looked at: of an encoder-decoder the encoder's at first."""
    names = list(states_of(view.config))
    if len(names) == 1:
        return names[0]
    name: str = st.segmented_control(
        "States of the",
        names,
        default=names[0],
        key=f"memory-states-{len(names)}",
        label_visibility="collapsed",
        required=True,
        bind="query-params",
        persist_state="session",
    )
    return name


def labels(tokens: list[str]) -> list[str]:
    """Tokens as an axis names them, with their positions."""
    return [f"{place} {shown_token(token)}" for place, token in enumerate(tokens)]


def triangle(name: str, answer: ThroughTime, key: str, chooses: bool) -> None:
    """The triangle of one model."""
    state = visit.kept(Choice, "memory")
    named = labels(answer.tokens)
    look = Look(
        f"Gradient through time · layer {answer.layer + 1} · step {answer.step:,}",
        f"{name}: size of the gradient of each prediction's loss in each earlier {answer.states}",
        "‖∂ℓ/∂h‖",
        "power",
        HEIGHT,
        least=300,
        ends=ENDS,
        chosen=row_of(answer, state.at) if chooses else None,
    )
    rows = Side("prediction at", [labels(answer.written)[t] for t in answer.places])
    where = f"{answer.states} at" if answer.order == "written" else f"encoder’s {answer.states} at"
    drawing = message({name: powers(answer)}, rows, Side(where, named), look, visit.state().projector)

    def choose(row: int) -> None:
        state.at = answer.places[row] if row < len(answer.places) else None

    heat_map(drawing, key=key, on_row=choose if chooses else None)
    picture.look_for(key, fading.triangle_sentence(answer))


def powers(answer: ThroughTime) -> np.ndarray:
    """log₁₀ of the sizes (A, T): −∞ where a size is 0, NaN where the state comes later than the prediction."""
    with np.errstate(divide="ignore"):
        sizes = np.log10(answer.sizes)
    later = measure.apart(answer.places, sizes.shape[1], answer.order) < 0
    return np.where(later, np.nan, sizes).astype(np.float32)


def row_of(answer: ThroughTime, at: int | None) -> int:
    """The row of a prediction; the last where there is none at that position, −1 where nothing is asked."""
    return answer.places.index(at) if at in answer.places else len(answer.places) - 1


def heard(answer: ThroughTime, row: int) -> None:
    """What one prediction still has of the text, as one row of colours over it."""
    if row < 0:
        st.caption("Nothing is asked of this input.")
        return
    t = answer.places[row]
    title = f"What the prediction at {t} still has of the {'past' if answer.order == 'written' else 'source'}"
    look = Look(title, title, "‖∂ℓ/∂h‖", "power", TEXT, ends=ENDS)
    read = powers(answer)[row : row + 1, : states_of_row(answer, row)]
    tokens = labels(answer.tokens[: read.shape[1]])
    said = f"predicts “{shown_token(answer.targets[t])}”"
    heat_map(message({said: read}, Side("", [""]), Side("token", tokens), look), key="heard")
    picture.look_for("heard", heard_sentence(answer, row))


def states_of_row(answer: ThroughTime, row: int) -> int:
    """How many states a prediction can have something of."""
    return answer.places[row] + 1 if answer.order == "written" else len(answer.tokens)


def heard_sentence(answer: ThroughTime, row: int) -> str:
    """The token that this prediction has most of."""
    t, sizes = answer.places[row], answer.sizes[row]
    if not np.isfinite(sizes).all():
        return names.lost("this gradient", answer.step)
    some = sizes[: states_of_row(answer, row)]
    if not some.any():
        return "nothing is left of any token."
    most = int(some.argmax())
    word = shown_token(answer.tokens[most])
    back = f", {t - most:,} token{plural(t - most)} back" if t > most else ""
    where = back if answer.order == "written" else " of the source"
    return f"most of it comes from “{word}” at {most}{where}. Click a row above."
