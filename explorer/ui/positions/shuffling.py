"""Shuffle: the tokens stay, their positions change places, in a copy of the model."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from explorer.answers.records.reach import Shuffle
from explorer.charts import positions as charts
from explorer.charts import theme
from explorer.config.encodings import ENCODINGS
from explorer.measure.chance import above_chance
from explorer.measure.names import head_name, number, percent
from explorer.ui import held, picture, visit
from explorer.ui.components.heat_map import Look, Side, message
from explorer.ui.frame import cards
from explorer.ui.parts.tables import UNTRANSLATED
from explorer.ui.positions.common import heat
from explorer.ui.view import View

EVERY, PATIENCE = 2.0, 1.5  # seconds between two; and that another head is waited for, so that the cards stand still
KEYS = "Queries are rows, keys are columns"
SHARES = {"two of them": 0.0, "a quarter": 0.25, "half": 0.5, "all": 1.0}
SEEN = 0.005  # share of right answers: a smaller difference is not called one
BEFORE, AFTER = theme.CATEGORICAL[0], theme.CATEGORICAL[1]
COMPUTED = (
    "In a copy of the model position $t$ counts as position $\\pi(t)$: the rows of a table, the turns of rotary or "
    "rows and columns of ALiBi’s bias change places; tokens, targets and causal mask stay. The chosen positions go "
    "round in a ring of random order, so each of them moves. **Right** and **loss** are measured on the probe and 15 "
    "more examples like it, with and without. **Moved** is the share of its attention that a head put elsewhere on the "
    "first example, ½ Σ |after − before| on average over queries. Training is not touched, nor told."
)


def show(view: View | None) -> None:
    """The button, what became of the answers, and where a head looks now."""
    if view is None:
        st.info(
            "Positions are shuffled in a model that has learned something: there is none yet.", icon=":material/info:"
        )
        return
    seed = controls(view)
    share = SHARES[st.session_state.get("shuffle-share") or "all"]
    held.holds("shuffled-head", visit.state(), "shuffled_head")
    head = visit.state().shuffled_head
    answer = view.picture(Shuffle, EVERY, patience=PATIENCE, share=share, seed=max(seed, 0), head=head)
    if answer is None:
        return
    results(answer, shuffled=seed > 0)
    left, right = cards("shuffle-pictures", 1.3, 1)
    with left:
        attention(view.run.id, answer, shuffled=seed > 0)
    with right:
        data = charts.frame(by_position(answer, shuffled=seed > 0))
        picture.show(charts.by_position, data, "shuffle-by-position", holds=charts.ends(data))
    picture.details(lambda: st.html(sample(answer, shuffled=seed > 0)))
    picture.computed(COMPUTED, title="How positions are shuffled")


@dataclass
class Order:
    """The order of a run's positions by its number, and whether it is in force."""

    HANDED_ON = True  # to a branch

    number: int = 0
    on: bool = False

    @property
    def turn(self) -> int:
        """The number of the order in force, 0 while nothing is shuffled."""
        return self.number if self.on else 0

    @turn.setter
    def turn(self, number: int) -> None:
        self.number, self.on = number, number > 0


def controls(view: View) -> int:
    """The button; gives the number of the order in force, 0 while nothing is shuffled."""
    order = visit.kept(Order, view.run.id)
    held.holds("shuffled", order, "turn", held.whole, 0)

    def again() -> None:
        order.number += 1
        order.on = True

    def back() -> None:
        order.on = False

    on = order.on
    with st.container(horizontal=True, vertical_alignment="bottom", key="shuffle-controls"):
        st.segmented_control(
            "Positions that change places",
            list(SHARES),
            default="all",
            key="shuffle-share",
            required=True,
            bind="query-params",
        )
        words = "Shuffle again" if on else "Shuffle positions"
        st.button(words, key="shuffle", type="primary", icon=":material/shuffle:", on_click=again)
        st.button("Put them back", key="unshuffle", icon=":material/undo:", on_click=back, disabled=not on)
    return order.number if on else 0


def results(answer: Shuffle, shuffled: bool) -> None:
    """Loss and right answers, before and after."""
    (loss, after), (right, still) = answer.loss, answer.right
    numbers = {
        "positions": ENCODINGS[answer.positions].spoken,
        "right as trained": percent(right, 1),
        "right, shuffled": percent(still, 1) if shuffled else "–",
        "loss as trained": number(loss),
        "loss, shuffled": number(after) if shuffled else "–",
        "chance": percent(answer.chance, 1),
    }
    with cards("shuffle", 1)[0]:
        picture.figures(numbers)
        picture.look_for("shuffle", sentence(answer) if shuffled else untouched(answer))


def untouched(answer: Shuffle) -> str:
    """Before the button is pressed."""
    return (
        f"at step {answer.step:,} this model is right in {percent(answer.right[0], 1)} of all answers to "
        f"{answer.examples:,} examples. What remains of that when its positions change places?"
    )


def sentence(answer: Shuffle) -> str:
    """What the shuffle did to the answers and which head minds most."""
    (loss, after), (right, still) = answer.loss, answer.right
    where = f"of {len(answer.order)} positions {sum(i != at for i, at in enumerate(answer.order))} changed places"
    if not np.isfinite([loss, after]).all():
        return f"{where}; the loss is not finite here."
    if ENCODINGS[answer.positions].acts == "nothing":
        return f"{where} and nothing changed, to the last bit: this model is told nothing of positions."
    moved = answer.moved
    most = int(np.argmax(moved))
    minds = f"{head_name(answer.heads[most])} put {percent(moved[most])} of its attention elsewhere"
    if right - still < SEEN:
        how = (
            f"right answers went from {percent(right, 1)} to {percent(still, 1)}: what it has learned so far does not "
            "hang on order"
        )
    elif not above_chance(right, answer.chance, answer.answers):
        how = (
            f"right answers went from {percent(right, 1)} to {percent(still, 1)}: there was nothing above chance to "
            "lose"
        )
    else:
        lost = (right - still) / (right - answer.chance)
        how = (
            f"right answers fell from {percent(right, 1)} to {percent(still, 1)}, {percent(min(1, lost))} of what lay "
            "above chance"
        )
    return f"{where}; {how}; {minds}, the most of all."


def attention(run: str, answer: Shuffle, shuffled: bool) -> None:
    """The chosen head on the first example, as trained and with positions shuffled."""
    heads = answer.heads
    at = heads.index(answer.head)
    key = f"shuffle-head-{len(heads)}"

    def keep() -> None:
        visit.state().shuffled_head = st.session_state[key]

    labels = {head: f"{head_name(head)} · moved {percent(m)}" for head, m in zip(heads, answer.moved, strict=True)}
    if not shuffled:
        labels = {head: head_name(head) for head in heads}
    st.selectbox("Head", heads, at, format_func=labels.__getitem__, key=key, on_change=keep)

    def drawing() -> bytes:
        tokens = answer.source if answer.head.startswith("encoder.") and answer.source else answer.tokens
        panels = {"as trained": answer.before}
        if shuffled:
            panels["positions shuffled"] = answer.after
        words = [f"{i} {token}" for i, token in enumerate(tokens)]
        title, text = f"Attention of {head_name(answer.head)} · step {answer.step:,}", KEYS
        look = Look(title, text, "attention", "probability", 220, square=True, least=180)
        return message(panels, Side("query", words), Side("key", words), look, visit.state().projector)

    heat(drawing, "shuffle-attention", (run, answer.step, answer.seed, answer.share, shuffled, answer.head, len(heads)))


def by_position(answer: Shuffle, shuffled: bool) -> list[list[dict[str, Any]]]:
    """Right answers at each position, before and after."""
    x = np.arange(len(answer.right_before), dtype=float)
    kinds = ("line", "dot")
    lines = [charts.line(x, answer.right_before, "as trained", BEFORE, kind=kind) for kind in kinds]
    if shuffled:
        lines += [charts.line(x, answer.right_after, "shuffled", AFTER, kind=kind) for kind in kinds]
    return lines


def sample(answer: Shuffle, shuffled: bool) -> str:
    """The first example, position by position: what is read, asked and said. Tokens are a visitor's and escaped."""
    targets, length = answer.targets, len(answer.tokens)
    rows = [row("position", [str(i) for i in range(length)])]
    if shuffled:
        rows.append(row("counts as", [str(i) for i in answer.order]))
    rows += [
        row("what is read", answer.tokens),
        row("what is asked", targets),
        row("said as trained", answer.output, targets),
    ]
    if shuffled:
        rows.append(row("said, shuffled", answer.output_after, targets))
    return f'<div class="wide"><table class="scores samples">{"".join(rows)}</table></div>'


def row(name: str, words: list[str], targets: list[str] | None = None) -> str:
    """One row of tokens; beside a target each is marked right or wrong."""
    cells = []
    for i, word in enumerate(words):
        mark = "" if targets is None or not word else "right" if word == targets[i] else "wrong"
        cells.append(
            f'<td><b class="{mark}">{escape(word)}</b></td>' if mark else f"<td{UNTRANSLATED}>{escape(word)}</td>"
        )
    return f"<tr><th>{name}</th>{''.join(cells)}</tr>"
