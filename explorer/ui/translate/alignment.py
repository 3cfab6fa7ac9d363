"""Alignment: source and answer in two lines, and how far each head keeps to what belongs together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.answers.records.translating.answer import AlignmentHistory, Translation
from explorer.charts import heads as charts
from explorer.charts.timeline import Guide
from explorer.measure.names import attention_name, head_name, percent, plural
from explorer.measure.text import links
from explorer.ui import picture, visit
from explorer.ui.components import ribbons
from explorer.ui.frame import cards
from explorer.ui.translate import desk
from explorer.ui.view import View

HEIGHT = 160  # pixels of the curves
CLEAR = 0.25  # an error rate below which a head clearly keeps to it
COMPUTED = r"""
What belongs together comes from the task: a date's day, month, year and weekday are written by babel field by field,
so each digit and each name of the answer has its partner in the source; an answer that reverses, copies or sorts says
where each symbol stood; of a tally a number and its word come from all places of the word; of a number in words a
letter comes from a digit if most other digits in its place would make it another one. A name is one piece with all its
characters, a digit one by itself. A head links each piece of the answer to the piece of the source on which most of
its attention lies, while the answer's characters are chosen after the right ones. With $A$ these links and $S$ the
task's, over 32 examples, the alignment error rate is $1 - 2\,|A \cap S| / (|A| + |S|)$ (Och & Ney 2003), all of the
task's links being sure. Of equal symbols any is right. It is the paper's rate of pieces in place of words, and not of
single characters: each character of a name belongs to all characters of its partner, of which one link by argmax
reaches one, so that of characters no head could come near 0.
"""


def show(view: View, given: dict[str, Any], corner: DeltaGenerator) -> None:
    """The two lines with their ribbons; under them the error rate of every head over training."""
    answer = view.picture(Translation, desk.EVERY, says=False, **given)
    if answer is None:
        picture.making(view.waiting)
        return
    held, history = desk.desk(view, given), desk.rates(view, answer)
    with corner:
        head = desk.choose_head(view, held, answer, history, label_visibility="collapsed")
    with cards("ribbons", 1)[0]:
        draw(answer, head, f"{head_name(head)} · step {answer.step:,}", "ribbons", held)
        picture.look_for("ribbons", sentence(answer, head))
    with cards("alignment", 1)[0]:
        if not answer.aligned:
            st.caption("This task does not say which part of its input an answer comes from, so no error is measured.")
        elif history is None:
            picture.making("".join(view.refines[-1:]), HEIGHT)
        else:
            curves(view, history)
    picture.computed(COMPUTED, links.linked, links.error_rate)


def draw(answer: Translation, head: str, title: str, key: str, held: desk.Desk, **look: Any) -> None:
    """Source and answer with what one head reads. A click on a token of the answer chooses its place."""
    weights = answer.patterns[answer.heads.index(head)] if head in answer.heads else np.zeros((len(answer.tokens), 0))
    message = ribbons.message(
        title,
        answer.source,
        answer.tokens,
        weights if weights.size else np.zeros((len(answer.tokens), len(answer.source))),
        answer.gold,
        answer.forced,
        projector=visit.state().projector,
        **look,
    )
    ribbons.ribbons(message, key=key, on_place=lambda place: setattr(held, "at", place))


def curves(view: View, history: AlignmentHistory) -> None:
    """The error rate of every head over training."""
    layers = list(dict.fromkeys(attention_name(head.rpartition(".")[0]) for head in history.heads))
    named = [
        (head_name(head), attention_name(head.rpartition(".")[0]), int(head.rpartition(".")[2]))
        for head in history.heads
    ]
    guides = [Guide(history.chance, f"links at random: {percent(history.chance)}")]
    panel = replace(charts.panel("Alignment error rate", layers), height=HEIGHT, unit="error")
    drawing = charts.parts(history.steps, history.rates, named, guides=guides, cursor=view.cursor)
    picture.curves(panel, drawing, "alignment-error", since(history))


def sentence(answer: Translation, head: str) -> str:
    """Whether this answer is right, and what the head links of it."""
    if answer.gold is None:
        wrong = f"“{answer.text}” is not the right answer, “{answer.right}”, so nothing is dashed."
        return wrong if answer.text != answer.right else "the task does not say what belongs together here."
    right = links.sure(answer.gold)
    mine = links.linked(answer.patterns[answer.heads.index(head)], answer.gold)
    return (
        f"“{answer.text}” is right. Of its {len(mine)} piece{plural(len(mine))} that "
        f"{'has' if len(mine) == 1 else 'have'} a partner {head_name(head)} links "
        f"{len(mine & right)} to it; a name counts as a whole."
    )


def since(history: AlignmentHistory) -> str:
    """The best head, and since which step it is clearly aligned."""
    if not len(history.steps):
        return "the curves begin at the first snapshot."
    newest = history.rates[-1]
    if not np.isfinite(newest).all():
        return f"at step {history.steps[-1]:,} the model’s numbers are not finite any more."
    best = int(newest.argmin())
    line, name = history.rates[:, best], head_name(history.heads[best])
    above = np.flatnonzero(~(line < CLEAR))
    best_one = f"{name} has the least alignment error, {percent(newest[best])} at step {history.steps[-1]:,}"
    if newest[best] >= CLEAR:
        return f"{best_one}; none is below {percent(CLEAR)} yet. Links at random have {percent(history.chance)}."
    first = history.steps[above[-1] + 1] if len(above) else history.steps[0]
    return f"{best_one}: aligned since step {first:,}, as it has stayed below {percent(CLEAR)} from there on."
