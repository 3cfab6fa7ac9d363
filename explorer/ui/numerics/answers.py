"""What the lab's pictures ask for: of a run at a step, or of the looker alone."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import streamlit as st

from explorer.charts.numerics import told
from explorer.runs.answer import Answer
from explorer.ui import server
from explorer.ui.view import View

EVERY = 1.5  # seconds: an Altair chart's update costs the browser 45 ms
FORMATS = ("float32", "float16", "bfloat16")


@st.cache_resource(show_spinner=False, max_entries=256)
def worked_out(function: str, **arguments: Any) -> Answer:
    """A view of explorer.runs.views.numerics that needs no run. ValueError where it is refused."""
    request = server.host().request(f"explorer.runs.views.numerics:{function}", **arguments)
    return request.answer.result(timeout=60)


def seen(view: View | None, function: str, **arguments: Any) -> Answer | None:
    """A view of the run where there is one, else the same of the stated example."""
    return (
        worked_out(function, **arguments) if view is None else view.picture(f"numerics.{function}", EVERY, **arguments)
    )


def source(view: View | None, step: int) -> str:
    """Where a picture's numbers come from."""
    return f"this run’s own logits · step {step}" if view is not None else "eight made-up logits: there is no run yet"


def table(head: Sequence[str], rows: Sequence[Sequence[str] | Sequence[str | float]]) -> None:
    """Numbers in rows; what is not finite is red. The words are ours or a tokenizer's, never markup."""

    def cell(value: str | float) -> str:
        if isinstance(value, str):
            return f"<td>{escape(value)}</td>"
        bad = value != value or value in (float("inf"), float("-inf"))
        colour = ' style="color: var(--st-red-color); font-weight: 600"' if bad else ""
        return f'<td{colour} title="{escape(repr(value))}">{told(value)}</td>'

    body = "".join(f"<tr><th>{escape(str(row[0]))}</th>{''.join(map(cell, row[1:]))}</tr>" for row in rows)
    top = "".join(f"<th>{escape(word)}</th>" for word in head)
    whole = f'<table class="scores"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'
    st.html(f'<div style="overflow-x: auto">{whole}</div>')


def listed(words: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else list(words))
