"""Widgets whose value something else moves too: what a slow browser tells of the old one changes nothing."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest


def page() -> None:
    """A field, and a button that moves it."""
    import streamlit as st

    from explorer.ui import visit
    from explorer.ui.parts import steered

    class Held:
        place, most = 0, 9

    held = visit.kept(Held)
    st.button("move", on_click=lambda: setattr(held, "place", 5))
    st.button("shrink", on_click=lambda: setattr(held, "most", 3))
    st.text(repr(steered.number("Place", 0, held.most, held, "place")))


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_function(page, default_timeout=60).run()


def field_of(app: AppTest) -> tuple[str | None, str]:
    """The field's key, and the number that it gives."""
    assert not app.exception
    (field,) = app.number_input
    assert repr(int(field.value)) == app.text[0].value
    return field.key, app.text[0].value


def test_what_is_typed_is_held_in_the_same_field(app):
    app.number_input(key="place:0").set_value(7)
    assert field_of(app.run()) == ("place:0", "7")
    assert field_of(app.run()) == ("place:0", "7")


def test_a_value_that_something_else_moved_is_shown_by_a_field_of_its_own(app):
    app.number_input(key="place:0").set_value(7).run()
    app.button[0].click()
    assert field_of(app.run()) == ("place:1", "5")
    app.number_input(key="place:1").set_value(6)
    assert field_of(app.run()) == ("place:1", "6")


def test_a_message_that_left_before_the_move_was_heard_of_moves_nothing_back(app):
    app.number_input(key="place:0").set_value(7).run()
    late = app.number_input(key="place:0").set_value(7)
    stale = late._widget_state
    app.button[0].click().run()
    states = app._tree.get_widget_states()
    states.widgets.append(stale)
    assert field_of(app._run(states)) == ("place:1", "5")


def test_a_value_beyond_new_bounds_comes_to_their_edge(app):
    app.number_input(key="place:0").set_value(7).run()
    app.button[1].click()
    assert field_of(app.run())[1] == "3"
