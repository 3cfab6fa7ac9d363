"""Scores: how good the answers to held-out examples are, whether another step or run is better, and over training."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from explorer.answers.records.translating.scores import Comparison, Difference, Score, ScoreHistory, Scores
from explorer.charts import scores as charts
from explorer.measure.names import fixed, percent
from explorer.measure.text.scores import METRICS, OF_LIKELIHOOD, Resamples
from explorer.ui import chosen, foreign, picture
from explorer.ui.frame import cards
from explorer.ui.parts.tables import table
from explorer.ui.view import View

EVERY, SELDOM = 4.0, 10.0  # seconds between two answers while it trains, and between two curves
ANSWERING, OVER_TRAINING = "answering {of} examples", "scoring {of} snapshots"
WRONG = 4  # examples shown
MOST = 999_999_999  # a step's number
COMPUTED = r"""
The model answers 200 examples, never trained on where the task holds some out, the likeliest token each time, reading
its own. *Exact match* is the share that is right letter for letter. *chrF2* (Popović 2015) and *BLEU* (Papineni et al.
2002) are sacrebleu's, over all answers together. An answer of fewer than four words has no sequence of four, so BLEU
would be 0 even of right answers: it then says nothing and is left out. *Perplexity* is $e^{L/n}$ of the right answers,
each token after the right ones; $n$ counts tokens, characters or bytes, so that the last two compare models whose
tokens differ. The interval of exact match is the exact one of a share (Clopper & Pearson 1934), and has a width where
all are right too; the others' is the middle 95 % of 1,000 resamples of the examples, and there is none where every
resample scores alike. Two models are compared on the same
resamples (Koehn 2004): p is how often a resample differs from the mean of all by more than the two models do.
"""


def show(view: View) -> None:
    """The table, beside it another step or run; the curves, and wrong answers. It is about examples of the task."""
    with cards("scores", 1)[0]:
        other = choice(view)
        if other is None:
            answer = view.picture(Scores, EVERY, lane="slow", doing=ANSWERING)
            if answer is None:
                return
            st.html(table(("", "score", "95 % interval", "copying the input"), rows(answer)))
            picture.look_for("scores", sentence(answer))
            picture.details(lambda: wrong(answer))
        else:
            versus(view, other)
    curves(view)
    picture.computed(COMPUTED, Resamples.interval, Resamples.paired)


def choice(view: View) -> dict[str, Any] | None:
    """What it is compared with, as the answer's arguments: another step, or another run of this visit on the task."""
    runs = {run.id: run for run in chosen.opened_runs() if run.config.task == view.config.task}
    with st.container(horizontal=True, vertical_alignment="bottom", key="scores-compared"):
        with_what = st.selectbox(
            "Compare with",
            ["", view.run.id, *runs],
            key="scores-with",
            width=360,
            label_visibility="collapsed",
            format_func=lambda name: (
                "compare with another step or run"
                if not name
                else "another step of this run"
                if name == view.run.id
                else f"{runs[name].config.model.kind} · {chosen.differences(runs[name])}"
            ),
        )
        if with_what == view.run.id:
            at = int(st.number_input("Step", 0, MOST, 0, key="scores-step", width=150))
            if at > view.last:
                st.caption(f"step {at:,} is not trained yet: this run has steps 0 to {view.last:,}")
                return None
            return {"other": at}
    if with_what in runs:
        return {"other": runs[with_what].newest_snapshot(), "other_path": str(runs[with_what].path)}
    return None


def versus(view: View, other: dict[str, Any]) -> None:
    """Both scores and their difference."""
    answer = view.picture(Comparison, EVERY, lane="slow", doing=ANSWERING, **other)
    if answer is None:
        return
    there = f"the other at step {answer.other:,}" if "other_path" in other else f"step {answer.other:,}"
    head = ("", f"step {answer.step:,}", there, "difference", "95 % interval", "p")
    st.html(table(head, [compared(name, one) for name, one in answer.scores.items()]))
    picture.look_for("scores", lead(answer, there))


def shown(name: str, value: float | None) -> str:
    """A score as a person reads it."""
    if value is None:
        return "–"
    return percent(value) if METRICS[name].scale == 1 else fixed(value, 1 if METRICS[name].scale else 3)


def rows(answer: Scores) -> list[list[str]]:
    """A row for each score; the copy has no perplexity."""
    return [row(name, one) for name, one in answer.scores.items()]


def row(name: str, one: Score) -> list[str]:
    """One score."""
    title = METRICS[name].title
    if one.undefined:
        return [title, "–", "not defined for outputs this short", "–"]
    return [title, shown(name, one.value), interval(name, one), "" if one.copy is None else shown(name, one.copy)]


def compared(name: str, one: Difference) -> list[str]:
    """One score of both."""
    title = METRICS[name].title
    if one.undefined:
        return [title, "–", "–", "–", "not defined for outputs this short", "–"]
    p = "none differs" if one.p is None else fixed(one.p, 3)
    return [title, shown(name, one.first), shown(name, one.second), shown(name, one.lead), interval(name, one), p]


def interval(name: str, one: Score | Difference) -> str:
    """Its 95 % interval, or that there is none."""
    return "none: all resamples alike" if one.low is None else f"{shown(name, one.low)} to {shown(name, one.high)}"


def sentence(answer: Scores) -> str:
    """The headline, and what the tokens are."""
    kind = f"{answer.examples:,} {'held-out' if answer.held_out else 'new'} examples"
    of = f"{kind} ({answer.tokens:,} tokens, each {answer.tokenizer})"
    if "exact" not in answer.scores:
        return f"the right answers of {of} have these perplexities at step {answer.step:,}."
    exact, chrf = answer.scores["exact"], answer.scores["chrf"]
    return (
        f"{shown('exact', exact.value)} of {of} are answered exactly at step {answer.step:,}; chrF2 is "
        f"{shown('chrf', chrf.value)}, and copying the input would have {shown('chrf', chrf.copy)}."
    )


def lead(answer: Comparison, there: str) -> str:
    """Whether the two differ by more than chance."""
    one = answer.scores["token"]
    if one.p is None:
        return "both answer alike in every resample."
    better = (one.lead or 0) < 0
    sure = "more than chance explains" if one.p < 0.05 else "no more than chance may explain"
    return (
        f"{there} is {'surer' if better else 'less sure'} of the right tokens than step {answer.step:,}, by "
        f"{sure} (p {fixed(one.p, 3)} on the same {answer.examples:,} examples)."
    )


def curves(view: View) -> None:
    """Scores and perplexities over training, in two cards."""
    history = view.newest().picture(ScoreHistory, SELDOM, lane="slow", doing=OVER_TRAINING)
    if history is None:
        return
    both = {
        "scores-of-text": (charts.HUNDRED, [name for name in history.scores if name not in OF_LIKELIHOOD]),
        "scores-of-tokens": (charts.PERPLEXITY, [name for name in history.scores if name in OF_LIKELIHOOD]),
    }
    there = {key: pair for key, pair in both.items() if pair[1]}
    for card, (key, (panel, names)) in zip(cards("scores-curves", *[1] * len(there)), there.items(), strict=True):
        values = {METRICS[n].title.removeprefix("Perplexity "): of_hundred(n, history.scores[n]) for n in names}
        with card:
            picture.curves(panel, charts.parts(history.steps, values, view.cursor), key)


def of_hundred(name: str, line: np.ndarray) -> np.ndarray:
    """A score as its axis has it: a share among 100, as chrF2 and BLEU are; a perplexity as it is."""
    best = METRICS[name].scale
    return line if best is None else line * (100 / best)


def wrong(answer: Scores) -> None:
    """Wrong answers, and how sacrebleu's scores are computed again."""
    several = [one for one in answer.rows if one.answer != one.right][:WRONG]
    if several:
        st.markdown("**Answers that are wrong**")
        cells = [[one.read, one.right, one.answer] for one in several]
        st.html(table(("source", "right answer", "its answer"), cells, style="scores words", foreign=range(3)))
    for name, one in answer.scores.items():
        if one.signature:
            st.markdown(f"{METRICS[name].title}: `{foreign.text(one.signature)}`")
