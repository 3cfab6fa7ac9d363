"""The next token at every stage of a sampler, and the text that is written with these settings."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from explorer.answers.records.writing import NextToken, Text, Why
from explorer.measure import sampling
from explorer.measure.names import fixed, percent, plural
from explorer.ui import held, picture, visit
from explorer.ui.components import stages, written
from explorer.ui.frame import cards
from explorer.ui.parts import length
from explorer.ui.parts.tokens import shown_token
from explorer.ui.pressing import pressed
from explorer.ui.view import View

EVERY = 0.8  # seconds between two answers while it trains
PATIENCE = 0.2  # seconds that the attribution of a token that is pointed at is waited for
FIRST, LENGTH = 24, 120  # tokens that are shown soon, and all; one forward pass each
COMPUTED = r"""
Each column is $\mathrm{softmax}$ of what its stage leaves of the logits, in the order of the columns; what is cut
becomes $-\infty$. Temperature divides logits; top-k keeps the $k$ largest (Fan et al. 2018), top-p the fewest whose
probabilities sum to $p$ (Holtzman et al. 2020), min-p those of at least a share of the largest (Nguyen et al. 2024).
The repetition penalty divides positive logits of tokens that stand in the text and multiplies negative ones (Keskar
et al. 2019, as Transformers has it). Each token of the text is drawn from the last column with one number of a seeded
generator; its ground is $-\log_2 p$ by the model itself, before all stages. The proof draws 10,000 tokens and compares
with Pearson's $\chi^2$; tokens that are expected less than five times are counted together.
"""


@dataclass
class Sampler:
    """What a visit has set."""

    settings: dict[str, float] = field(default_factory=lambda: sampling.checked({}))
    order: tuple[str, ...] = sampling.ORDERS[sampling.USUAL]
    forced: dict[int, int] = field(default_factory=dict)
    of: tuple[Any, ...] = ()  # what the forced tokens are of
    parted: Text | None = None  # the text that they part from
    pointed: int | None = None  # the place in the text that was pointed at last
    seed: int = 0

    @property
    def words(self) -> str:
        """Settings that are not neutral and the order, as the address has them."""
        neutral = sampling.checked({})
        changed = [f"{name}:{value:g}" for name, value in self.settings.items() if value != neutral[name]]
        order = [] if self.order == sampling.ORDERS[sampling.USUAL] else ["-".join(self.order)]
        return " ".join(changed + order)

    @words.setter
    def words(self, words: str) -> None:
        settings, order = {}, self.order
        for word in words.split():
            name, colon, value = word.partition(":")
            if colon:
                settings[name] = float(value)
            elif sorted(order := tuple(word.split("-"))) != sorted(sampling.STAGES):
                raise ValueError(f"an order names each of {', '.join(sampling.STAGES)} once")
        self.settings, self.order = sampling.checked(settings), order

    @property
    def put(self) -> str:
        """The forced tokens, place by place, as the address has them."""
        return " ".join(f"{place}:{token}" for place, token in sorted(self.forced.items()))

    @put.setter
    def put(self, words: str) -> None:
        pairs = [word.split(":") for word in words.split()]
        self.forced = {int(place): int(token) for place, token in pairs}

    def take(self, settings: dict[str, float], order: tuple[str, ...]) -> None:
        self.settings, self.order = settings, order


def show(view: View, given: dict[str, Any]) -> None:
    """The strip of stages over the text. given: the input as the answers' argument."""
    sampler = visit.kept(Sampler)
    held.holds("sampler", sampler, "words")
    answer = view.picture(NextToken, EVERY, says=False, **given)
    if answer is None:
        picture.making(view.waiting)
        return
    with cards("stages", 1)[0]:
        read = ("" if view.about.writes else " ").join(answer.tokens[-24:])
        if answer.source:
            source = " / ".join(answer.source.split("\n"))  # a picture's rows
            read = f"{source} → {read}"
        if answer.cut:
            st.caption(
                f"The model reads {len(answer.tokens):,} token{plural(len(answer.tokens))}; {answer.cut} at the "
                f"beginning of the input {'is' if answer.cut == 1 else 'are'} cut off."
            )
        drawing = stages.message(
            f"After “{shown_token(read)}” · step {answer.step:,}",
            [shown_token(symbol) for symbol in answer.symbols],
            answer.logits,
            answer.seen.tolist(),
            sampler.settings,
            sampler.order,
            visit.state().projector,
        )
        stages.stages(drawing, key="stages", on_chosen=sampler.take)
        picture.look_for("stages", sentence(answer, sampler))
    with cards("written", 1)[0]:
        text(view, sampler, given, len(answer.symbols))
    picture.computed(COMPUTED, *(stage.apply for stage in sampling.STAGES.values()))


def prompt(read: bool = True, drawn: bool = True) -> dict[str, Any] | None:
    """The input as the answers' argument, {} for the task's own, None of one that is too long; beside it the seed of
    what is written.

    read: the section reads the input.   drawn: it draws, and so has a seed.   What does nothing there is switched off.
    """
    row = st.container(horizontal=True, vertical_alignment="center", key="prompt-row")
    typed = row.text_input(
        "Prompt",
        key="prompt",
        bind="query-params",
        placeholder="the task’s prompt; type another",
        label_visibility="collapsed",
        disabled=not read,
    )
    row.markdown("Seed", width="content", help="The same seed writes the same text.")
    seed = row.number_input(
        "Seed",
        0,
        9999,
        key="writing-seed",
        bind="query-params",
        label_visibility="collapsed",
        width=110,
        disabled=not drawn,
    )
    visit.kept(Sampler).seed = int(seed)
    if read and not length.fits(typed):
        return None
    return {"text": typed} if typed else {}


def puts(symbols: int) -> Callable[[str], str]:
    """What reads forced tokens of the address, of a model with this vocabulary; ValueError names what is none."""

    def read(words: str) -> str:
        for word in words.split():
            if not re.fullmatch(r"[0-9]{1,6}:[0-9]{1,6}", word):
                raise ValueError("use a place and a token from 0, such as 4:17, for each that is forced")
            place, token = map(int, word.split(":"))
            if place >= LENGTH or token >= symbols:
                raise ValueError(f"places go to {LENGTH - 1}, and the tokens of this model to {symbols - 1}")
        return words

    return read


def text(view: View, sampler: Sampler, given: dict[str, Any], symbols: int) -> None:
    """The text itself; a token that is clicked is replaced, and the text goes on from there."""
    of = (view.run.id, *given.values(), sampler.seed)
    if sampler.of != of:
        sampler.of, sampler.forced, sampler.parted, sampler.pointed = of, {}, None, None
    held.holds("forced", sampler, "put", puts(symbols))
    answer = written_text(view, **drawn_with(sampler), **given)
    if answer is None:
        return

    def choose(place: int, token: int) -> None:
        if sampler.forced.get(place) == token:
            return  # it was heard before: the text that it parted from is the one before that
        sampler.parted = answer
        sampler.forced = {at: kept for at, kept in sampler.forced.items() if at < place} | {place: token}

    def ask(place: int) -> None:
        sampler.pointed = place

    title, at, why = f"What it writes · step {answer.step:,}", sampler.pointed, None
    if at is not None and at < len(answer.numbers):
        said = tuple(answer.numbers[: at + 1].tolist())
        question = view.question(Why, EVERY, "quick", said=said, **given)
        with suppress(ValueError):  # said already where the text is refused
            if not question.wait(PATIENCE):
                view.wait_for(question, "computing…")
        why = question.shown
    room = view.about.writes, visit.state().projector
    drawing = written.message(title, answer, sampler.parted, why, at, *room)
    written.written(drawing, key="written", on_chosen=choose, on_pointed=ask)
    if sampler.forced and pressed(st.button, "Write by itself again", "unforce"):
        sampler.forced, sampler.parted = {}, None
        st.rerun(scope="fragment")
    mean = float(answer.bits.mean()) if len(answer.bits) else 0.0
    picture.look_for(
        "written", f"tokens surprise the model by {fixed(mean, 2)} bits on average. {answer.verdict}".strip()
    )


def drawn_with(sampler: Sampler) -> dict[str, Any]:
    """With what a text is drawn, as the answer's arguments."""
    stages_set: dict[str, Any] = {
        name: int(value) if sampling.STAGES[name].whole else value for name, value in sampler.settings.items()
    }
    forced = tuple(sorted(sampler.forced.items()))
    return {"seed": sampler.seed, "order": " ".join(sampler.order), "forced": forced} | stages_set


def written_text(view: View, **arguments: Any) -> Text | None:
    """The whole text; until it is there, its first tokens."""
    whole = view.question(Text, 2 * EVERY, "slow", length=LENGTH, **arguments)
    if whole.shown is not None or (whole.request is not None and whole.request.answer.done()):
        return view.picture(Text, 2 * EVERY, lane="slow", length=LENGTH, **arguments)
    view.wait_for(whole, "writing…")
    forced = [(at, token) for at, token in arguments.pop("forced") if at < FIRST]
    return view.picture(Text, 2 * EVERY, length=FIRST, forced=tuple(forced), **arguments)


def sentence(answer: NextToken, sampler: Sampler) -> str:
    """What the stages leave."""
    found = sampling.passed(answer.logits, sampler.settings, sampler.order, answer.seen.tolist())
    first, last = found[0], found[-1]
    best = shown_token(answer.symbols[int(last.p.argmax())])
    return (
        f"{last.survivors:,} of {first.survivors:,} tokens {'is' if last.survivors == 1 else 'are'} left. “{best}” has "
        f"{percent(last.p.max())} of the probability. Drag a stage to another place and watch the last column."
    )
