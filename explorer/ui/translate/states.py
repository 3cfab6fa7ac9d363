"""The decoder's state at a place of the answer, and the training examples that it is most like there."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.answers.records.translating.answer import NearestStates, Translation
from explorer.answers.records.translating.answer import Neighbour as Row
from explorer.measure.names import fixed
from explorer.ui import picture
from explorer.ui.frame import cards
from explorer.ui.parts.tables import table
from explorer.ui.parts.tokens import shown_token
from explorer.ui.translate import alignment, desk
from explorer.ui.view import View

COMPUTED = r"""
The state is the last that the decoder has before its logits: the residual stream after its last block, or the hidden
state of its last layer, where the token is chosen. It is compared by cosine with the states at every place of the
answers of 256 training examples, each after the right tokens. The nearest are found among all of them, in the space
itself and on no map.
"""


def show(view: View, given: dict[str, Any], corner: DeltaGenerator) -> None:
    """The answer, a place in it, and where in training the decoder is in such a state."""
    answer = view.picture(Translation, desk.EVERY, says=False, **given)
    if answer is None:
        picture.making(view.waiting)
        return
    held = desk.desk(view, given)
    desk.hold_place(held, answer)
    history = desk.rates(view, answer)
    place, head = held.place, ""
    if answer.heads:
        with corner:
            head = desk.choose_head(view, held, answer, history, label_visibility="collapsed")
    with cards("state", 1)[0]:
        title = f"Why “{shown_token(answer.tokens[place])}” at place {place + 1}? · step {answer.step:,}"
        alignment.draw(answer, head, title, "state-ribbons", held, place=place)
    with cards("nearest", 1)[0]:
        nearest = view.picture(NearestStates, 2 * desk.EVERY, lane="slow", place=place, **given)
        if nearest is None:
            return
        head_row = ("training example", "answer so far", "next", "then", "cosine")
        st.html(table(head_row, [row(one) for one in nearest.rows], style="scores words", foreign=range(4)))
        picture.look_for("nearest", sentence(nearest))
    picture.computed(COMPUTED)


def row(one: Row) -> list[str]:
    """One neighbour."""
    return [one.read, one.before, shown_token(one.token), one.after, fixed(one.cosine, 3)]


def sentence(nearest: NearestStates) -> str:
    """What the neighbours go on with."""
    return (
        f"of the {len(nearest.rows)} nearest states, among {nearest.compared:,} of {nearest.examples:,} training "
        f"examples, {nearest.votes} go on with “{shown_token(nearest.token)}” too. The mean cosine of all is "
        f"{fixed(nearest.typical, 2)}. Click another token of the answer."
    )
