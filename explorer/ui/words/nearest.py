"""The neighbours of a word in the original space, then and now."""

from __future__ import annotations

from dataclasses import asdict

import streamlit as st

from explorer.answers.records.words import Nearest
from explorer.charts import words as charts
from explorer.measure import words as measure
from explorer.measure.names import fixed, plural
from explorer.ui import foreign, picture
from explorer.ui.frame import cards
from explorer.ui.parts.map_choice import LATEST
from explorer.ui.view import View
from explorer.ui.words.word_input import EVERY, WORD, examples, typed, which

COMPUTED = r"""
Similarity is the cosine of the angle between two vectors in the original space, not on the map:

$$\cos(v_a, v_b) = \frac{v_a \cdot v_b}{\lVert v_a\rVert\,\lVert v_b\rVert}$$

Each word has two vectors: its own (the row of the embedding table) and the one that it has in others' context. The
sum of both is what GloVe's authors use; word2vec keeps the first. Then and now are both from the exact weights of
these steps. Held against gensim's `most_similar` in the tests.
"""


def show(view: View) -> None:
    """A word, its nearest at the step looked at and at an earlier one."""
    with cards("nearest", 1)[0]:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            word = typed(view, "Word", WORD, examples(view)[0])
            since = st.number_input("Then: at step", 0, LATEST, key="words-since", width=150, bind="query-params")
            table = which("words-vectors")
            st.caption("or choose a word on the map")
        now = view.picture(Nearest, EVERY, word=word, table=table)
        if now is not None:  # else it is on its way, or was refused in a sentence
            then = view.at(min(int(since), view.step), "since").picture(Nearest, word=word, table=table)
            if then is not None:
                side_by_side(now, then)
                picture.look_for("nearest", sentence(now, then))
    picture.computed(COMPUTED, measure.nearest)


def side_by_side(now: Nearest, then: Nearest) -> None:
    """The nearest words at both steps."""
    before = {row.word for row in then.rows}
    names = {row.word for row in now.rows}
    left, right = st.columns(2)
    with left:
        st.markdown(f"**Nearest to “{foreign.text(now.word)}”** · step {now.step:,}")
        picture.show(charts.similar, charts.similar_frame(map(asdict, now.rows), names - before), "words-now", title="")
    with right:
        st.markdown(f"**Then** · step {then.step:,}")
        picture.show(charts.similar, charts.similar_frame(map(asdict, then.rows)), "words-then", title="")


def sentence(now: Nearest, then: Nearest) -> str:
    """Who is nearest, what is new, and how often the word was seen."""
    old = {row.word for row in then.rows}
    rows = now.rows
    if not rows:
        return "there is no other word."
    new = [row.word for row in rows if row.word not in old]
    rare = now.count < 50
    seen = f"`{now.word}` occurs {now.count:,} time{plural(now.count)}" + (", rarely: trust little." if rare else ".")
    changed = f"{len(new)} of {len(rows)} are new since step {then.step:,} (green)"
    if then.step == now.step:
        changed = "choose an earlier step to see what changed"
    return f"`{rows[0].word}` is nearest (cosine {fixed(rows[0].similar, 2)}); {changed}. {seen}"
