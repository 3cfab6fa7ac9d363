"""A browser that comes back, its connection or the server lost, sends choices that its new visit does not know."""

from __future__ import annotations

from html import unescape

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests

from explorer.ui import foreign
from explorer.ui.locale import border, spoken


def sent(widget: str, value: str) -> RerunData:
    states = WidgetStates()
    states.widgets.add(id=widget, string_value=value)
    return RerunData(widget_states=states)


def arrives(widget: str, value: str) -> str:
    """What reads a choice in a new visit gets."""
    states = border.Crossing("zh").enters(sent(widget, value)).widget_states
    assert states is not None
    return states.widgets[0].string_value


def test_a_choice_is_english_as_another_visit_of_this_server_was_shown_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(border.OPTIONS, "$$ID-1-preset", {"反着写": "Reverse a sequence"})
    assert arrives("$$ID-1-preset", "反着写") == "Reverse a sequence"
    assert arrives("$$ID-1-preset", "没有的") == "没有的"


def test_a_choice_is_english_as_the_catalogue_has_it_where_no_visit_was_shown_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spoken, "backwards", lambda: {"反转": "Reverse"})
    assert arrives("$$ID-2-preset", "反转") == "Reverse"
    assert arrives("$$ID-2-prompt", "反转") == "反转"  # somebody typed it


def test_a_choice_that_interrupts_a_drawing_is_english_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that follows an interrupted one is begun within that one's `_run_script`."""
    border.install()
    monkeypatch.setitem(border.OPTIONS, "$$ID-1-preset", {"反着写": "Reverse a sequence"})
    runner = ScriptRunner.__new__(ScriptRunner)
    runner._session_id, runner._requests = "nobody", ScriptRequests()
    monkeypatch.setattr(ScriptRunner, "_wake_parallel_join_barrier_if_waiting", lambda self: None)
    assert runner.request_rerun(sent("$$ID-1-preset", "反着写"))
    waiting = runner._requests.on_scriptrunner_yield()
    assert waiting is not None
    assert waiting.rerun_data.widget_states.widgets[0].string_value == "Reverse a sequence"


def test_a_refusal_whose_marks_are_encoded_is_translated_whole() -> None:
    """The semicolon that ends `&#59;` ends no clause."""
    shown = unescape(spoken.text(foreign.sentence("there is no lesson nope; choose one of these"), "zh"))
    assert shown == "没有 nope 这一课；请从下列各课中选择"


def test_a_language_that_there_is_not_is_quoted_as_it_was_typed() -> None:
    assert border.in_english("lang=%E4%B8%AD%E6%96%87", {}) == "lang=%E4%B8%AD%E6%96%87"
