"""Memory: what a prediction still has of the past, in recurrent networks and in Transformers."""

import streamlit as st

from explorer.ui import cards, frame
from explorer.ui.memory import finding, inside, race, through_time
from explorer.ui.sections import Sections
from explorer.ui.view import View

SECTIONS = Sections(
    "memory",
    {
        "Through time": through_time.show,
        "Inside the cells": inside.show,
        "Find a cell": finding.show,
        "Race": race.show,
    },
    {
        "Through time": ("logits", "states"),
        "Inside the cells": ("recurrent state",),
        "Find a cell": ("recurrent state",),
    },
)


def draw(view: View) -> None:
    """The section that is chosen."""
    title = SECTIONS.choose()
    if SECTIONS.has(title, view):
        SECTIONS.show(title, view)


def before() -> None:
    """The same before there is a run: a race can begin, and all else needs one."""
    title = SECTIONS.choose_before()
    with SECTIONS.place(title):
        if title == "Race":
            race.show(None)
        st.markdown("Watch a memory form in a run of your own. Pick something to learn:")
        cards.show(first=cards.RECURRENT)


frame.watch(
    "Memory",
    "What a prediction still has of the past, at its true size.",
    draw,
    alone=before,
    calm=lambda: SECTIONS.chosen() != "Race",
)
