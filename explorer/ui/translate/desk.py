"""Desk: the input that the page's sections share, and what a visit has put by hand there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.answers.records.task import TaskFacts
from explorer.answers.records.translating.answer import AlignmentHistory, Translation
from explorer.config.quoting import quoted
from explorer.config.run import RunConfig
from explorer.measure.names import head_name, percent
from explorer.ui import sitemap, visit
from explorer.ui.held import holds, whole
from explorer.ui.parts import length, steered
from explorer.ui.view import View

EVERY = 1.0  # seconds between two answers while it trains
RATES = 6.0  # and between two curves of all heads
ITSELF = -1  # nothing is put there
MEASURING = "measuring all heads at {of} snapshots"


@dataclass
class Desk:
    """What a visit has put by hand. of: the run and the input that it is about.

    head: chosen by hand; "" is the best.   place: of the answer.   token: put there.   key: the token of the source
    that the head is made to read there. ITSELF where the model is left alone.   beginning: of the answer.
    """

    of: tuple[Any, ...] = ()
    head: str = ""
    place: int = 0
    token: int = ITSELF
    key: int = ITSELF
    beginning: str = ""

    @property
    def at(self) -> int:
        """The place that is looked at."""
        return self.place

    @at.setter
    def at(self, place: int) -> None:
        """Looks at a place of the answer. What was put at another stays there no longer."""
        if place != self.place:
            self.place, self.token = place, ITSELF


def desk(view: View, given: dict[str, Any]) -> Desk:
    """The visit's desk; empty again where the run or the input is another."""
    held, of = visit.kept(Desk), (view.run.id, *given.values())
    if held.of != of:
        visit.kept(Desk).__init__(of=of)  # type: ignore[misc]
    return held


def hold_place(held: Desk, answer: Translation) -> None:
    """Before it is drawn: the address says which place of the answer is looked at."""
    places = range(len(answer.tokens))
    holds("answer-place", held, "place", one_of(places, f"the answer has the places 0 to {places[-1]}", whole), 0)
    held.place = min(held.place, places[-1])


def one_of(options: Sequence[Any], why: str, kind: Callable[[str], Any] = str) -> Callable[[str], Any]:
    """How a word of the address becomes one of these; ValueError with the reason where it is none."""

    def read(word: str) -> Any:
        if (value := kind(word)) not in options:
            raise ValueError(why)
        return value

    return read


def answers(config: RunConfig, about: TaskFacts) -> bool:
    """Whether a run answers inputs token by token."""
    return config.reads_its_answer and not about.writes


def say_why_not(about: TaskFacts) -> None:
    """Why there is no answer beside its source, and the way out."""
    why = "writes on without end" if about.writes else "answers all places at once"
    name = "generate" if about.writes else "attention"
    title, icon = sitemap.TITLES[name]
    st.info(f"This run {why}, so there is no answer to set beside its source. {title} shows what it does.")
    st.page_link(sitemap.page(name), label=f"Open it on {title}", icon=f":material/{icon}:")


def source(view: View) -> tuple[dict[str, Any] | None, DeltaGenerator]:
    """The input as the answers' argument, {} the task's own, None of one that is too long; and a place beside it for
    the section's own choice."""
    left, middle, right = st.columns([4, 3, 2], vertical_alignment="center")
    example = view.about.sample.partition(" → ")[0].partition(" | ")[0]
    typed = left.text_input(
        "Source",
        key="translate-source",
        placeholder=f"type another, such as {quoted(example)}",
        label_visibility="collapsed",
        bind="query-params",
    )
    right.page_link(sitemap.page("generate"), label="Beam search", help="On the page Writing", icon=":material/edit:")
    if not length.fits(typed):
        return None, middle
    return {"text": typed} if typed else {}, middle


def rates(view: View, answer: Translation) -> AlignmentHistory | None:
    """How far each head keeps to what belongs together, over training, where the task says that."""
    if not answer.aligned or not answer.heads:
        return None
    return view.newest().picture(AlignmentHistory, RATES, lane="slow", doing=MEASURING, says=False)


def best(history: AlignmentHistory | None, heads: list[str]) -> str:
    """The head with the least error at the newest snapshot; the first before there is one; "" where there are none."""
    if history is None or not len(history.steps):
        return heads[0] if heads else ""
    newest = history.rates[-1]
    return history.heads[int(newest.argmin())] if (newest == newest).all() else heads[0]


def choose_head(view: View, held: Desk, answer: Translation, history: AlignmentHistory | None, **look: Any) -> str:
    """The head that is drawn, at first the best. look: of the widget."""
    first = best(history, answer.heads)
    error = dict(zip(history.heads, history.rates[-1], strict=True)) if history and len(history.steps) else {}

    def named(head: str) -> str:
        words = "best head" if head == "" else head_name(head)
        at = first if head == "" else head
        if at not in error or history is None:
            return words
        measured = int(history.steps[-1])
        if measured == view.step:
            return f"{words} (error {percent(error[at])})"
        return f"{words} (error {percent(error[at])} at step {measured:,})"

    holds("answer-head", held, "head", one_of(answer.heads, "this model has no such head"))
    label, options = "Head (its alignment error)", ["", *answer.heads]
    steered.choice(label, options, held, "head", "answer-head", format_func=named, **look)
    return held.head or first
