"""The neighbours of a word in the original space, then and now."""

from __future__ import annotations

import streamlit as st

from explorer.charts import words as charts
from explorer.measure import words as measure
from explorer.runs.answer import Answer
from explorer.ui import picture
from explorer.ui.embeddings.choice import LATEST
from explorer.ui.frame import cards
from explorer.ui.view import View
from explorer.ui.words.asked import EVERY, WORD, examples, typed, which

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
            since = st.number_input("Then: at step", 0, LATEST, key="words-since", width=150, persist_state="session")
            table = which("words-vectors")
            st.caption("or choose a word on the map")
        now = view.picture("words.nearest", EVERY, word=word, table=table)
        if now is not None:  # else it is on its way, or was refused in a sentence
            then = view.at(min(int(since), view.step), "since").picture("words.nearest", word=word, table=table)
            if then is not None:
                side_by_side(now, then)
                picture.look_for("nearest", sentence(now, then))
    picture.computed(COMPUTED, measure.nearest)


def side_by_side(now: Answer, then: Answer) -> None:
    """The nearest words at both steps."""
    before = {row["word"] for row in then[0]["rows"]}
    names = {row["word"] for row in now[0]["rows"]}
    left, right = st.columns(2)
    with left:
        st.markdown(f"**Nearest to “{now[0]['word']}”** · step {now[0]['step']:,}")
        picture.show(charts.similar, charts.similar_frame(now[0]["rows"], names - before), "words-now", title="")
    with right:
        st.markdown(f"**Then** · step {then[0]['step']:,}")
        picture.show(charts.similar, charts.similar_frame(then[0]["rows"]), "words-then", title="")


def sentence(now: Answer, then: Answer) -> str:
    """Who is nearest, what is new, and how often the word was seen."""
    plain, old = now[0], {row["word"] for row in then[0]["rows"]}
    rows = plain["rows"]
    if not rows:
        return "there is no other word."
    new = [row["word"] for row in rows if row["word"] not in old]
    rare = plain["count"] < 50
    seen = f"`{plain['word']}` occurs {plain['count']:,} times" + (", rarely: trust little." if rare else ".")
    changed = f"{len(new)} of {len(rows)} are new since step {then[0]['step']:,} (green)"
    if then[0]["step"] == plain["step"]:
        changed = "choose an earlier step to see what changed"
    return f"`{rows[0]['word']}` is nearest (cosine {rows[0]['similar']:.2f}); {changed}. {seen}"
