"""Refusals: why something cannot be, said where it was asked for until the visitor's hand does something else.

A page is drawn anew several times a second, by timers and by itself. What is said in only one of these drawings is gone
before anybody has read it, so refusals are kept by place and every drawing shows them again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer.ui import foreign, visit

PAGE = "page"  # the place on top of every page
ICON = ":material/block:"


def keep(sentence: str, place: str = PAGE) -> None:
    """Keeps a refusal, to be shown at its place."""
    ctx = get_script_run_ctx()
    answers = ctx is not None and not ctx.has_script_started  # a callback's: of the action that this drawing answers
    refused = visit.state().refused
    refused[place] = [one for one in refused.get(place, []) if one[0] != sentence] + [(sentence, answers)]


def kept_at(place: str) -> list[str]:
    """What was refused at a place."""
    return [sentence for sentence, _ in visit.state().refused.get(place, [])]


def show(place: str = PAGE) -> None:
    """Shows what was refused at this place."""
    if place == PAGE:
        visit.state().refused_on_page = kept_at(PAGE)
    with st.container():  # there while it is empty too: what follows would be built anew, under the hand that presses
        for sentence in kept_at(place):
            say(sentence)


def say(sentence: str) -> None:
    """Shows a refusal that is found anew at every drawing, for as long as it holds."""
    st.error(foreign.sentence(sentence), icon=ICON)


@contextmanager
def at(place: str) -> Iterator[None]:
    """Keeps the ValueError that is raised within, and shows what was refused here."""
    try:
        yield
    except ValueError as error:
        keep(str(error), place)
    show(place)


def begin(page: str | None = None) -> None:
    """At the start of every drawing: forgets what was refused before the hand's last action.

    page: which page is drawn, where all of it is; another page than before is an action, too.
    """
    state = visit.state()
    moved = page is not None and state.page not in (None, page)
    if page is not None:
        state.page = page
    if by_hand() or moved:
        state.refused = {
            place: answered
            for place, refused in state.refused.items()
            if (answered := [(sentence, False) for sentence, answers in refused if answers])
        }


def tick() -> None:
    """The same at the start of a live part, which may be drawn alone: it has the page drawn whose top is behind."""
    ctx = get_script_run_ctx()
    if ctx is not None and ctx.fragment_ids_this_run:
        begin()
    if kept_at(PAGE) != visit.state().refused_on_page:
        draw_again()


def draw_again() -> None:
    """Draws the page anew without an action of the hand."""
    visit.state().drawn_again = True
    st.rerun()


def by_hand() -> bool:
    """True if this drawing answers an action: a widget's value differs from that of the drawing before.

    Streamlit does not tell timers from clicks, so its own record of the widgets is read.
    """
    ctx = get_script_run_ctx()
    state = visit.state()
    again, state.drawn_again = state.drawn_again, False
    if again or ctx is None:
        return False
    widgets = ctx.session_state._state
    return any(widgets._widget_changed(name) for name in widgets._new_widget_state)
