"""Bias: whether one list of words lies nearer to some words than another list does, and how sure that is."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.answers.records.words import Association
from explorer.charts import words as charts
from explorer.measure.names import TIED, number, percent, signed
from explorer.measure.text import association
from explorer.ui import picture
from explorer.ui.frame import cards
from explorer.ui.parts.tables import table
from explorer.ui.view import View
from explorer.ui.words.word_input import EVERY, typed, which

SURE = 0.05  # the p below which a difference is called one
COMPUTED = r"""
The Word Embedding Association Test (Caliskan, Bryson & Narayanan 2017). A word w leans by

$$s(w) = \overline{\cos(v_w, v_a)} - \overline{\cos(v_w, v_b)}$$

a over the first attributes, b over the second. The effect size is the mean of s over the first list less that over the
second, divided by the standard deviation of s over both lists together (divided by n, as the package wefe has it); it
lies between −2 and 2. p is exact and one-sided: the share of all ways to split both lists together into two equal ones
whose difference is at least as large (the paper counts those alone whose difference is larger). Random words: two lists
as long, drawn from all words of the run, 400 times. Words that the run does not know are left out, and of the longer
list its last words; at most nine of each count.
"""


def show(view: View) -> None:
    """Four lists, how each word leans, and what the test says."""
    left, right = st.columns(2)
    with left:
        first = listed(view, "First list", "words-bias-first")
        second = listed(view, "Second list", "words-bias-second")
    with right:
        one = listed(view, "First attributes", "words-bias-one")
        other = listed(view, "Second attributes", "words-bias-other")
    bars, test = cards("bias", 3, 2)
    with test:
        vectors = which("words-bias-vectors")
    with bars:  # where it is refused, the reason stands in the picture's place
        answer = view.picture(Association, EVERY, first=first, second=second, one=one, other=other, table=vectors)
        if answer is not None:
            lists = [answer.lists["first"], answer.lists["second"]]
            frame = charts.leaning_frame(lists, answer.leaning.tolist())
            picture.show(charts.leaning, frame, "words-leaning", title="")
    if answer is not None:
        with test:
            st.markdown(f"**The two lists compared** · step {answer.step:,}")
            st.html(table(("", "value"), facts(answer)))
            picture.look_for("bias", sentence(answer))
    picture.computed(COMPUTED, association.leaning, association.effect, association.p_value)


def listed(view: View, label: str, key: str) -> str:
    """A list of words that the visitor may change. key: ends with the list's name in LISTS."""
    return typed(view, label, key, " ".join(association.LISTS[key.rpartition("-")[2]]), None)


def facts(answer: Association) -> list[tuple[str, str]]:
    """What the test says, in rows."""
    low, high = of_random_words(answer)
    return [
        ("Effect size d", signed(answer.effect, 2)),
        ("p, exact", number(answer.p, 2)),
        ("Equal splits", f"{answer.splits:,}"),
        ("Random words: 95 % of d", f"{signed(low, 2)}{TIED}…{TIED}{signed(high, 2)}"),
    ]


def of_random_words(answer: Association) -> tuple[float, float]:
    """Between which differences 95 % of random lists lie."""
    low, high = np.nanquantile(answer.null, [0.025, 0.975])
    return float(low), float(high)


def sentence(answer: Association) -> str:
    """Which list lies nearer to which attributes, whether that is more than chance, and what was left out."""
    low, high = of_random_words(answer)
    least = min(answer.p, answer.p_exchanged)
    if least <= SURE and low <= answer.effect <= high:
        says = (
            f"few splits of these words differ as much ({percent(least, 2)}), but lists of random words of this run "
            "do: no clear difference."
        )
    elif answer.p <= SURE:
        says = (
            f"the first list lies nearer to the first attributes: {percent(answer.p, 2)} of all splits differ as much."
        )
    elif answer.p_exchanged <= SURE:
        share = percent(answer.p_exchanged, 2)
        says = f"it is the second list that lies nearer to the first attributes: {share} of all splits differ as much."
    else:
        says = f"no clear difference between the lists: {percent(answer.p)} of all splits differ as much or more."
    if answer.missing:
        says += f" Not known here: {', '.join(answer.missing[:8])}."
    if answer.left_out:
        says += f" Left out, so that both lists are as long: {', '.join(answer.left_out[:8])}."
    return says
