"""Showing a picture live: curves go to a canvas of our own; of an Altair chart only data travels."""

from __future__ import annotations

import inspect
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st
from altair.utils.schemapi import debug_mode

from explorer import charts
from explorer.charts import gradients
from explorer.charts.timeline import Panel
from explorer.ui.components import curves as canvas

Chart = Callable[..., alt.TopLevelMixin]
Parts = Sequence[dict[str, Any]]


@lru_cache(maxsize=128)
def spec(chart: Chart, columns: tuple[tuple[str, str], ...], projector: bool, knobs: tuple) -> dict[str, Any]:
    """A chart's spec, made from an empty table of the same columns: it does not depend on values."""
    empty = pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in columns})
    with debug_mode(False):  # without checking it against the schema, which the tests do: seven times faster
        return charts.spec(chart(empty, **dict(knobs)), projector)


def spec_of(chart: Chart, data: pd.DataFrame, projector: bool = False, **knobs: Any) -> dict[str, Any]:
    """The spec for data of these columns."""
    columns = tuple((name, str(dtype)) for name, dtype in data.dtypes.items())
    return spec(chart, columns, projector, tuple(sorted(knobs.items())))


def show(chart: Chart, data: pd.DataFrame, key: str, **knobs: Any) -> None:
    """Draws `chart(data, **knobs)`; new data under the same key is swapped in place."""
    drawn = spec_of(chart, data, bool(st.session_state.get("projector")), **knobs)
    # as a named dataset the table is there when the view is made; as `data` it would come later
    st.vega_lite_chart(drawn | {"datasets": {"source": data}}, key=key, width="stretch")


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

    def told(self, key: str) -> bytes:
        """What the canvas draws. key: of this panel, unique on a page."""

        projector = bool(st.session_state.get("projector"))
        return paced(lambda: self.message(projector), key, self.of, self.every)

    def message(self, projector: bool) -> bytes:
        """The same, made now and without a session."""
        return canvas.message(
            self.panel, self.parts() if callable(self.parts) else self.parts, projector, self.sentence
        )


def curves(panel: Panel, parts: Callable[[], Parts] | Parts, key: str, sentence: str | None = None) -> None:
    """Draws curves over steps, under them what to look for. A click on them moves the scrubber there."""
    canvas.curves([Curves(panel, parts, sentence).told(key)], key=key, on_step=go)


def panels(name: str, drawn: Sequence[Curves], moment: dict[str, Any] | None = None) -> None:
    """The same of several panels, each a card of the board that they stand on: one element, whatever their number.

    moment: of what they tell, where the feed moves them under this name.
    """
    key = f"panels-{name}"
    told = [one.told(f"{key}:{one.panel.title}") for one in drawn]
    canvas.curves(told, key=key, on_step=go, cards=True, moment=moment and moment | {"name": name})


def go(step: int) -> None:
    """Moves the scrubber."""
    st.session_state.step = step


def warm_up() -> None:
    """Makes the spec of the first Altair chart, so that no visitor waits for it: 0.1 s."""
    spec_of(gradients.flow, gradients.flow_frame(np.empty(0), []))


def paced(make: Callable[[], bytes], key: str, of: object, every: float) -> bytes:
    """What `make` gives, made anew after `every` seconds, or at once where `of` changes.

    A component that is told the same bytes again leaves its picture as it is: a tick of the page then costs the
    browser, and so the training beside it, the pictures that matter at that pace and not all of them.
    """
    made, when, told = st.session_state.get(f"paced:{key}", (None, 0.0, b""))
    if made != of or time.monotonic() - when >= every:
        told = make()
        st.session_state[f"paced:{key}"] = (of, time.monotonic(), told)
    return told


def figures(numbers: dict[str, str]) -> None:
    """Numbers with their names in one row: one element, cheap to repaint. The words are ours, never a visitor's."""
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(number)}</dd></div>" for name, number in numbers.items())
    st.html(f'<dl class="figures">{cells}</dl>')


def preload() -> None:
    """Lets the browser load its chart library, and the code of curves, before the first chart is needed."""
    with st.container(key="preload"):
        canvas.curves([], key="preload-curves", on_step=lambda step: None)
        st.vega_lite_chart({"mark": "point", "data": {"values": []}, "width": 1, "height": 1}, key="preload-chart")


def look_for(key: str, sentence: str) -> None:
    """One line under a picture that is true of this run now. Its place has room for a second line.

    `code` stands between backticks. Plain HTML in one element: a live page says it several times a second, and
    Markdown costs the browser ten times as much.
    """
    words = re.sub("`([^`]*)`", r"<code>\1</code>", escape(sentence))
    st.html(f'<p class="look-for look-for-{escape(key)}"><b>What to look for:</b> {words}</p>')


Fold = tuple[str, str, tuple[Callable[..., Any], ...]]  # title, text, functions


def computed(text: str, *functions: Callable[..., Any], title: str = "How this is computed") -> None:
    """The fold that says how a picture's numbers come about: words, formula, source, the very code.

    On a live page it stands at the end of the page, where it is drawn once and not at every tick.
    """
    fold = (title, text, functions)
    if (kept := st.session_state.get("folds")) is None:
        draw_fold(fold)
    elif fold not in kept:
        kept.append(fold)


def draw_fold(fold: Fold) -> None:
    """The fold itself."""
    title, text, functions = fold
    with st.expander(title):
        st.markdown(text)
        for function in functions:
            st.code(inspect.getsource(function), language="python")


@contextmanager
def folded() -> Iterator[list[Fold]]:
    """Keeps the folds that are asked for meanwhile, for whoever draws them."""
    kept: list[Fold] = []
    st.session_state["folds"] = kept
    try:
        yield kept
    finally:
        st.session_state["folds"] = None
