"""A press is answered: by a drawing that gives way to another as well, and nothing the page sends takes it back."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path
from types import SimpleNamespace

import every_page
import pytest
from here import Here
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner_utils.exceptions import RerunException
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded
from visits import visit_of

from explorer.processes.client import Request
from explorer.runs import catalogue
from explorer.ui import pressing, server

ROOT = Path(__file__).parents[3]
BUTTONS = ("button", "form_submit_button")


def page():
    import streamlit as st

    from explorer.ui import pressing, refusals, visit

    st.session_state.setdefault("begun", 0)
    if visit.state().draws_all():
        refusals.draw_again()  # before it has come to the button
    if pressing.pressed(st.button, "Begin", "begin"):
        st.session_state["begun"] += 1
    if st.toggle("leads elsewhere"):
        st.stop()
    if st.toggle("there", True):
        pressing.pressed(st.button, "Too", "too")
    pressing.forget()


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_function(page).run(timeout=30)


@pytest.mark.parametrize("gives_way", [False, True])
def test_a_press_is_answered_once_also_where_its_drawing_gives_way_to_another(app, gives_way):
    for times in (1, 2):
        visit_of(app).rerun = gives_way
        app.button(key="begin").click().run()
        assert app.session_state["begun"] == times
        assert app.run().session_state["begun"] == times


def test_a_press_whose_button_is_gone_is_not_answered_when_it_comes_back(app):
    visit_of(app).presses.add("begin")
    app.toggle[0].set_value(True)
    visit_of(app).presses.add("too")
    app.toggle[1].set_value(False).run()
    assert visit_of(app).presses == {"too"}, "the page was not drawn to its end"
    app.toggle[0].set_value(False).run()
    assert not visit_of(app).presses


def interrupted():
    import streamlit as st
    from streamlit.runtime.scriptrunner import get_script_run_ctx
    from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

    def chosen() -> None:
        """While it runs, a newer press comes."""
        runner = get_script_run_ctx()._enqueue.__self__
        runner.request_rerun(RerunData(widget_states=st.session_state["newer"]))
        st.session_state["begun"].append(st.session_state["preset"])

    st.session_state.setdefault("begun", [])
    st.session_state.setdefault("drawn", 0)
    st.session_state["drawn"] += 1
    st.selectbox("Preset", ["reverse", "sort"], key="preset", on_change=chosen)
    st.toggle("newer press", key="pressed")


def test_what_a_press_asks_for_is_done_to_its_end_whatever_is_pressed_meanwhile():
    pressing.install()
    app = AppTest.from_function(interrupted).run(timeout=30)
    later = app.selectbox(key="preset").set_value("sort")
    app.toggle(key="pressed").set_value(True)
    states = app._tree.get_widget_states()
    app.session_state["newer"] = states
    app.toggle(key="pressed").set_value(False)
    later.run(timeout=30)
    assert app.session_state["begun"] == ["sort"]
    assert app.toggle(key="pressed").value, "the newer press was not heard"


def requests_of(*waiting: RerunData) -> RerunData:
    """What is drawn when these requests wait for the same runner."""
    pressing.install()
    requests = ScriptRequests()
    for one in waiting:
        assert requests.request_rerun(one)
    return requests.on_scriptrunner_ready().rerun_data


def button(key: str) -> WidgetStates:
    states = WidgetStates()
    states.widgets.add(id=key).trigger_value = True
    return states


LEAVING = RerunData(page_script_hash="attention", query_string="run=a", widget_states=button("go"))


@pytest.mark.parametrize("ticks", [True, False])
def test_a_part_that_waits_beside_a_press_that_leaves_its_page_does_not_lead_back(ticks):
    part = RerunData(page_script_hash="train", query_string="run=b", fragment_id="live", is_auto_rerun=ticks)
    drawn = requests_of(LEAVING, part)
    assert (drawn.page_script_hash, drawn.query_string, drawn.fragment_id_queue) == ("attention", "run=a", [])
    assert [state.id for state in drawn.widget_states.widgets] == ["go"]


def test_presses_that_wait_together_are_both_heard():
    part = RerunData(page_script_hash="train", fragment_id="live", widget_states=button("first"))
    tick = RerunData(page_script_hash="train", fragment_id="live", is_auto_rerun=True)
    whole = RerunData(page_script_hash="train", widget_states=button("second"))
    assert requests_of(part, tick).fragment_id_queue == ["live"]
    for one, other in ((part, whole), (whole, part)):
        assert {state.id for state in requests_of(one, other).widget_states.widgets} == {"first", "second"}


def test_a_request_that_waited_while_its_page_was_left_changes_no_page():
    waited = RerunData(page_script_hash="train", fragment_id_queue=["live"])
    assert pressing.of_page(waited, "attention").page_script_hash == "attention"
    assert pressing.of_page(waited, "train") is waited
    assert pressing.of_page(LEAVING, "train") is LEAVING


@pytest.mark.parametrize(
    ("part", "page", "ticks", "expected"),
    [
        ("there", "train", True, "there"),
        ("there", "train", False, "there"),
        ("gone", "train", True, "gone"),  # Streamlit leaves it out
        ("gone", "train", False, ""),  # a press: all of the page is drawn
        ("gone", "attention", False, None),
        ("there", "attention", True, None),
        ("", "attention", False, ""),
    ],
)
def test_a_press_in_a_part_that_is_gone_is_answered_by_the_whole_page(part, page, ticks, expected):
    there = SimpleNamespace(current_page_script_hash="train")
    session = SimpleNamespace(_pages_manager=there, has_fragment=lambda name: name == "there")
    state = ClientState(fragment_id=part, page_script_hash=page, is_auto_rerun=ticks)
    assert pressing.heard(session, state) == (expected is not None)
    assert expected is None or state.fragment_id == expected


def test_a_tick_presses_nothing():
    """The browser sends a press that it has not sent yet with a tick, too, and then alone."""
    session = SimpleNamespace(_pages_manager=SimpleNamespace(current_page_script_hash="train"), has_fragment=bool)
    for ticks, expected in ((True, {"text"}), (False, {"text", "go", "keys"})):
        state = ClientState(fragment_id="live", page_script_hash="train", is_auto_rerun=ticks)
        state.widget_states.CopyFrom(button("go"))
        state.widget_states.widgets.add(id="keys").json_trigger_value = "[1]"
        state.widget_states.widgets.add(id="text").string_value = "typed"
        assert pressing.heard(session, state)
        assert {one.id for one in state.widget_states.widgets} == expected


def test_ticks_of_a_drawing_that_gives_way_to_another_tick_on_no_other_page(monkeypatch):
    ticks = [("a", 1.0), ("b", 1.0)]

    def gives_way(message) -> None:
        raise RerunException(RerunData())

    monkeypatch.setattr(pressing.visit, "state", lambda: SimpleNamespace(ticks=ticks))
    monkeypatch.setattr(pressing, "get_script_run_ctx", lambda: SimpleNamespace(enqueue=gives_way))
    with pytest.raises(RerunException):
        pressing.begin_ticks()
    assert not ticks


@pytest.mark.parametrize("fragment", ["live", None])
def test_a_live_part_can_change_its_pace_without_a_drawing_of_the_page(monkeypatch, fragment):
    messages = []
    monkeypatch.setattr(pressing, "get_script_run_ctx", lambda: SimpleNamespace(enqueue=messages.append))
    monkeypatch.setattr(pressing.ThreadState, "get", lambda: SimpleNamespace(fragment_id=fragment))
    pressing.tick_every(0.5)
    timers = [(one.auto_rerun.fragment_id, one.auto_rerun.interval) for one in messages]
    assert timers == ([("live", 0.5)] if fragment else [])


def test_a_drawing_is_not_stopped_for_another_which_would_lose_what_it_was_asked_for():
    assert not tomllib.loads((ROOT / "explorer/.streamlit/config.toml").read_text("utf-8"))["runner"]["fastReruns"]


def asks(tree: ast.AST) -> list[ast.Call]:
    """Calls of Streamlit's buttons whose answer is used, and not that of a callback of theirs."""
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    buttons = [call for call in calls if call.func.attr in BUTTONS and id(call) not in statements]
    return [call for call in buttons if "on_click" not in {argument.arg for argument in call.keywords}]


def test_no_page_asks_streamlit_whether_a_button_was_pressed():
    for path in [*(ROOT / "explorer/ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")]:
        text = path.read_text("utf-8")
        calls = asks(ast.parse(text)) if any(button in text for button in BUTTONS) else []
        assert not calls, f"{path.name}, line {calls[0].lineno}: by pressing.pressed, or by on_click"


@pytest.mark.parametrize("section", sorted(every_page.ALIKE))
def test_no_widget_of_a_section_that_takes_long_is_ordered_to_where_it_begins(section, tmp_path, monkeypatch):
    """Of all other sections the tests with made-up variants say so."""
    here = Here()
    at_once = here.request

    def request(kind, /, lane="quick", **arguments):
        return at_once(kind, lane, **arguments) if lane == "quick" else Request()  # which is still computed

    monkeypatch.setattr(here, "request", request)
    monkeypatch.setattr(here, "call_off", lambda request: None)
    monkeypatch.setattr(server, "host", lambda: here)
    monkeypatch.setattr(catalogue, "folder", lambda: tmp_path)
    run = recorded(catalogue.new_path("orders"), 6, TINY, every=3)
    app = AppTest.from_file(every_page.APP, default_timeout=120)
    app.query_params["run"] = run.id
    app.run()
    every_page.draw(app, "optimizers", section)
    assert app.session_state[every_page.KEYS["optimizers"]] == section


@pytest.mark.usefixtures("served")
def test_nothing_ticks_before_all_of_the_page_is_drawn_nor_for_the_page_before(monkeypatch):
    """A tick that sets out before the browser has the page's widgets has them ordered to what they were."""
    messages, enqueue = [], ScriptRunContext.enqueue

    def note(ctx, message):
        messages.append(message)
        enqueue(ctx, message)

    run = recorded(catalogue.new_path("ticks"), 6, TINY, every=3)
    app = AppTest.from_file(every_page.APP, default_timeout=120)
    app.query_params["run"] = run.id
    app.run()
    monkeypatch.setattr(ScriptRunContext, "enqueue", note)
    ticking = []
    for name in ("attention", "tokenizers", "start"):
        messages.clear()
        app.switch_page(f"../pages/{name}.py").run()
        kinds = [message.WhichOneof("type") for message in messages]
        assert "auto_rerun" in kinds, name
        begun = kinds.index("auto_rerun")
        assert "delta" in kinds[:begun], name
        assert "delta" not in kinds[begun:], name
        ticking += {message.auto_rerun.fragment_id for message in messages[begun:] if message.auto_rerun.fragment_id}
    assert len(set(ticking)) == len(ticking), "a tick of one page draws another"
