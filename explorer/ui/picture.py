"""Showing a picture live: curves go to a canvas of our own; of an Altair chart only data travels."""

from __future__ import annotations

import inspect
import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from typing import Any, Literal, TypeVar

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st
from altair.utils.schemapi import debug_mode

from explorer import charts
from explorer.charts import gradients
from explorer.charts.timeline import Panel
from explorer.measure.glossary import explained
from explorer.ui import visit
from explorer.ui.components import curves as canvas

M = TypeVar("M")
Chart = Callable[..., alt.TopLevelMixin]
Parts = Sequence[dict[str, Any]]
MAKING = 420  # pixels of a picture's frame while it is made


@lru_cache(maxsize=128)
def spec(chart: Chart, columns: tuple[tuple[str, str], ...], projector: bool, knobs: tuple) -> dict[str, Any]:
    """A chart's spec, made from an empty table of the same columns: it does not depend on values."""
    empty = pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in columns})
    with debug_mode(False):  # without checking it against the schema, which the tests do: seven times faster
        return charts.spec(chart(empty, **dict(knobs)), projector, check=False)


def spec_of(chart: Chart, data: pd.DataFrame, projector: bool = False, **knobs: Any) -> dict[str, Any]:
    """The spec for data of these columns."""
    columns = tuple((name, str(dtype)) for name, dtype in data.dtypes.items())
    return spec(chart, columns, projector, tuple(sorted(knobs.items())))


def show(chart: Chart, data: pd.DataFrame, key: str, **knobs: Any) -> None:
    """Draws `chart(data, **knobs)`; new data under the same key is swapped in place."""
    described = spec_of(chart, data, visit.state().projector, **knobs)
    # as a named dataset the table is there when the view is made; as `data` it would come later
    whole = described | {"datasets": {"source": charts.theme.finite(data)}}
    st.vega_lite_chart(whole, key=key, width="stretch", height=height_of(described))


def height_of(described: dict[str, Any]) -> int | Literal["content"]:
    """Pixels of a chart's place, which is there before the browser has the code of charts."""
    height = described.get("height")
    return height if isinstance(height, int) else "content"


@dataclass(frozen=True)
class Curves:
    """Curves over steps and, under them, what to look for.

    every, of: as `paced` takes them, for curves that need not be drawn anew at every tick; parts is then a function.
    """

    panel: Panel
    parts: Callable[[], Parts] | Parts
    sentence: str | None = None
    every: float = 0
    of: object = None

    def paced_message(self, key: str) -> bytes:
        """What the canvas draws. key: of this panel, unique on a page."""

        projector = visit.state().projector
        return paced(lambda: self.message(projector), key, self.of, self.every)

    def message(self, projector: bool) -> bytes:
        """The same, made now and without a session."""
        return canvas.message(
            self.panel, self.parts() if callable(self.parts) else self.parts, projector, self.sentence
        )


def curves(panel: Panel, parts: Callable[[], Parts] | Parts, key: str, sentence: str | None = None) -> None:
    """Draws curves over steps, under them what to look for. A click on them moves the scrubber there."""
    height = panel.height if sentence is None and not visit.state().projector else None
    messages = [Curves(panel, parts, sentence).paced_message(key)]
    canvas.curves(messages, key=key, on_step=go, on_log=switch_log, height=height)


def panels(name: str, of_panels: Sequence[Curves], moment: dict[str, Any] | None = None) -> None:
    """The same of several panels, each a card of the board that they stand on: one element, whatever their number.

    moment: of what they tell, where the feed moves them under this name.
    """
    key = f"panels-{name}"
    messages = [one.paced_message(f"{key}:{one.panel.title}") for one in of_panels]
    named = moment and moment | {"name": name}
    canvas.curves(messages, key=key, on_step=go, on_log=switch_log, cards=True, moment=named)


def go(step: int) -> None:
    """Moves the scrubber."""
    visit.state().step = step


def switch_log(log: bool) -> None:
    """Gives curves of a loss a log axis, or takes it away."""
    visit.state().axis = "log" if log else ""


def warm_up() -> None:
    """Makes the spec of the first Altair chart, so that no visitor waits for it: 0.1 s."""
    spec_of(gradients.flow, gradients.flow_frame(np.empty(0), []))


def paced(make: Callable[[], M], key: str, of: object, every: float) -> M:
    """What `make` gives, made anew after `every` seconds, or at once where `of` changes.

    A component that gets the same bytes again leaves its picture as it is: a tick of the page then costs the
    browser, and so the training beside it, the pictures that matter at that pace and not all of them.
    """
    before, when, made = visit.state().paced.get(key, (None, -math.inf, None))
    if before != of or time.monotonic() - when >= every:
        made = make()
        visit.state().paced[key] = (of, time.monotonic(), made)
    result: M = made
    return result


def figures(numbers: dict[str, str]) -> None:
    """Numbers with their names in one row: one element, cheap to repaint. The words are ours, never a visitor's."""
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(number)}</dd></div>" for name, number in numbers.items())
    st.html(f'<dl class="figures">{cells}</dl>')


def preload() -> None:
    """Lets the browser load its chart library, and the code of curves, before the first chart is needed."""
    with st.container(key="preload"):
        canvas.curves([], key="preload-curves", on_step=lambda step: None)
        nothing: dict[str, Any] = {"mark": "point", "data": {"values": []}, "width": 1, "height": 1, "description": " "}
        st.vega_lite_chart(nothing, key="preload-chart")


def look_for(key: str, sentence: str) -> None:
    """One line under a picture that is true of this run now. Its place has room for a second line.

    `code` stands between backticks. Plain HTML in one element: a live page says it several times a second, and
    Markdown costs the browser ten times as much.
    """
    words = re.sub("`([^`]*)`", r"<code>\1</code>", explained(escape(sentence)))
    st.html(f'<p class="look-for look-for-{escape(key)}"><b>What to look for:</b> {words}</p>')


@dataclass
class Details:
    """What stands in the fold at the end of a section, and is drawn while that is open.

    section: its title.   place: where it is drawn, None for where the page is.   parts: pictures that are more than
    one screen.   texts: how numbers come about: a title, words, functions whose code is shown.
    """

    section: str = ""
    place: AbstractContextManager[Any] | None = None
    parts: list[Callable[[], object]] = field(default_factory=list)
    texts: list[tuple[str, str, tuple[Callable[..., Any], ...]]] = field(default_factory=list)


@contextmanager
def detailed(page: str) -> Iterator[None]:
    """Ends with one fold, closed at first, of all that is put into `details` and `computed` within."""
    state = visit.state()
    around, here = state.details, Details()
    state.details = here
    try:
        yield
        if here.parts or here.texts:
            with here.place or nullcontext():
                fold = st.expander("Details", key=f"details-{page}-{here.section}", on_change="rerun")
            if fold.open:
                with fold:
                    unfold(here)
    finally:
        state.details = around


def unfold(here: Details) -> None:
    """Draws what is in a fold. A part may add how its numbers come about."""
    for part in here.parts:
        part()
    for title, text, functions in here.texts:
        st.markdown(f"**{title}**")
        st.markdown(text)
        for function in functions:
            st.code(inspect.getsource(function), language="python")


def details(part: Callable[[], object]) -> None:
    """Has a part of a section drawn in the fold at its end, or here where there is none."""
    if (here := visit.state().details) is None:
        part()
    else:
        here.parts.append(part)


def making(waiting: str, height: int = MAKING) -> None:
    """The frame of a picture that is still made, and in it how far it is. "" where it was refused: nothing then."""
    if waiting:
        st.html(f'<div class="in-the-making" style="height:{height}px">{escape(waiting)}</div>')


def computed(text: str, *functions: Callable[..., Any], title: str = "How this is computed") -> None:
    """Says in the fold of the section how a picture's numbers come about: words, formula, source, the very code."""
    entry = (title, text, functions)
    if (here := visit.state().details) is None:
        with st.expander(title):
            unfold(Details(texts=[entry]))
    elif entry not in here.texts:
        here.texts.append(entry)
