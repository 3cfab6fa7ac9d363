"""Analogies: a is to b as c is to what? And an honest word on how far to trust them."""

from __future__ import annotations

from dataclasses import asdict
from html import escape

import streamlit as st

from explorer.answers.records.words import Analogy, Question, Questions
from explorer.charts import words as charts
from explorer.measure import words as measure
from explorer.measure.names import fixed, percent, plural
from explorer.ui import foreign, picture
from explorer.ui.frame import cards
from explorer.ui.view import View
from explorer.ui.words.word_input import EVERY, examples, typed, which

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
    with st.container(horizontal=True, vertical_alignment="bottom", key="analogy-words"):
        a = typed(view, "… is to", "words-a", man, 150)
        b = typed(view, "… as", "words-b", woman, 150)
        c = typed(view, "… is to what?", "words-c", king, 150)
        table = which("words-analogy-vectors")
    left, right = cards("analogies", 1, 1)
    with left:
        answer = view.picture(Analogy, EVERY, a=a, b=b, c=c, table=table)
        if answer is not None:
            first, second, third = (foreign.text(row.word) for row in answer.given)
            st.markdown(f"**{second} − {first} + {third}** · step {answer.step:,}")
            frame = charts.similar_frame(map(asdict, answer.rows))
            picture.show(charts.similar, frame, "words-analogy", title="", bars=8)
            picture.look_for("analogy", sentence(answer))
    with right:
        questions = view.picture(Questions, EVERY, table=table)
        if questions is not None:
            st.markdown(f"**Known answers** · step {questions.step:,}")
            st.html(listed(questions.rows))
            picture.look_for("questions", warning(questions))
    picture.computed(COMPUTED, measure.analogy, measure.answered)


def sentence(answer: Analogy) -> str:
    """The first candidate, and whether the second comes close."""
    rows = answer.rows
    if len(rows) < 2:
        return "there are no other words."
    apart = rows[0].similar - rows[1].similar
    close = "hardly ahead of" if apart < 0.02 else "ahead of"
    rarest = min(answer.given, key=lambda row: row.count)
    return (
        f"`{rows[0].word}` comes first (cosine {fixed(rows[0].similar, 2)}), {close} `{rows[1].word}` "
        f"({fixed(rows[1].similar, 2)}). `{rarest.word}` occurs {rarest.count:,} time{plural(rarest.count)}."
    )


def warning(answer: Questions) -> str:
    """How many come out right, against chance, and why so few."""
    rows = answer.rows
    if len(rows) < FEW:
        return (
            f"only {len(rows)} of {answer.built_in} built-in questions have all four words here: this text says too "
            "little of them to judge analogies. Look at neighbours instead."
        )
    first = sum(row.place == 1 for row in rows)
    ten = sum(row.place is not None for row in rows)
    size = (
        f" The text has {answer.read:,} words; good analogies need hundreds of millions: take one that comes out "
        "right as luck until many do."
        if answer.read < SCARCE
        else ""
    )
    return (
        f"{first} of {len(rows)} questions {'has' if first == 1 else 'have'} the right answer first. By chance "
        f"{percent(answer.chance, 2)} would; "
        f"{ten} {'has' if ten == 1 else 'have'} it among the first ten. Half of their words occur fewer than "
        f"{answer.median:,.0f} times.{size}"
    )


def listed(rows: list[Question]) -> str:
    """A line a question, those that come out right first. Every letter is escaped."""
    order = sorted(rows, key=lambda row: row.place or 99)
    lines = []
    for row in order:
        a, b, c, d = map(escape, row.words)
        place = row.place
        where = f"place {place}" if place else "not among ten"
        kind = "new" if place == 1 else "gone" if place is None else ""
        lines.append(
            f"<tr><td><code>{a} : {b}</code></td><td><code>{c}</code> : <span class={kind or 'kept'!r}><code>{d}</code>"
            f"</span></td><td>{where}</td></tr>"
        )
    body = "".join(lines) or "<tr><td>None of the built-in questions has all its words here.</td></tr>"
    return f'<div class="questions" tabindex="0"><table class="neighbours">{body}</table></div>'
