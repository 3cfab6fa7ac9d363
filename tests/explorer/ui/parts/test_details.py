"""The one fold at the end of a section: closed at first, what is in it is not even drawn; opened, all of it stands."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

PAGE = """
import streamlit as st
from explorer.ui import picture
from explorer.ui.sections import Sections

def drawn(key):
    st.session_state.setdefault("drawn", []).append(key)
    st.markdown(key)
    picture.computed(f"about {key}", title=f"How {key} comes about")

def one():
    st.markdown("first screen")
    picture.details(lambda: drawn("more"))
    picture.computed("words", picture.making, title="How one is computed")

def bare():
    st.markdown("nothing else")

sections = Sections("attention", {"One": one, "Bare": bare})
with picture.detailed("Page"):
    sections.show(sections.choose())
"""


def test_what_is_more_than_a_screen_is_drawn_while_the_fold_is_open():
    app = AppTest.from_string(PAGE, default_timeout=60).run()
    assert not app.exception
    assert [fold.label for fold in app.expander] == ["Details"]
    assert "drawn" not in app.session_state
    app.session_state["details-Page-One"] = True
    app.run()
    said = [text.value for text in app.expander[0].markdown]
    assert said == ["more", "**How one is computed**", "words", "**How more comes about**", "about more"]
    assert "def making" in app.code[0].value


def test_a_section_with_nothing_more_has_no_fold_and_another_begins_closed():
    app = AppTest.from_string(PAGE, default_timeout=60).run()
    app.session_state["details-Page-One"] = True
    (row,) = app.segmented_control
    assert row.label == "Section"
    row.set_value("Bare").run()
    assert not app.expander
    assert not app.exception
