"""Language: the one in which this visit reads, as the address says, else the browser's, and the switch for it."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer.lessons.lesson import LANGUAGES
from explorer.ui import foreign, refusals, server, visit
from explorer.ui.chosen import LANGUAGE as NAME
from explorer.ui.locale import border

FIRST = next(iter(LANGUAGES))
SWITCH = "language-switch"


def usual() -> str:
    """The browser's, where the explorer has it."""
    spoken = (st.context.locale or FIRST).lower()
    return next((code for code in LANGUAGES if spoken == code or spoken.startswith(f"{code}-")), FIRST)


def current() -> str:
    """This visit's."""
    return visit.state().language or usual()


def follow_address() -> None:
    """At the start of every drawing: takes what the address asks for, and writes what differs from the browser's."""
    state, ctx = visit.state(), get_script_run_ctx()
    wanted = st.query_params.get(NAME)
    if not state.begun or (ctx is not None and ctx.is_history_navigation):  # later the browser may say an older one
        if wanted in LANGUAGES:
            state.language = wanted
        elif wanted is not None:
            refusals.keep(f"lang={wanted[:20]} is no language of this dashboard; use {' or '.join(LANGUAGES)}")
    write_address()
    if ctx is not None:
        border.stand(current(), ctx.session_id, server.session().id)  # the feed knows a visit by the latter


def write_address() -> None:
    """The address has the language, unless the browser asks for it by itself."""
    wanted = None if current() == usual() else current()
    if wanted is None:
        st.query_params.pop(NAME, None)
    elif st.query_params.get(NAME) != wanted:
        st.query_params[NAME] = wanted


def switch() -> None:
    """Draws the choice of a language."""
    if st.session_state.get(SWITCH, current()) != current():  # by the address
        st.session_state[SWITCH] = current()
    st.segmented_control(
        "Language",
        list(LANGUAGES),
        format_func=lambda code: f"{foreign.WORD_JOINER}{LANGUAGES[code]}",  # each in its own language
        default=current(),
        key=SWITCH,
        on_change=choose,
        required=True,
        label_visibility="collapsed",
    )


def choose() -> None:
    """Takes over the language that was chosen; the pages are drawn in it at once."""
    visit.state().language = st.session_state[SWITCH]
    write_address()
