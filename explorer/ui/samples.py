"""What the model says to examples at a step, coloured by right and wrong."""

from __future__ import annotations

from html import escape

import streamlit as st

from explorer.ui.tokens import shown_token
from explorer.ui.view import View

LONGEST = 48  # tokens of a line


def show(view: View) -> None:
    """The probe's examples with the model's answers; a text task also writes by itself. One element."""
    writes = view.about["writes"]
    answer = view.picture("samples.answers", 0.5, count=3 if writes else 5)
    if answer is None:
        return
    rows = answer[0]["rows"]
    right = [r for row in rows for r in row["right"]]
    legend = f"<b class=right>right</b> <b class=wrong>wrong</b> at step {answer[0]['step']}: "
    lines = "".join(f"<p>{line(row, writes)}</p>" for row in rows)
    said = f"<h4>What it says <i>the same examples at every step</i></h4>{lines}"
    said += f"<small>{legend}{sum(right)} of {len(right)} tokens</small>"
    written = view.picture("samples.generation", 3) if writes else None
    if written is not None:
        said += (
            f"<h4>What it writes by itself <i>drawn from its own probabilities at step {written[0]['step']}</i></h4>"
            f"<pre tabindex=0>{escape(written[0]['text'])}</pre><small>{escape(written[0]['verdict'] or '')}</small>"
        )
    st.html(f'<div class="samples{" writes" if writes else ""}">{said}</div>')


def near(view: View) -> None:
    """What word vectors say: some frequent words, each with those most similar to it. One element."""
    answer = view.picture("words.samples", 0.5)
    if answer is None:
        return
    lines = "".join(
        f"<p><code>{escape(row['word'])}</code> is near {', '.join(escape(other['word']) for other in row['rows'])}</p>"
        for row in answer[0]["rows"]
    )
    told = f"<h4>Most similar words <i>by the cosine of their vectors at step {answer[0]['step']}</i></h4>"
    st.html(f'<div class="samples">{told}{lines}<small>The Words page shows more.</small></div>')


def line(row: dict, running_text: bool) -> str:
    """One example as HTML: what was read and, token by token, what was said. Every letter is escaped."""
    said = list(zip(row["said"], row["right"], strict=True))[-LONGEST:]
    marked = " ".join(f"<b class={'right' if right else 'wrong'}>{visible(token)}</b>" for token, right in said)
    return marked if running_text else f"<code>{visible(row['read'])}</code> → {marked}"


def visible(text: str) -> str:
    """Text as HTML; a token of white space can be seen."""
    return escape(shown_token(text))
