"""What the model says to examples at a step, coloured by right and wrong."""

from __future__ import annotations

from html import escape

import streamlit as st

from explorer.ui.tokens import shown_token
from explorer.ui.view import View

LONGEST = 48  # tokens of a line


def show(view: View) -> None:
    """The probe's examples with the model's answers; a text task also writes by itself."""
    st.markdown("**What it says** · the same examples at every step")
    answer = view.picture("samples.answers", 0.5, count=3 if view.about["writes"] else 5)
    if answer is None:
        return
    rows = answer[0]["rows"]
    right = [r for row in rows for r in row["right"]]
    legend = f"<b class=right>right</b> <b class=wrong>wrong</b> at step {answer[0]['step']}: "
    lines = "".join(f"<p>{line(row, view.about['writes'])}</p>" for row in rows)
    st.html(f'<div class="samples">{lines}<small>{legend}{sum(right)} of {len(right)} tokens</small></div>')
    if view.about["writes"]:
        written = view.picture("samples.generation", 2)
        if written is not None:
            st.markdown(f"**What it writes by itself** · drawn from its own probabilities at step {written[0]['step']}")
            st.code(written[0]["text"], language=None, wrap_lines=True, height=150)
            if written[0]["verdict"]:
                st.caption(written[0]["verdict"])


def line(row: dict, running_text: bool) -> str:
    """One example as HTML: what was read and, token by token, what was said. Every letter is escaped."""
    said = list(zip(row["said"], row["right"], strict=True))[-LONGEST:]
    marked = " ".join(f"<b class={'right' if right else 'wrong'}>{visible(token)}</b>" for token, right in said)
    return marked if running_text else f"<code>{visible(row['read'])}</code> → {marked}"


def visible(text: str) -> str:
    """Text as HTML; a token of white space can be seen."""
    return escape(shown_token(text))
