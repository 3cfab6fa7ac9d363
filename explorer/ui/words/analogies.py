"""Analogies: a is to b as c is to what? And an honest word on how far to trust them."""

from __future__ import annotations

from html import escape
from typing import Any

import streamlit as st

from explorer.charts import words as charts
from explorer.measure import words as measure
from explorer.runs.answer import Answer
from explorer.ui import picture
from explorer.ui.frame import cards
from explorer.ui.view import View
from explorer.ui.words.asked import EVERY, examples, typed, which

SCARCE, FEW = 10_000_000, 5  # words of a text below which analogies are luck; questions too few to count
COMPUTED = r"""
The point looked for is $\hat v_b - \hat v_a + \hat v_c$ with vectors of length 1, and the candidates are the words most
similar to it, without $a$, $b$ and $c$ themselves (Mikolov et al. 2013c; 3CosAdd in Levy & Goldberg 2014). Leaving
those three out matters: the nearest of all is mostly $c$ or $b$. The built-in questions are all those whose four words
are among the words known; one is right if its answer comes first.
"""


def show(view: View) -> None:
    """Three words and the candidates for the fourth; beside them how many known questions come out right."""
    king, man, woman = examples(view)[:3]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        a = typed(view, "… is to", "words-a", man, 150)
        b = typed(view, "… as", "words-b", woman, 150)
        c = typed(view, "… is to what?", "words-c", king, 150)
        table = which("words-analogy-vectors")
    left, right = cards("analogies", 1, 1)
    with left:
        answer = view.picture("words.analogy", EVERY, a=a, b=b, c=c, table=table)
        if answer is not None:
            first, second, third = (row["word"] for row in answer[0]["given"])
            st.markdown(f"**{second} − {first} + {third}** · step {answer[0]['step']:,}")
            frame = charts.similar_frame(answer[0]["rows"])
            picture.show(charts.similar, frame, "words-analogy", title="", bars=8)
            picture.look_for("analogy", found(answer))
    with right:
        asked = view.picture("words.questions", EVERY, table=table)
        if asked is not None:
            st.markdown(f"**Known answers** · step {asked[0]['step']:,}")
            st.html(listed(asked[0]["rows"]))
            picture.look_for("questions", warning(asked[0]))
    picture.computed(COMPUTED, measure.analogy, measure.answered)


def found(answer: Answer) -> str:
    """The first candidate, and whether the second comes close."""
    rows = answer[0]["rows"]
    if len(rows) < 2:
        return "there are no other words."
    apart = rows[0]["similar"] - rows[1]["similar"]
    close = "hardly ahead of" if apart < 0.02 else "ahead of"
    rarest = min(answer[0]["given"], key=lambda row: row["count"])
    return (
        f"`{rows[0]['word']}` comes first (cosine {rows[0]['similar']:.2f}), {close} `{rows[1]['word']}` "
        f"({rows[1]['similar']:.2f}). `{rarest['word']}` occurs {rarest['count']:,} times."
    )


def warning(plain: dict[str, Any]) -> str:
    """How many come out right, against chance, and why so few."""
    rows = plain["rows"]
    if len(rows) < FEW:
        return (
            f"only {len(rows)} of {plain['asked']} built-in questions have all four words here: this text says too "
            "little of them to judge analogies. Look at neighbours instead."
        )
    first = sum(row["place"] == 1 for row in rows)
    ten = sum(row["place"] is not None for row in rows)
    size = (
        f" The text has {plain['read']:,} words; good analogies need hundreds of millions: take one that comes out "
        "right as luck until many do."
        if plain["read"] < SCARCE
        else ""
    )
    return (
        f"{first} of {len(rows)} questions have the right answer first, {ten} among the first ten; by chance "
        f"{plain['chance']:.2%} would. Half of their words occur fewer than {plain['median']:,.0f} times.{size}"
    )


def listed(rows: list[dict[str, Any]]) -> str:
    """A line a question, those that come out right first. Every letter is escaped."""
    order = sorted(rows, key=lambda row: row["place"] or 99)
    lines = []
    for row in order:
        a, b, c, d = map(escape, row["words"])
        place = row["place"]
        told = "first" if place == 1 else f"place {place}" if place else "not among ten"
        kind = "new" if place == 1 else "gone" if place is None else ""
        lines.append(
            f"<tr><td><code>{a} : {b}</code></td><td><code>{c}</code> : <span class={kind or 'kept'!r}><code>{d}</code>"
            f"</span></td><td>{told}</td></tr>"
        )
    body = "".join(lines) or "<tr><td>None of the built-in questions has all its words here.</td></tr>"
    return f'<div class="questions" tabindex="0"><table class="neighbours">{body}</table></div>'
