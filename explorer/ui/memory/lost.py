"""Lost: since which step a run holds NaN or infinity, and the way back to where there is something to see."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.answers.records.recurrence import Finiteness
from explorer.measure.names import finite
from explorer.ui import picture, visit
from explorer.ui.frame import cards
from explorer.ui.view import View


def says(view: View, *values: np.ndarray) -> bool:
    """Whether the picture of these values has to give way, since the model is lost; then this stands in its place."""
    if finite(*values):
        return False
    answer = view.picture(Finiteness, lane="slow", says=False)
    if answer is None:
        picture.making(view.waiting)
        return True
    if answer.since is None:
        return False  # the model is whole: something in this picture alone is too large
    with cards("lost", 1)[0]:
        picture.look_for("lost", sentence(answer))
        if answer.well is not None:
            st.button(
                f"Look at step {answer.well:,}",
                key="lost-back",
                icon=":material/undo:",
                on_click=go,
                args=(answer.well,),
            )
    return True


def go(step: int) -> None:
    """Moves the scrubber."""
    visit.state().step = step


def sentence(answer: Finiteness) -> str:
    """What is not finite, and since when."""
    assert answer.since is not None
    since = f"since step {answer.since:,}" if answer.since else "from the start"
    words = (
        f"the weights are not finite {since}: they hold NaN or infinity, and so does all that is computed with them."
        if not answer.weights
        else f"{since} the weights are finite and what the model computes with them is not: it is too large for its "
        "numbers."
    )
    return words if answer.well is None else f"{words} Step {answer.well:,} is the last that is well."
