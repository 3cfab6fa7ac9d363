"""Backpropagation step by step, through the model of this run on an input of the visitor's choice."""

from __future__ import annotations

from typing import Any

import streamlit as st

from explorer.answers.records.backward import Backpropagation, Operation
from explorer.measure.names import fixed, number
from explorer.ui import held, picture, visit
from explorer.ui.components.backward import backward
from explorer.ui.frame import cards
from explorer.ui.parts import inputs
from explorer.ui.parts.tokens import shown_token
from explorer.ui.view import View
from explorer.ui.visit import Last

EVERY = 1.5  # seconds
HEIGHT, ENLARGED = 480, 385  # pixels of the diagram; and where a lecture hall enlarges it
ALL = -1  # in the list of positions: the loss of all of them flows back
FORMULAS = (
    "One forward pass on this input gives every box its value $y$. The chain rule then goes back: a box gets "
    r"$\partial L/\partial y$ from whoever read it (the sum, if several did) and hands on "
    r"$\partial L/\partial x = (\partial y/\partial x)^\top\, \partial L/\partial y$ to what it read "
    r"(Rumelhart, Hinton & Williams 1986). It begins with $\partial L/\partial \text{logits} = (p - "
    r"\text{onehot}(y))/n$. Gradients are the model’s own, by autograd; each rule is worked out once more in float64 "
    "from the formulas on screen, for every entry, and how far the two differ is said in the opened box. "
    r"$\lVert\cdot\rVert$ is over the whole box, at true magnitude."
)


def show(view: View) -> None:
    """The diagram, above it which input and whose loss."""
    with inputs.row():
        given = inputs.choose(view, says=False)
        answer = chosen_walk(view, given)
    with cards("backward", 1)[0]:
        if answer is None:
            picture.making(view.waiting)
            return
        words = {"tokens": answer.tokens, "targets": answer.targets, "source": answer.source or []}
        tokens = {name: [shown_token(token) for token in each] for name, each in words.items()}
        height = ENLARGED if visit.state().projector else HEIGHT
        backward(answer, key="backward", tokens=tokens, height=height)
        picture.look_for("backward", sentence(answer))
    picture.computed(FORMULAS, title="How backpropagation is computed")


def chosen_walk(view: View, given: dict[str, Any]) -> Backpropagation | None:
    """The walk for the chosen target, and the list to choose it from; meanwhile the walk before."""
    key = f"backward-target {view.run.id} {sorted(given.items())}"
    held.holds("flows-back", st.session_state, key, held.whole, ALL)
    target = st.session_state.get(key, ALL)
    only = None if target == ALL else target
    answer = view.picture(Backpropagation, EVERY, lane="slow", says=False, target=only, **given)
    last: Last[Backpropagation] = visit.kept(Last, "backward", view.run.id)
    answer = last.shown = answer or last.shown
    if answer is None:
        return None
    words = {t: f"{t}: “{shown_token(answer.targets[t])}”" for t in answer.positions}
    st.selectbox(
        "Loss that flows back",
        [ALL, *words],
        format_func=lambda t: f"mean over {len(words):,} tokens" if t == ALL else f"only position {words[t]}",
        key=key,
        label_visibility="collapsed",
        width=220,
    )
    loss = float("nan") if answer.loss is None else answer.loss
    st.caption(f"flows back · step {answer.step:,} · loss {fixed(loss, 4)} nats", width="content")
    return answer


def sentence(answer: Backpropagation) -> str:
    """Where the gradient begins, and how much of it comes back to the embedding."""
    norms = {box.id: box.norm for box in answer.boxes}
    right = answer.tail.rows[0]
    start, end = norms["logits"], norms["token_embedding" if "token_embedding" in norms else "decoder.token_embedding"]
    if right.p is None or right.gradient is None or not start or end is None:
        return "numbers are no longer finite here, so no gradient can flow."
    words = (
        f"“{shown_token(right.token)}” at position {answer.tail.position} has p = {fixed(right.p, 3)}, so its logit "
        f"is pulled up. The gradient at the token embedding is {number(end / start, 2)} times that at the logits."
    )
    forks = [fork for box in answer.boxes if (fork := skip_path(box, answer)) is not None]
    if not forks:
        return words
    around, _ = max(forks, key=lambda fork: fork[1])
    return f"{words} The skip path counts most around {sublayer(around)}."


def skip_path(box: Operation, answer: Backpropagation) -> tuple[str, float] | None:
    """The sublayer that a skip path back to this junction goes around, and its part of the norms that meet here.

    None where no gradient, or none but that of one path, comes back by a skip path.
    """
    arrivals = [] if box.sources is None else box.sources.parts
    adds = {other.id: other.row for other in answer.boxes if other.kind == "add"}
    row, norm = next(((adds[id], norm) for id, norm, _ in arrivals if id in adds), ("", None))
    if len(arrivals) < 2 or not norm:
        return None
    return row, norm / sum(size or 0.0 for _, size, _ in arrivals)


def sublayer(row: str) -> str:
    """The sublayer of this row in words."""
    place, _, part = row.rpartition(".")
    stack = f"the {place.partition('.')[0]}’s " if not place.startswith("blocks") else ""
    part = {"attention": "attention", "cross": "cross-attention", "mlp": "MLP"}[part]
    return f"{stack}{part} {int(place.rpartition('.')[2]) + 1}"
