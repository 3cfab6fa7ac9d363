"""One training pair: where it stands, its scores, its loss, and how its step moves the vectors."""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st

from explorer.answers.records.pair import Pair
from explorer.measure.names import finite, fixed, lost, number, plural, signed
from explorer.ui import held, picture, visit
from explorer.ui.components.heat_map import Look, Side, heat_map, message
from explorer.ui.frame import cards
from explorer.ui.parts import steered
from explorer.ui.view import View

EVERY = 2.0
NOISE = r"""
Of each scored word, with $y = 1$ for the true one and $0$ for noise:

$$s = u \cdot v \qquad p = \sigma(s) = \frac{1}{1 + e^{-s}} \qquad \ell = -y \log p - (1 - y)\log(1 - p)$$

$$\frac{\partial \ell}{\partial s} = p - y \qquad \frac{\partial \ell}{\partial u} = (p - y)\,v$$

$$\frac{\partial \ell}{\partial v} = \sum_j (p_j - y_j)\,u_j$$

The loss of the step is the mean over all answers of the batch, so each gradient counts one part of their number. The
optimizer then turns the gradient of the whole batch into a step; a word that is in the batch several times is moved by
all of its examples at once, and Adam also by what it remembers. *Afterwards* is the score with both vectors as the step
left them: nothing is computed by hand, the step is the run's own.
"""
COUNTED = r"""
$$s = u \cdot v + b + c \qquad \ell = f(x)\,(s - \log x)^2 \qquad f(x) = \min\left(1, \frac{x}{x_{max}}\right)^\alpha$$

$$\frac{\partial \ell}{\partial s} = 2 f(x)\,(s - \log x)$$

$$\frac{\partial \ell}{\partial u} = \frac{\partial \ell}{\partial s}\,v$$

$$\frac{\partial \ell}{\partial v} = \frac{\partial \ell}{\partial s}\,u$$

The loss of the step is the mean over the pairs of the batch. *Afterwards* is the score with vectors and biases as the
run's own step left them.
"""


def show(view: View) -> None:
    """An example of the step that comes next, worked out."""
    with cards("pair", 1)[0]:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            last = view.config.train.batch * view.config.train.accumulate - 1
            held.holds("example", visit.state(), "example", held.whole, 0)
            row = steered.number("Example of the step", 0, last, visit.state(), "example", width=170)
            st.caption("Pause, or go back to a step, to look at one pair in peace.")
        pair = view.picture(Pair, EVERY, lane="slow", row=row)
        if pair is not None:
            worked_out(pair)
    picture.computed(COUNTED if view.about.answer == "pair" else NOISE)


def worked_out(pair: Pair) -> None:
    """The words, the numbers and the vectors of one example."""
    st.markdown(f"**Example {pair.row} of step {pair.taken:,}** · {pair.batch:,} in all")
    st.html(context(pair) + (table_of_counts(pair) if pair.kind == "glove" else table_of_noise(pair)))
    picture.look_for("pair", sentence(pair))
    picture.details(lambda: whole(pair))


def whole(pair: Pair) -> None:
    """The vectors number by number."""
    vectors(pair, visit.state().projector)
    picture.look_for("pair-vectors", moved(pair))


def context(pair: Pair) -> str:
    """The words around, with what is read and the true word marked. Every letter is escaped."""
    place = pair.place
    count = pair.scored[0].count
    if place is None:
        assert count is not None
        first, second = pair.read[0].word, pair.scored[0].word
        return (
            f'<p class="place">In the whole text <b class="read">{escape(first)}</b> and '
            f'<b class="true">{escape(second)}</b> stand near each other x = {number(count.x, 4)} times, each time '
            "counted as 1 / distance.</p>"
        )
    marked = []
    for i, word in enumerate(place.words):
        kind = "true" if i == place.true else "read" if i in place.read else ""
        marked.append(f'<b class="{kind}">{escape(word)}</b>' if kind else escape(word))
    what = (
        "the words around are read, their mean is scored"
        if pair.kind == "cbow"
        else f"the word read, and the true one {abs(place.distance)} away"
    )
    return f'<p class="place">… {" ".join(marked)} …<small>{what}; frequent words are thinned</small></p>'


HEADS = ("", "s = u · v", "p = σ(s)", "y", "loss", "p − y", "‖∂L/∂u‖", "s afterwards", "p afterwards")


def table_of_noise(pair: Pair) -> str:
    """A line for the true word and one for each noise word."""
    lines = []
    for row in pair.scored:
        noise = row.noise
        assert noise is not None
        true = noise.target == 1
        name = f'<b class="{"true" if true else "noise"}">{escape(row.word)}</b> {"true" if true else "noise"}'
        if not row.counts:
            lines.append(f'<tr><th>{name}</th><td colspan="8">is the true word itself: not asked for</td></tr>')
            continue
        later = 1 / (1 + np.exp(-row.score_after))
        cells = [
            signed(row.score, 4),
            fixed(noise.p, 4),
            f"{noise.target}",
            fixed(row.loss, 4),
            signed(row.pull, 4),
            number(row.gradient),
            signed(row.score_after, 4),
            fixed(later, 4),
        ]
        lines.append(f"<tr><th>{name}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    head = "".join(f"<th>{name}</th>" for name in HEADS)
    return f'<table class="pair"><thead><tr>{head}</tr></thead>{"".join(lines)}</table>'


def table_of_counts(pair: Pair) -> str:
    """The one pair, number by number."""
    row, count = pair.scored[0], pair.scored[0].count
    assert count is not None
    cells = {
        "u · v": signed(row.score, 4),
        "b": signed(count.bias, 4),
        "c": signed(count.context_bias, 4),
        "s": signed(count.total, 4),
        "log x": signed(count.log, 4),
        "f(x)": fixed(count.weight, 4),
        "loss": fixed(row.loss, 4),
        "∂ℓ/∂s": signed(row.pull, 4),
        "s afterwards": signed(row.score_after, 4),
    }
    head, body = "".join(f"<th>{name}</th>" for name in cells), "".join(f"<td>{cell}</td>" for cell in cells.values())
    return f'<table class="pair"><thead><tr>{head}</tr></thead><tr>{body}</tr></table>'


def vectors(pair: Pair, projector: bool) -> None:
    """Every vector of the pair number by number, before the step and how it changed."""
    read = "mean of the words around" if pair.kind == "cbow" else pair.read[0].word
    names = [f"v: {read}", *(f"u: {row.word}" for row in pair.scored)]
    columns = Side("dimension", [str(i) for i in range(pair.vectors.shape[1])])
    for key, values, title, what in (
        ("vectors", pair.vectors, f"The vectors before step {pair.taken:,}", "number by number"),
        ("moved", pair.moved, f"How step {pair.taken:,} moves them", "after − before"),
    ):
        look = Look(title, f"{title}: a row a vector, a column a dimension", "", "signed", 96 + 22 * len(names))
        heat_map(message({what: values}, Side("vector", names), columns, look, projector), key=f"words-{key}")


def sentence(pair: Pair) -> str:
    """What this pair says."""
    row = pair.scored[0]
    count, noise = row.count, row.noise
    if not finite(row.score, row.loss, row.pull, row.gradient, row.score_after):
        return lost("the score of this pair", pair.step)
    if count is not None:
        return (
            f"the model says e^s = {number(np.exp(count.total))} where the text has {number(count.x)}, so the score "
            f"is pulled {'up' if row.pull < 0 else 'down'}. A pair seen so often weighs f(x) = "
            f"{fixed(count.weight, 2)}."
        )
    assert noise is not None
    others = [other for other in pair.scored[1:] if other.counts]
    above = [other.word for other in others if other.score >= row.score]
    order = f"scores above all {len(others)} noise words" if not above else f"scores no higher than `{above[0]}`"
    why = "" if row.score_after > row.score else ": the rest of the batch pulls it the other way"
    return (
        f"`{row.word}` is the true word with p = {fixed(noise.p, 2)} and {order}. With this step its score "
        f"{'rises' if row.score_after > row.score else 'falls'} from {signed(row.score, 3)} to "
        f"{signed(row.score_after, 3)}{why}."
    )


def moved(pair: Pair) -> str:
    """Which vector the step moves most, and why its own gradient is not all."""
    lengths = np.linalg.norm(pair.moved, axis=1)
    sizes = np.linalg.norm(pair.vectors, axis=1)
    if not finite(lengths, sizes):
        return lost("the vectors", pair.step, plural=True)
    words = ["the vector read", *(f"`{row.word}`" for row in pair.scored)]
    most = int(lengths.argmax())
    times = pair.times if most == 0 else pair.scored[most - 1].times
    return (
        f"{words[most]} moves most, by {number(lengths[most], 2)} of a length of {number(sizes[most], 2)}. It is "
        f"{times} time{plural(times)} among the {pair.batch:,} pairs of this step, and the step follows all of them."
    )
