"""Held: what a page looks at that is no widget's own value, such as what was clicked on a picture, in the address too.

Whoever draws it says so with `holds`: what the address or a scene asks for under that name becomes the value, and from
then on the address has it, for as long as it is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer.config.quoting import quoted
from explorer.ui import refusals, visit

NAMES = {
    "answer-begins",
    "answer-head",
    "answer-place",
    "answer-put",
    "answer-reads",
    "axis-from",
    "axis-to",
    "beside",
    "compare-a",
    "digit-head",
    "example",
    "flows-back",
    "forced",
    "gaps",
    "looked-cell",
    "losses-at",
    "number",
    "order-own",
    "prediction",
    "sampler",
    "score",
    "shuffled",
    "shuffled-head",
    "span",
    "turning-head",
    "turning-key",
    "turning-query",
    "weight-column",
    "weight-row",
    "words-a",
    "words-around",
    "words-b",
    "words-bias-first",
    "words-bias-one",
    "words-bias-other",
    "words-bias-second",
    "words-c",
    "words-own",
    "words-word",
}


@dataclass
class Holding:
    """wanted: what is asked for and not taken yet, by name.   page: for which page, "" for the first.

    shown: the values of what is drawn, as the address has them.
    """

    wanted: dict[str, str] = field(default_factory=dict)
    page: str = ""
    shown: dict[str, str] = field(default_factory=dict)


def ask(values: Mapping[str, str], page: str = "") -> None:
    """Asks for these values of what the page will draw; of other names nothing is known here."""
    mine = visit.kept(Holding)
    mine.wanted, mine.page = {name: value for name, value in values.items() if name in NAMES}, page


def begin(page: str) -> None:
    """At the start of a page's drawing: on another page nothing is drawn yet, and what was wanted was another's."""
    mine = visit.kept(Holding)
    if mine.page not in ("", page):
        mine.wanted, mine.shown = {}, {}
    mine.page = page


def tick() -> None:
    """At the start of a drawing of what moves: it says anew what it shows."""
    visit.kept(Holding).shown = {}


def shown() -> dict[str, str]:
    """What the address has of it."""
    mine = visit.kept(Holding)
    return mine.wanted | mine.shown


def bring_back() -> None:
    """Puts what a widget shows back into the address, where a message of ours that left before it was chosen has
    overwritten it: Streamlit sends every address as a whole, and gives a widget's part of it once."""
    ctx = get_script_run_ctx()
    if ctx is None or ctx.is_history_navigation:
        return
    state = ctx.session_state._state
    with ctx.session_state.query_params() as query:
        for widget, bound in list(query._bindings_by_widget.items()):
            metadata = state._new_widget_state.widget_metadata.get(widget)
            if metadata is None or widget not in state or query.has_param(bound.param_key):
                continue
            if (value := state[widget]) != metadata.deserializer(None):
                query.set_corrected_value(bound.param_key, metadata.serializer(value), metadata.value_type)


def holds(name: str, held: object, at: str, kind: Callable[[str], Any] = str, usual: object = "") -> None:
    """Before it is drawn: a field of `held` is looked at, and has `name` in the address.

    kind: the value from its word; ValueError where it is none.   usual: the value that the address leaves out.
    """
    mine = visit.kept(Holding)
    if (word := mine.wanted.pop(name, None)) is not None:
        try:
            setattr(held, at, kind(word))
        except ValueError as error:
            refusals.keep(f"{name}={quoted(word)} in the address is refused: {error}")
    value = getattr(held, at, None)
    if value is not None and value != usual:
        mine.shown[name] = str(value)


def whole(word: str) -> int:
    """A number of a place, as the address writes it."""
    if not word.isdecimal() or len(word) > 9:
        raise ValueError("use a whole number from 0")
    return int(word)
