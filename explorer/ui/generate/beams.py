"""Beam search, candidate by candidate, beside the greedy answer and the best of all."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from explorer.answers.records.decoding import Beams, Decoded
from explorer.measure import decoding
from explorer.measure.names import fixed
from explorer.ui import picture, visit
from explorer.ui.components import branches
from explorer.ui.frame import cards
from explorer.ui.parts.tables import table
from explorer.ui.parts.tokens import shown_token
from explorer.ui.view import View

EVERY = 1.5  # seconds between two answers while it trains
WIDEST, LONGEST = 10, 32
ROUNDING = 1e-9  # of a score, in nats
ENDS = "⊣"  # an answer that ends before it says anything
FATES = {
    "kept": "kept: it is among the best and the beam goes on from it",
    "finished": "finished: an answer",
    "pruned": "pruned: as many others have more probability as the beam is wide",
    "late": "dropped: an end, but not among the best of its step",
    "blocked": "blocked: it would repeat an n-gram",
}
COMPUTED = r"""
A beam of width $W$ keeps the $W$ beginnings of the largest $\log p = \sum_t \log p(y_t \mid y_{<t})$ (Sutskever et al.
2014). Answers are compared by $\log p / \big((5 + n) / 6\big)^\alpha$ with their length $n$ (Wu et al. 2016, eq. 14).
The exact answer is found by branch and bound: $\log p$ only falls, so a beginning that is already worse than a whole
answer needs no second look (Stahlberg & Byrne 2019). If the exact answer is better than the beam's, the search erred.
If the exact answer is not the right one, the model erred.
"""


def show(view: View, given: dict[str, Any]) -> None:
    """Settings, the candidates, and the three answers side by side."""
    with cards("beams", 1)[0]:
        width, alpha, block, length = st.columns(4)
        settings: dict[str, Any] = {
            "width": width.slider("Beam width", 1, WIDEST, 3, key="beam-width", bind="query-params"),
            "alpha": alpha.slider("Length penalty α", 0.0, 2.0, 0.0, 0.1, key="beam-alpha", bind="query-params"),
            "block": block.slider(
                "Block n-grams of size", 0, 5, 0, key="beam-block", bind="query-params", help="0 blocks none."
            ),
        }
        if view.about.writes:
            settings["length"] = length.slider("Tokens", 1, LONGEST, 12, key="beam-length", bind="query-params")
        answer = view.picture(Beams, EVERY, lane="slow", **settings, **given)
        if answer is None:
            return
        apart = "" if view.about.writes else " "
        title = f"Beam of {settings['width']} · step {answer.step:,}"
        drawing = branches.message(
            title, answer.branches, FATES, marked(answer), apart, "beam", visit.state().projector
        )
        branches.branches(drawing, key="beam")
        st.html(answers(answer))
        picture.look_for("beams", sentence(answer))
    picture.computed(COMPUTED, decoding.beam, decoding.exact, title="How the search is computed")


def marked(answer: Beams) -> list[int]:
    """The places of the beam's best answer among the candidates."""
    ends = [i for i, one in enumerate(answer.branches) if one.fate == "finished"]
    if not ends:
        return []
    at = max(ends, key=lambda i: answer.branches[i].score)
    way = []
    while at >= 0:
        way.append(at)
        at = answer.branches[at].parent
    return way


def answers(answer: Beams) -> str:
    """The answers side by side, as HTML."""
    exact = "Exact best" if answer.proved else f"Best after {answer.queried:,} beginnings"
    rows = {"Greedy": answer.greedy, "Beam": answer.beam, exact: answer.exact, "Right answer": answer.right}
    best = max((one.score for one in rows.values() if one), default=0.0)
    head = ("", "answer", "log p", "score", "e^(score − best score)")
    return table(head, [row(name, one, best) for name, one in rows.items() if one], foreign=(1,))


def row(name: str, one: Decoded, best: float) -> list[str]:
    """One answer."""
    figures = (one.log_p, one.score, math.exp(one.score - best))
    return [name, shown_token(one.text) or ENDS, *(fixed(figure, 3) for figure in figures)]


def sentence(answer: Beams) -> str:
    """Whether the search erred, and whether the model did."""
    if answer.exact is None:
        return "no answer obeys these rules: each would repeat an n-gram. Block longer ones."
    if not answer.proved:
        return (
            f"the exact search has not finished within its budget of {answer.queried:,} beginnings. Train on, or take "
            "a shorter answer: a surer model leaves less to look through."
        )
    found = answer.beam
    if found is None or found.score < answer.exact.score - ROUNDING:
        said = "the beam missed a better answer: a search error. Widen it."
    elif answer.greedy.score < answer.exact.score - ROUNDING:
        said = "greedy missed the best answer and the beam found it."
    else:
        said = "greedy and the beam both found the best answer."
    if not answer.exact.text:
        said += " The best of all is to say nothing: “⊣” ends the answer at once."
    if answer.right is None:
        return f"{said} It took {answer.queried:,} beginnings to prove it."
    if answer.exact.tokens == answer.right.tokens:
        return f"{said} The best answer is the right one, so the model does not err here."
    return f"{said} The model itself holds a wrong answer for the best: a model error that no search can mend."
