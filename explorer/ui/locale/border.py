"""Border: where elements leave for a browser and its choices come back; here words change their language.

Sentences are made in English by processes and caches that viewers share, and widgets are known by English labels. Only
here, in the last step before a message goes to one viewer, its words are translated; what a browser sends back of a
choice, which Streamlit takes as the words that it showed, is put into English before anything reads it. A viewer who
reads English never comes here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext

from explorer.config.presets import PRESETS
from explorer.i18n import translation
from explorer.i18n.sources import LANGUAGE
from explorer.ui.locale import message_words, spoken
from explorer.ui.shelf import Recent

MOST = 512  # visits, and widgets of one
CHOICES = {"selectbox", "radio", "multiselect", "button_group", "slider"}
TOKENS = ("logit-a", "logit-b")  # ends of the names of those whose single words are tokens
TYPED = ("-text", "-source", "prompt", "-word", "-words", "-own")  # ends of the names of what somebody typed
Pairs = dict[str, str]  # what a browser shows -> the same in English


@dataclass
class Crossing:
    """What one visit reads.   choices: the options that its browser shows, by widget; `bound` by name in the address.

    before: the language that it read before, in which it knows the widgets that were not drawn since; None for none.
    heard: that in which the browser said last what is chosen in each of these widgets.
    """

    language: str = "en"
    before: str | None = None
    choices: Recent[str, Pairs] = field(default_factory=Recent)
    bound: Recent[str, Pairs] = field(default_factory=Recent)
    heard: Recent[str, str] = field(default_factory=Recent)

    def leaves(self, ctx: ScriptRunContext, message: ForwardMsg) -> None:
        """Translates a message in place."""
        kind = message.WhichOneof("type")
        if kind == "delta":
            delta = message.delta.WhichOneof("type")
            if delta == "new_element":
                self.element(ctx, message.delta.new_element)
            elif delta == "new_transient":  # a spinner
                for one in message.delta.new_transient.elements:
                    self.element(ctx, one)
            elif delta == "add_block" and self.language == LANGUAGE:
                spoken.block(message.delta.add_block, self.language)
        elif self.language == LANGUAGE:
            spoken.page(message, self.language)

    def element(self, ctx: ScriptRunContext, element: Element) -> None:
        kind = element.WhichOneof("type")
        if kind in CHOICES:
            self.choice(ctx, element, getattr(element, kind))
        if self.language != LANGUAGE:
            return
        if kind == "bidi_component":
            message_words.component(element.bidi_component, self.language)
        else:
            spoken.element(element, self.language)

    def choice(self, ctx: ScriptRunContext, element: Element, widget: Any) -> None:
        """The options of a widget; the browser hears anew which is chosen where it knows it in another language.

        It hears so until it has said that it does: what is drawn may never come there, as a drawing begins anew.
        """
        before = self.heard.get(widget.id, self.before)
        if self.language != LANGUAGE and before in (None, self.language):
            return
        pairs = spoken.options(widget, self.language, widget.id.endswith(TOKENS))
        if before not in (None, self.language) and not widget.set_value:
            values = chosen_values(ctx, widget.id)
            put(widget, values)
            widget.set_value = element.has_one_shot_effect = bool(values)
        if widget.set_value:
            translations = {english: shown for shown, english in pairs.items()}
            put(widget, [translations.get(value, value) for value in values_of(widget)])
        self.choices[widget.id] = OPTIONS[widget.id] = {**self.choices.get(widget.id, {}), **pairs}
        if name := widget.query_param_key:
            self.bound[name] = {**self.bound.get(name, {}), **pairs}
            BOUND[name] = {**BOUND.get(name, {}), **pairs}

    def hears(self, states: WidgetStates) -> None:
        """Notes in which language a browser sends what is chosen. Before anything puts it into English."""
        for widget in states.widgets if self.before is not None else ():
            pairs = self.choices.get(widget.id, {})
            for value in sent_values(widget):
                if (english := pairs.get(value)) is not None:
                    one = "en" if value == english else LANGUAGE
                    self.heard[widget.id] = one if differs(english, pairs) else self.language

    def enters(self, data: RerunData) -> RerunData:
        """What a browser asks for, with its choices in English."""
        for widget in data.widget_states.widgets if data.widget_states is not None else ():
            if widget.WhichOneof("value") == "string_value":
                widget.string_value = self.chosen(widget.id, widget.string_value)
            elif widget.WhichOneof("value") == "string_array_value":
                values = [self.chosen(widget.id, value) for value in widget.string_array_value.data]
                widget.string_array_value.data[:] = values
        if data.query_string.isascii() and "%" not in data.query_string:
            return data
        return dataclasses.replace(data, query_string=in_english(data.query_string, self.bound))

    def chosen(self, widget: str, value: str) -> str:
        """An option in English, as this visit's browser had it or, where that comes back after a while, any other's."""
        pairs = self.choices.get(widget) or OPTIONS.get(widget)
        if pairs is not None:
            return pairs.get(value, value)
        new = not self.choices  # later, what is not known is what somebody typed
        return spoken.english(value) if new and not value.isascii() and not widget.endswith(TYPED) else value


CROSSINGS: Recent[str, Crossing] = Recent(MOST)
BOUND: Recent[str, Pairs] = Recent(MOST)  # the same as a visit's, of all visits: for an address that another one had
OPTIONS: Recent[str, Pairs] = Recent(8 * MOST)  # likewise, by widget: a browser that comes back has a new visit


def stand(language: str, *visit: str) -> None:
    """From now on a visit reads this language. visit: the names by which it is known."""
    mine = CROSSINGS.get(visit[0]) or Crossing(language)
    if mine.language != language:
        mine.language, mine.before = language, mine.language
    for name in visit:
        CROSSINGS[name] = mine


def in_english(query: str, bound: Mapping[str, Pairs]) -> str:
    """An address whose values are those of widgets in any language, in English."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return urlencode([(name, english(name, value, bound)) for name, value in pairs])


def english(name: str, value: str, bound: Mapping[str, Pairs]) -> str:
    """A value of the address in English: as a widget of that name has it, or as the catalogue has it."""
    for known_pairs in (bound, BOUND):
        if value in known_pairs.get(name, {}):
            return known_pairs[name][value]
    return value if value.isascii() or name == "lang" or name.endswith(TYPED) else spoken.english(value)


def values_of(widget: Any) -> list[str]:
    """The value that a widget is ordered to have."""
    if hasattr(widget, "raw_values"):
        return list(widget.raw_values)
    return [widget.raw_value] if isinstance(widget.raw_value, str) else list(widget.raw_value)


def put(widget: Any, values: Sequence[str]) -> None:
    """Orders a widget to have a value."""
    if hasattr(widget, "raw_values"):
        widget.raw_values[:] = values
    elif isinstance(widget.raw_value, str):
        widget.raw_value = values[0] if values else ""
    else:
        widget.raw_value[:] = values


def chosen_values(ctx: ScriptRunContext, widget: str) -> list[str]:
    """What a widget has now, as it would be sent; [] where nothing is chosen."""
    state = ctx.session_state._state._new_widget_state.get_serialized(widget)
    return [] if state is None else sent_values(state)


def sent_values(state: WidgetState) -> list[str]:
    """What is chosen, of a widget whose choices are words."""
    if state.WhichOneof("value") == "string_array_value":
        return list(state.string_array_value.data)
    return [state.string_value] if state.string_value else []


def differs(english: str, pairs: Pairs) -> bool:
    """Whether an option reads otherwise in another language."""
    return any(option == english and shown != english for shown, option in pairs.items())


def words(visit: str, message: bytes) -> bytes:
    """A message of the feed, in the language of its visit. For threads without a session."""
    mine = CROSSINGS.get(visit)
    return message if mine is None or mine.language != LANGUAGE else message_words.packed(message, mine.language)


def install() -> None:
    """Stands at the border from now on; once a process."""
    translation.TITLES.update({name: preset.title for name, preset in PRESETS.items()})
    if getattr(ScriptRunContext.enqueue, "translates", False):
        return
    enqueue, run, ask = ScriptRunContext.enqueue, ScriptRunner._run_script, ScriptRunner.request_rerun
    request = AppSession.request_rerun

    def leave(self: ScriptRunContext, msg: ForwardMsg) -> None:
        if (mine := CROSSINGS.get(self.session_id)) is not None and (mine.language == LANGUAGE or mine.before):
            mine.leaves(self, msg)
        enqueue(self, msg)

    def hear(self: AppSession, client_state: ClientState | None) -> None:
        if client_state is not None and (mine := CROSSINGS.get(self.id)) is not None:
            mine.hears(client_state.widget_states)
        request(self, client_state)

    def enter(self: ScriptRunner, rerun_data: RerunData) -> None:
        mine = CROSSINGS.get(self._session_id) or Crossing()
        run(self, mine.enters(rerun_data))

    def interrupt(self: ScriptRunner, rerun_data: RerunData) -> bool:
        """A drawing that interrupts another follows it within `_run_script`."""
        mine = CROSSINGS.get(self._session_id) or Crossing()
        return ask(self, mine.enters(rerun_data))

    leave.translates = True  # type: ignore[attr-defined]
    ScriptRunContext.enqueue = leave  # type: ignore[method-assign]
    ScriptRunner._run_script, ScriptRunner.request_rerun = enter, interrupt  # type: ignore[method-assign]
    AppSession.request_rerun = hear  # type: ignore[method-assign]
