"""Pressing: that no press of a visitor's is lost, on a button or on what keeps its value.

Streamlit tells of a button's press in one drawing alone. A drawing that gives way to another before it has come to the
button, as one whose top is behind does at its very start, would lose it: it is kept until a drawing has come there.

What a press asks for is done to its end. Streamlit lets a newer press break into a callback, at anything of its own
that is touched there, and never comes back to it: by then the widget's value is no change any more.

Which widgets were used is counted, for what a lesson asks a visitor to do.

A press in a part that a drawing has taken away meanwhile is not heard by Streamlit: all of the page answers it. A tick
that the browser sends between a press and its message has the press in it as well, which would be heard twice. And a
part never leads to another page: a tick that set out before its page was left, and came beside the press that left it,
would lead back. (`runner.fastReruns` is off for the like: a drawing that is stopped for another would take with it
what it was asked for and had not begun.)

A widget of a page that one comes back to is ordered to the value that it had, by every drawing until the browser has
said that it has it. A tick that set out before the browser had the widget would have it ordered once more, and so take
back what was pressed meanwhile: what is live ticks once all of the page is drawn, and each page has ticks of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests, ScriptRequestType
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.runtime.state.session_state import SessionState

from explorer.ui import visit

PRESSES = (
    "trigger_value",
    "string_trigger_value",
    "chat_input_value",
    "json_trigger_value",
)  # what a browser sends once
callbacks = threading.local()  # running: set while those of a press run, in the thread of its visit


def install() -> None:
    """From now on what is pressed is heard, and its callbacks run to their end; once a process."""
    if getattr(SafeSessionState.on_script_will_rerun, "whole", False):
        return
    answer, hear = SafeSessionState.on_script_will_rerun, ScriptRunner._maybe_handle_execution_control_request
    call = SessionState._call_callbacks
    ask, merge, run = AppSession.request_rerun, ScriptRequests._request_rerun_locked, ScriptRunner._run_script

    def whole(self: SafeSessionState, *given: Any, **named: Any) -> None:
        callbacks.running = True
        try:
            answer(self, *given, **named)
        finally:
            callbacks.running = False

    def later(self: ScriptRunner) -> None:
        if not getattr(callbacks, "running", False):
            hear(self)

    def counted(self: SessionState, **named: Any) -> None:
        keys = self._key_id_mapper.id_key_mapping
        for name in [one for one in self._new_widget_state if self._widget_changed(one)]:
            visit.uses(keys.get(name, name))
        call(self, **named)

    def requested(self: AppSession, client_state: ClientState | None) -> None:
        if client_state is None or heard(self, client_state):
            ask(self, client_state)

    def merged(self: ScriptRequests, new_data: RerunData) -> bool:
        waiting = self._rerun_data if self._state is ScriptRequestType.RERUN else None
        wanted = beside(waiting, new_data)
        return True if wanted is None else merge(self, wanted)

    def here(self: ScriptRunner, rerun_data: RerunData) -> None:
        run(self, of_page(rerun_data, self._pages_manager.current_page_script_hash))

    whole.whole = True  # type: ignore[attr-defined]
    SafeSessionState.on_script_will_rerun = whole  # type: ignore[method-assign]
    SessionState._call_callbacks = counted  # type: ignore[method-assign]
    ScriptRunner._maybe_handle_execution_control_request = later  # type: ignore[method-assign]
    AppSession.request_rerun = requested  # type: ignore[method-assign]
    ScriptRequests._request_rerun_locked = merged  # type: ignore[method-assign]
    ScriptRunner._run_script = here  # type: ignore[method-assign]


def heard(session: AppSession, state: ClientState) -> bool:
    """Whether what a browser asks for is drawn: not a part of a page that was left.

    Where the part that is asked for is gone, a press has all of the page drawn. A tick presses nothing: what it has of
    a press, the browser sends once more by itself.
    """
    if state.is_auto_rerun:
        kept = [one for one in state.widget_states.widgets if one.WhichOneof("value") not in PRESSES]
        del state.widget_states.widgets[:]
        state.widget_states.widgets.extend(kept)
    page = session._pages_manager.current_page_script_hash
    if state.fragment_id and state.page_script_hash not in ("", page):
        return False
    if state.fragment_id and not state.is_auto_rerun and not session.has_fragment(state.fragment_id):
        state.fragment_id = ""
    return True


def beside(waiting: RerunData | None, new: RerunData) -> RerunData | None:
    """A request beside one that waits: where that is for a whole page, a part keeps its address; None for a tick's."""
    if not new.fragment_id or waiting is None or waiting.fragment_id_queue:
        return new
    if new.is_auto_rerun:
        return None
    kept = ("page_script_hash", "page_name", "query_string", "is_history_navigation")
    return replace(new, **{name: getattr(waiting, name) for name in kept})


def of_page(data: RerunData, page: str) -> RerunData:
    """A request that waited while its page was left: a part changes no page."""
    if not data.fragment_id_queue or not page or data.page_script_hash == page:
        return data
    return replace(data, page_script_hash=page, page_name="")


def pressed(button: Callable[..., bool], label: str, key: str, **look: Any) -> bool:
    """Draws a button; True in the first drawing that comes to it after a press.

    button: `st.button`, that of a column, or `st.form_submit_button`.   look: of it.
    """
    presses = visit.state().presses
    button(label, key=key, on_click=presses.add, args=(key,), **look)
    if key not in presses:
        return False
    presses.discard(key)
    return True


def forget() -> None:
    """At the end of a drawing of the whole page: a press whose button is gone is not answered later."""
    visit.state().presses.clear()


def live(draw: Callable[[], None], seconds: float | None) -> None:
    """Draws a part of the page; once all of the page is there, it is drawn anew at this pace (None: never)."""
    ctx = get_script_run_ctx()
    whole = ctx is not None and not ctx.fragment_ids_this_run

    def part() -> None:
        if whole and seconds and (fragment := ThreadState.get().fragment_id):
            visit.state().ticks.append((fragment, seconds))
        draw()

    name = getattr(draw, "__qualname__", "part")
    part.__qualname__ = f"{name} of {visit.state().page}"  # Streamlit tells live parts apart by it
    st.fragment(part, run_every=None if whole else seconds)()


def tick_every(seconds: float) -> None:
    """From now on the live part that is drawn is drawn anew at this pace.

    To be said at every tick: one that has it already hears nothing new, and a message may be lost.
    """
    ctx = get_script_run_ctx()
    if ctx is not None and (fragment := ThreadState.get().fragment_id):
        ctx.enqueue(timer(fragment, seconds))


def timer(fragment: str, seconds: float) -> ForwardMsg:
    """What has the browser draw a live part anew at this pace."""
    message = ForwardMsg()
    message.auto_rerun.fragment_id, message.auto_rerun.interval = fragment, seconds
    return message


def begin_ticks() -> None:
    """At the end of a drawing of the whole page."""
    ticks, ctx = visit.state().ticks, get_script_run_ctx()
    begun = list(ticks)
    ticks.clear()  # a drawing that gives way to another sends them no more: they would tick on another page, for ever
    for fragment, seconds in begun:
        if ctx is not None:
            ctx.enqueue(timer(fragment, seconds))
