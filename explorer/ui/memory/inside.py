"""Inside the cells: states and gates of a layer, a row a cell and a column a token."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from explorer.answers.records.recurrence import Cells, Followed, OneCell
from explorer.measure import following, names
from explorer.measure import recurrence as measure
from explorer.measure.names import listed, number, of_a_cell, percent, plural
from explorer.ui import held, picture, visit
from explorer.ui.components.cell_arithmetic import cell_arithmetic
from explorer.ui.components.heat_map import Look, Side, heat_map, message
from explorer.ui.frame import cards
from explorer.ui.memory import layers, lost
from explorer.ui.memory.through_time import labels
from explorer.ui.parts import inputs
from explorer.ui.view import View

EVERY, SELDOM = 0.6, 2.0  # seconds between two pictures while it trains, and between two looks at what cells follow
MOST = 64  # cells that are drawn
NAMES = 3  # of what cells follow, in a sentence
KEEP, FOLLOW = "sorted by how long they keep", "sorted by what they follow"
FAR = 0.05  # of the largest number of a cell, more than bfloat16 takes from it by rounding
COMPUTED = r"""
What stands in the layer on this input, without dropout. LSTM (Hochreiter & Schmidhuber 1997; Gers et al. 2000):
$c_t = f_t \odot c_{t-1} + i_t \odot g_t$, $h_t = o_t \odot \tanh c_t$. GRU (Cho et al. 2014):
$h_t = (1 - z_t) \odot n_t + z_t \odot h_{t-1}$. RNN (Elman 1990): $h_t = \tanh(W x_t + U h_{t-1} + b)$. Gates lie in
$(0, 1)$. A cell keeps what it has for about $1 / (1 - \bar f)$ tokens, with $\bar f$ the mean of its keeping gate.

What a cell follows: of all that may hold at a token (which one it is, which answer is asked, whether a bracket or a
quote is open), what it is on for with the best F1 on half of 64 examples of the probe. It follows that if precision,
recall and the share of the other tokens at which it is off are 90 % or more on the other half.
"""
TALLEST = 380  # pixels of a map of cells: with what stands around it, it fits a screen


@dataclass
class Choice:
    """The cell that a visit looks at closer."""

    cell: int = -1


def show(view: View) -> None:
    """One value of all cells, sorted by how long they keep."""
    with inputs.row():
        given = inputs.choose(view, says=False)
        answer = view.picture(Cells, EVERY, layer=layers.choose(view), **given)
        if answer is None:
            return
        if lost.says(view, answer.values):
            return
        name = st.segmented_control(
            "Value",
            answer.names,
            default="cell" if "cell" in answer.names else "hidden",
            key=f"cells-value-{answer.kind}",
            bind="query-params",
            format_func=of_a_cell,
            required=True,
            label_visibility="collapsed",
        )
    with cards("cells", 1)[0]:
        follows = head(view, answer)
        shown = order(answer, follows)
        state = visit.kept(Choice, "cells")
        held.holds("looked-cell", state, "cell", held.whole, -1)
        if state.cell not in shown:
            state.cell = int(shown[0])

        def choose(row: int) -> None:
            state.cell = int(shown[min(row, len(shown) - 1)])

        heat_map(cells_message(answer, follows, name, state.cell), key=f"cells-{name}", on_row=choose)
        picture.look_for("cells", f"{sentence(answer, follows)} Click a row to see its arithmetic.")
    picture.details(lambda: arithmetic(view, answer, state.cell, given))
    picture.computed(COMPUTED, measure.memory_time, following.followed)


def arithmetic(view: View, cells_: Cells, cell: int, given: dict[str, Any]) -> None:
    """Every number of the chosen cell at a token, with its formula and the model's own value beside it."""
    last = len(cells_.tokens) - 1
    with cards("one-cell", 1)[0]:
        st.markdown(f"**Arithmetic of cell {cell}**")
        at = st.number_input("At token", 0, last, last, key=f"one-cell-at-{last}", bind="query-params", width=160)
        answer = view.picture(OneCell, EVERY, layer=cells_.layer, cell=cell, at=int(at), **given)
        if answer is None:
            return
        cell_arithmetic(answer, key="one-cell")
        picture.look_for("one-cell", agreement(answer))


def agreement(answer: OneCell) -> str:
    """How far the numbers worked out are from those of the model."""
    values = np.array([line.value for line in answer.lines])
    if not np.isfinite([*values, *answer.own]).all():
        return names.lost("this cell", answer.step)
    apart = float(np.abs(values - answer.own).max())
    proof = "exactly" if apart == 0 else f"within {number(apart, 2)}"
    if apart > FAR * max(1.0, float(np.abs(values).max())):
        return (
            f"worked out again in float64, these numbers are up to {number(apart, 2)} from the model’s own: its sums "
            "are so large that what it rounds decides."
        )
    return (
        "point at a number of 3: its sources are lit above, and the formula stands below with its numbers. "
        f"Worked out again in float64, each of the {len(answer.lines)} numbers of 3 is the model’s own {proof}."
    )


def head(view: View, answer: Cells) -> Followed | None:
    """The step, and by what the cells are sorted; what they follow, once that is known, if it is by that."""
    with st.container(horizontal=True, vertical_alignment="center", key="cells-head"):
        st.caption(f"on this input · step {answer.step:,}")
        by = st.selectbox(
            "Sorted by",
            [KEEP, FOLLOW],
            key="cells-by",
            bind="query-params",
            width=280,
            label_visibility="collapsed",
        )
    return view.picture(Followed, SELDOM, lane="slow", says=False, layer=answer.layer) if by == FOLLOW else None


def order(answer: Cells, follows: Followed | None = None) -> np.ndarray:
    """The cells as they are drawn: those that keep longest first, without a keeping gate those that change most.

    By what they follow: those that follow, the same things together, then the others, the nearest to it first.
    """
    if follows is not None:
        by = [(word or "\uffff", -least) for word, least in zip(followed(follows), follows.least, strict=True)]
        return np.array(sorted(range(len(by)), key=by.__getitem__)[:MOST])
    hidden = answer.values[answer.names.index("hidden")]
    keys = hidden.var(0) if answer.memory is None else answer.memory
    return np.argsort(-keys, kind="stable")[:MOST]


def followed(follows: Followed) -> list[str]:
    """What each cell follows, "" where the figures do not carry that it follows anything."""
    return [word if least >= following.NAMED else "" for word, least in zip(follows.what, follows.least, strict=True)]


def cells_message(answer: Cells, follows: Followed | None, name: str, cell: int) -> bytes:
    """The map of one value."""
    shown = order(answer, follows)
    words = [""] * answer.values.shape[2] if follows is None else followed(follows)
    values = answer.values[answer.names.index(name)].T[shown]  # (cells, T)
    gate = name.endswith("_gate")
    what = of_a_cell(name)
    if follows is not None:
        text = f"{what} of {len(shown)} cells, those that follow the same together"
    elif answer.memory is not None:
        text = f"{what} of {len(shown)} cells, those that keep longest first"
    else:
        text = f"{what} of {len(shown)} cells"
    look = Look(
        f"{what.capitalize()} · layer {answer.layer + 1} · step {answer.step:,}",
        text,
        "gate" if gate else "value",
        "probability" if gate else "signed",
        max(240, min(TALLEST, 70 + 9 * len(shown))),
        chosen=shown.tolist().index(cell),
    )
    rows = Side("cell", [f"{c} {words[c]}".strip() for c in shown.tolist()])
    return message(
        {what: values.astype(np.float32)},
        rows,
        Side("token", labels(answer.tokens)),
        look,
        visit.state().projector,
    )


def sentence(answer: Cells, follows: Followed | None = None) -> str:
    """How long the cells keep, or what they follow."""
    if not np.isfinite(answer.values).all():
        return names.lost("the state", answer.step)
    if follows is not None:
        return following_sentence(follows)
    if answer.memory is None or answer.keeps is None:
        return "there is no gate here: each state is squeezed through the same matrix and tanh at every token."
    longest, middle = float(answer.memory.max()), float(np.median(answer.memory))
    words = f"by its {of_a_cell(answer.keeps)}, one cell keeps what it has for {about(longest, len(answer.tokens))}"
    return f"{words}." if len(answer.memory) == 1 else f"{words}, and half of the cells for less than {number(middle)}."


def following_sentence(follows: Followed) -> str:
    """How many cells follow something, and what most often."""
    counts = Counter(word for word in followed(follows) if word)
    if not counts:
        return (
            f"no cell follows anything by itself: none has {percent(following.NAMED)} or more in precision, recall and "
            "quiet."
        )
    most = listed([f"{word} ({count})" for word, count in counts.most_common(NAMES)])
    return (
        f"cells that each follow something, on examples that did not choose it: {counts.total()} of "
        f"{len(follows.what)}. Most often: {most}."
    )


def about(tokens: float, shown: int) -> str:
    """How long a cell keeps; what is longer than the input is a guess from its gate, not seen here."""
    if tokens <= shown:
        return f"about {number(tokens)} tokens"
    if not np.isfinite(tokens):
        return f"longer than this input of {shown:,} token{plural(shown)} can show: its gate is at 1"
    return f"longer than this input of {shown:,} token{plural(shown)} can show (about {number(tokens, 2)})"
