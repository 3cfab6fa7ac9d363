"""Fill the gap: a click hides a token; what a model says there from both sides, and its twin from the left alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from explorer.answers.records.reading.gaps import Gap, GapScore, Surprisals
from explorer.charts import next_token as charts
from explorer.config.run import RunConfig
from explorer.measure.names import fixed, number, percent
from explorer.ui import held, picture, visit
from explorer.ui.components import strips
from explorer.ui.components.strips import Strip
from explorer.ui.frame import cards
from explorer.ui.parts import length
from explorer.ui.parts.tokens import shown_token
from explorer.ui.reading import twins
from explorer.ui.view import View

EVERY = 0.8  # seconds between two answers while it trains
SCORED_EVERY = 4.0  # and between two scores
HEIGHT = 220  # pixels of the bars
NONE = "none"  # is hidden
BITS = 8  # of surprisal, from which a ground is darkest
BOTH, LEFT = "From both sides", "From the left alone"
SPOKEN = {BOTH: "from both sides", LEFT: "from the left alone"}  # within a sentence
COMPUTED = r"""
**Masked language model** (Devlin et al. 2019, §3.1): of every row 15 % of the tokens are predicted; of these 80 % are
seen as ▢, 10 % as any token and 10 % as they are, and the loss is that of the predicted ones. **Surprisal** of a token
is $-\log_2 p$: from both sides $p(w_t \mid w_{\setminus t})$, that token alone hidden; from the left alone
$p(w_t \mid w_{<t})$, of which the first token has none. **Pseudo-perplexity** is
$\exp(-\frac{1}{T}\sum_t \ln p(w_t \mid w_{\setminus t}))$ (Salazar et al. 2020); it is no perplexity, as the
$p(w_t \mid w_{\setminus t})$ are no factors of one $p(w)$, and the two are compared as surprise per token, no more.
**Gaps**: ▢ stands at all tokens hidden by click. The twin has no ▢: it fills gaps to the left of the chosen one with
what it finds likeliest, from the left on. **Held-out gaps** are the same 256 places for both, each hidden alone.
"""


@dataclass
class Gaps:
    """What a visit hides. of: the text that the places are of.   places: hidden.   at: the one looked at.

    first: what is hidden at first, in words.
    """

    of: tuple[Any, ...] = ()
    places: set[int] = field(default_factory=set)
    at: int = 0
    first: str = ""

    @property
    def words(self) -> str:
        """The hidden places, the one looked at last, as the address has them."""
        places = sorted(self.places - {self.at}) + [self.at] * (self.at in self.places)
        return "-".join(map(str, places)) or NONE

    @words.setter
    def words(self, words: str) -> None:
        places = [] if words == NONE else [int(place) for place in words.split("-")]
        self.places, self.at = set(places), places[-1] if places else self.at

    def click(self, place: int) -> None:
        """Hides a token and looks at it; one that is looked at already is shown again."""
        if place in self.places and place == self.at:
            self.places.discard(place)
            self.at = max(self.places, default=place)
            return
        self.places.add(place)
        self.at = place


def show(view: View) -> None:
    """The text under both readers, and the predictions at the gap."""
    wanted = twins.twin_of(view.config)
    other = twins.find(view.run, wanted) if wanted is not None else None
    seen = {twins.both_sides(view.config): view}
    if other is not None:
        seen[not twins.both_sides(view.config)] = twins.view_of(view, other)
    readers = {name: seen[way] for name, way in ((BOTH, True), (LEFT, False)) if way in seen}
    row = st.container(horizontal=True, vertical_alignment="center")
    text = row.text_input(
        "Text",
        key="gap-text",
        placeholder="held-out text; type another",
        label_visibility="collapsed",
        bind="query-params",
    )
    if not length.fits(text):
        return
    given: dict[str, Any] = {"text": text} if text else {}
    surprise = {}
    for name, one in readers.items():
        if (answer := one.picture(Surprisals, EVERY, says=False, **given)) is not None:
            surprise[name] = answer
    if not surprise:
        picture.making(view.waiting)
        return
    gaps = hidden(view, given, next(iter(surprise.values())))
    with row:
        buttons(gaps, len(next(iter(surprise.values())).tokens))
    with cards("gaps", 1)[0]:
        draw(surprise, gaps, len(readers))
    predictions(view, readers, gaps, given, wanted if other is None else None)
    picture.computed(COMPUTED)


def hidden(view: View, given: dict[str, Any], answer: Surprisals) -> Gaps:
    """The gaps of this text; at first one in its middle."""
    gaps, of = visit.kept(Gaps), (answer.text,)
    if gaps.of != of:
        middle = len(answer.tokens) // 2
        while middle + 1 < len(answer.tokens) and not answer.tokens[middle].isalpha():
            middle += 1
        gaps.of, gaps.places, gaps.at, gaps.first = of, {middle}, middle, str(middle)
    held.holds("gaps", gaps, "words", places_of(len(answer.tokens)), gaps.first)
    return gaps


def places_of(tokens: int) -> Callable[[str], str]:
    """What reads hidden places of the address, in a text of this length; ValueError names what is none."""

    def read(words: str) -> str:
        if words != NONE and not re.fullmatch(r"[0-9]{1,6}(-[0-9]{1,6})*", words):
            raise ValueError(f"use places from 0, such as 3-7, the one looked at last, or {NONE}")
        if words != NONE and max(map(int, words.split("-"))) >= tokens:
            raise ValueError(f"the text has the places 0 to {tokens - 1}")
        return words

    return read


def draw(surprise: dict[str, Surprisals], gaps: Gaps, readers: int) -> None:
    """One strip a reader, each in a place that is there before it."""
    rows = []
    for name, answer in surprise.items():
        of, step = number(answer.perplexity), f"{answer.step:,}"
        note = f"pseudo-perplexity {of} · step {step}" if name == BOTH else f"perplexity {of} · step {step}"
        rows.append(Strip(name, note, answer.tokens, answer.bits))
    foot = "How much each token surprises the model. Click a token to hide it."
    words = strips.message(
        "The text", rows, "bits", BITS, foot, gaps.places, gaps.at, projector=visit.state().projector
    )
    strips.strips(words, key=f"gap-strips-{readers}", on_clicked=gaps.click)


def buttons(gaps: Gaps, tokens: int) -> None:
    """All gaps at once."""

    def hide_all() -> None:
        gaps.places = set(range(tokens))

    def show_all() -> None:
        gaps.places = set()

    st.button("Hide all", key="gaps-all", on_click=hide_all)
    st.button("Show all", key="gaps-none", on_click=show_all)


def predictions(
    view: View, readers: dict[str, View], gaps: Gaps, given: dict[str, Any], missing: RunConfig | None
) -> None:
    """Side by side what each reader says at the gap that is looked at, and how it does at held-out gaps.

    missing: the settings of a twin that there is no run of yet; where its bars would be stands what makes one.
    """
    if gaps.at not in gaps.places:
        st.info("No token is hidden. Click one in the text above.", icon=":material/touch_app:")
        if missing is not None:
            twins.offer(missing)
        return
    places = cards("gap-bars", *[1] * (len(readers) + (missing is not None)))
    if missing is not None:
        with places[-1]:
            st.markdown(f"**{LEFT if BOTH in readers else BOTH}**")
            twins.offer(missing)
    answers: dict[str, Gap] = {}
    scores: dict[str, GapScore] = {}
    for place, (name, one) in zip(places, readers.items(), strict=False):
        with place:
            answer = one.picture(Gap, EVERY, masked=tuple(sorted(gaps.places)), at=gaps.at, **given)
            if answer is None:
                continue
            answers[name] = answer
            if len(answer.p):
                frame = charts.frame([shown_token(symbol) for symbol in answer.symbols], answer.p)
                picture.show(charts.bars, frame, f"gap-{name}", title=name, height=HEIGHT)
            else:
                st.caption("Nothing stands before the first token, so this model says nothing about it.")
            if not view.first and (score := one.picture(GapScore, SCORED_EVERY, lane="slow", says=False)) is not None:
                scores[name] = score
    picture.look_for("gaps", sentence(answers, scores))


def sentence(answers: dict[str, Gap], scores: dict[str, GapScore]) -> str:
    """What is hidden, what each reader gives it, and how often each is right."""
    if not answers:
        return "the predictions are being computed."
    first = next(iter(answers.values()))
    hidden = shown_token(first.hidden)
    where = at_steps(answers)
    chances = [
        f"{where[name]} it is given {percent(float(one.p[one.symbols.index(one.hidden)]))}"
        for name, one in answers.items()
        if len(one.p)
    ]
    words = f"“{hidden}” at place {first.at + 1} is hidden" + (f"; {', '.join(chances)}." if chances else ".")
    if scores:
        where = at_steps(scores)
        right = [
            f"{where[name]} {percent(one.right)} are right ({fixed(one.nats, 2)} nats)" for name, one in scores.items()
        ]
        words += f" At {next(iter(scores.values())).gaps} held-out gaps {', '.join(right)}."
    return words


def at_steps(answers: Mapping[str, Gap | GapScore]) -> dict[str, str]:
    """How each reader reads, within a sentence; where they do not stand at one step, each with its own."""
    if len({one.step for one in answers.values()}) == 1:
        return {name: SPOKEN[name] for name in answers}
    return {name: f"{SPOKEN[name]} (step {one.step:,})" for name, one in answers.items()}
