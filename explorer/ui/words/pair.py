"""One training pair: where it stands, its scores, its loss, and how its step moves the vectors."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import streamlit as st

from explorer.runs.answer import Answer
from explorer.ui import picture, steered
from explorer.ui.components.heat_map import Look, Side, heat_map, message
from explorer.ui.frame import cards
from explorer.ui.view import View

EVERY = 2.0
NOISE = r"""
Of each scored word, with $y = 1$ for the true one and $0$ for noise:

$$s = u \cdot v \qquad p = \sigma(s) = \frac{1}{1 + e^{-s}} \qquad \ell = -y \log p - (1 - y)\log(1 - p)$$

$$\frac{\partial \ell}{\partial s} = p - y \qquad \frac{\partial \ell}{\partial u} = (p - y)\,v \qquad
\frac{\partial \ell}{\partial v} = \sum_j (p_j - y_j)\,u_j$$

The loss of the step is the mean over all answers of the batch, so each gradient counts one part of their number. The
optimizer then turns the gradient of the whole batch into a step; a word that is in the batch several times is moved by
all of its examples at once, and Adam also by what it remembers. *Afterwards* is the score with both vectors as the step
left them: nothing is computed by hand, the step is the run's own.
"""
COUNTED = r"""
$$s = u \cdot v + b + c \qquad \ell = f(x)\,(s - \log x)^2 \qquad f(x) = \min\left(1, \frac{x}{x_{max}}\right)^\alpha$$

$$\frac{\partial \ell}{\partial s} = 2 f(x)\,(s - \log x) \qquad \frac{\partial \ell}{\partial u} =
\frac{\partial \ell}{\partial s}\,v \qquad \frac{\partial \ell}{\partial v} = \frac{\partial \ell}{\partial s}\,u$$

The loss of the step is the mean over the pairs of the batch. *Afterwards* is the score with vectors and biases as the
run's own step left them.
"""


def show(view: View) -> None:
    """An example of the batch that comes next, worked out."""
    with cards("pair", 1)[0]:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            last = view.config.train.batch - 1
            st.session_state.setdefault("words-example", 0)
            row = steered.number("Example of the batch", 0, last, "words-example", width=170)
            st.caption("Pause, or go back to a step, to look at one pair in peace.")
        answer = view.picture("pair.pair", EVERY, lane="slow", row=row)
        if answer is not None:
            worked_out(answer)
    picture.computed(COUNTED if view.config.model.kind == "glove" else NOISE)


def worked_out(answer: Answer) -> None:
    """The words, the numbers and the vectors of one example."""
    plain = answer[0]
    st.markdown(f"**Example {plain['row']} of the batch of step {plain['taken']:,}** · {plain['batch']:,} in all")
    st.html(context(plain) + (table_of_counts(plain) if plain["kind"] == "glove" else table_of_noise(plain)))
    picture.look_for("pair", sentence(plain))
    vectors(answer, bool(st.session_state.get("projector")))
    picture.look_for("pair-vectors", moved(answer))


def context(plain: dict[str, Any]) -> str:
    """The words around, with what is read and the true word marked. Every letter is escaped."""
    place = plain["around"]
    if place is None:
        first, second = plain["read"][0]["word"], plain["scored"][0]["word"]
        x = plain["scored"][0]["x"]
        return (
            f'<p class="place">In the whole text <b class="read">{escape(first)}</b> and '
            f'<b class="true">{escape(second)}</b> stand near each other x = {x:.4g} times, each time counted as '
            "1 / distance.</p>"
        )
    marked = []
    for i, word in enumerate(place["words"]):
        kind = "true" if i == place["true"] else "read" if i in place["read"] else ""
        marked.append(f'<b class="{kind}">{escape(word)}</b>' if kind else escape(word))
    what = (
        "the words around are read, their mean is scored"
        if plain["kind"] == "cbow"
        else f"the word read, and the true one {abs(place['distance'])} away"
    )
    return f'<p class="place">… {" ".join(marked)} …<small>{what}; frequent words are thinned</small></p>'


HEADS = ("", "s = u · v", "p = σ(s)", "y", "loss", "p − y", "‖∂L/∂u‖", "s afterwards", "p afterwards")


def table_of_noise(plain: dict[str, Any]) -> str:
    """A line for the true word and one for each noise word."""
    lines = []
    for row in plain["scored"]:
        true = row["target"] == 1
        name = f'<b class="{"true" if true else "noise"}">{escape(row["word"])}</b> {"true" if true else "noise"}'
        if not row["asked"]:
            lines.append(f'<tr><th>{name}</th><td colspan="8">is the true word itself: not asked for</td></tr>')
            continue
        later = 1 / (1 + np.exp(-row["then"]))
        cells = [
            f"{row['score']:+.4f}",
            f"{row['p']:.4f}",
            f"{row['target']}",
            f"{row['loss']:.4f}",
            f"{row['pull']:+.4f}",
            f"{row['pulled']:.2e}",
            f"{row['then']:+.4f}",
            f"{later:.4f}",
        ]
        lines.append(f"<tr><th>{name}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    head = "".join(f"<th>{name}</th>" for name in HEADS)
    return f'<table class="pair"><thead><tr>{head}</tr></thead>{"".join(lines)}</table>'


def table_of_counts(plain: dict[str, Any]) -> str:
    """The one pair, number by number."""
    row = plain["scored"][0]
    cells = {
        "u · v": f"{row['score']:+.4f}",
        "b": f"{row['bias']:+.4f}",
        "c": f"{row['other']:+.4f}",
        "s": f"{row['said']:+.4f}",
        "log x": f"{row['log']:+.4f}",
        "f(x)": f"{row['weight']:.4f}",
        "loss": f"{row['loss']:.4f}",
        "∂ℓ/∂s": f"{row['pull']:+.4f}",
        "s afterwards": f"{row['then']:+.4f}",
    }
    head, body = "".join(f"<th>{name}</th>" for name in cells), "".join(f"<td>{cell}</td>" for cell in cells.values())
    return f'<table class="pair"><thead><tr>{head}</tr></thead><tr>{body}</tr></table>'


def vectors(answer: Answer, projector: bool) -> None:
    """Every vector of the pair number by number, before the step and how it changed."""
    plain, arrays = answer
    read = "mean of the words around" if plain["kind"] == "cbow" else plain["read"][0]["word"]
    names = [f"v: {read}", *(f"u: {row['word']}" for row in plain["scored"])]
    columns = Side("dimension", [str(i) for i in range(arrays["vectors"].shape[1])])
    for key, values, title, what in (
        ("vectors", arrays["vectors"], f"The vectors before step {plain['taken']:,}", "number by number"),
        ("moved", arrays["moved"], f"How step {plain['taken']:,} moves them", "after − before"),
    ):
        look = Look(title, f"{title}: a row a vector, a column a dimension", "", "signed", 96 + 22 * len(names))
        heat_map(message({what: values}, Side("vector", names), columns, look, projector), key=f"words-{key}")


def sentence(plain: dict[str, Any]) -> str:
    """What this pair says."""
    row = plain["scored"][0]
    if plain["kind"] == "glove":
        way = "up" if row["pull"] < 0 else "down"
        return (
            f"the model says e^s = {np.exp(row['said']):.3g} where the text has {row['x']:.3g}, so the score is pulled "
            f"{way}; a pair seen {row['x']:.3g} times weighs f(x) = {row['weight']:.2f}."
        )
    noise = [other for other in plain["scored"][1:] if other["asked"]]
    above = [other["word"] for other in noise if other["score"] >= row["score"]]
    order = f"scores above all {len(noise)} noise words" if not above else f"scores no higher than `{above[0]}`"
    closer = "rises" if row["then"] > row["score"] else "falls"
    why = "" if row["then"] > row["score"] else ": the rest of the batch pulls it the other way"
    return (
        f"`{row['word']}` is the true word with p = {row['p']:.2f} and {order}; with this step its score {closer} "
        f"from {row['score']:+.3f} to {row['then']:+.3f}{why}."
    )


def moved(answer: Answer) -> str:
    """Which vector the step moves most, and why its own gradient is not all."""
    plain, arrays = answer
    lengths = np.linalg.norm(arrays["moved"], axis=1)
    sizes = np.linalg.norm(arrays["vectors"], axis=1)
    words = ["the vector read", *(f"`{row['word']}`" for row in plain["scored"])]
    most = int(lengths.argmax())
    times = plain["times"] if most == 0 else plain["scored"][most - 1]["times"]
    return (
        f"{words[most]} moves most, by {lengths[most]:.2g} of a length of {sizes[most]:.2g}; it is {times} times in "
        f"this batch of {plain['batch']:,}, and the step follows all of them."
    )
