"""Ask it: a prompt that the model writes on from, or an input that it answers, at any step.

writes: prompt ─> the next token's chances, at a temperature ─> the text that goes on from there
answers: input ─> the answer; of a model that reads its own answer on, with the chances of its first token
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from explorer.answers.records.samples import Response
from explorer.answers.records.writing import NextToken, Text
from explorer.charts import next_token as charts
from explorer.measure import sampling
from explorer.measure.names import percent
from explorer.ui import feed, picture
from explorer.ui.components.samples import Part, Words, message, samples
from explorer.ui.parts import length
from explorer.ui.parts.tokens import shown_token
from explorer.ui.view import View
from models.families import kind_of

EVERY = 0.8  # seconds between two answers while it trains
LENGTH = 60  # tokens that it writes on
LIKELIEST = 0.0  # the temperature at which no other token has a chance
TAIL = 24  # tokens of the input that stand above the bars
WAITS = "computing…"


def show(view: View) -> None:
    """A fold with it; nothing is computed while it is closed."""
    if not view.config.has("logits"):
        return
    fold = st.expander("Ask it", icon=":material/chat:", key="ask", on_change="rerun")
    with fold:
        if fold.open:
            within(view, {})


def within(view: View, given: Mapping[str, Any]) -> None:
    """The input and what the model makes of it. given: the page's own input, where nothing is typed here."""
    writes = view.about.writes
    left, right = st.columns([4, 2], vertical_alignment="bottom")
    typed = left.text_input(
        "Prompt" if writes else "Input",
        key="ask-text",
        bind="query-params",
        placeholder="the task’s prompt; type another" if writes else f"such as {view.about.sample.split(' → ')[0]}",
    )
    if not length.fits(typed):
        return
    given = {"text": typed} if typed else {name: given[name] for name in given if name == "text"}
    onward = kind_of(view.config.model).reads != "in place"
    if not onward:
        at_once(view, given)
        return
    temperature = LIKELIEST
    if writes:
        temperature = right.slider(
            "Temperature",
            0.0,
            2.0,
            1.0,
            0.1,
            key="ask-temperature",
            bind="query-params",
            help="Logits are divided by it: below 1 the likeliest tokens get more, at 0 all. 1 is the model itself.",
        )
    bars(view, given, temperature)


def bars(view: View, given: dict[str, Any], temperature: float) -> None:
    """The chances of the next token beside the text that goes on, or the answer: the likeliest token each time."""
    answer = view.picture(NextToken, EVERY, **given)
    if answer is None:
        return
    settings = sampling.checked({"temperature": temperature if view.about.writes else 1.0})
    stages = sampling.passed(answer.logits, settings, sampling.ORDERS[sampling.USUAL], answer.seen.tolist())
    chances = stages[-1].p
    apart = "" if view.about.writes else " "
    read = apart.join(answer.tokens[-TAIL:])
    frame = charts.frame([shown_token(symbol) for symbol in answer.symbols], chances)
    left, right = st.columns(2)
    with left:
        st.caption(f"The next token at step {answer.step:,}, after:")
        st.text(shown_token(f"{answer.source} → {read}" if answer.source else read))
        picture.show(charts.bars, frame, "ask-bars")
    with right:
        if written := goes_on(view, given, temperature):
            samples(written, key="ask-written")
        best = int(chances.argmax())
        likeliest = f"the likeliest next token is “{shown_token(answer.symbols[best])}”"
        picture.look_for("ask", f"{likeliest}, with {percent(float(chances[best]))} of the probability.")


def goes_on(view: View, given: dict[str, Any], temperature: float) -> bytes | None:
    """The text after the input, or the answer to it."""
    answer = view.picture(Text, EVERY, length=LENGTH, temperature=temperature, **given)
    if answer is None:
        return None
    how = "the likeliest token each time" if temperature == LIKELIEST else f"drawn at temperature {temperature:g}"
    if view.about.writes:
        part = Part("It writes on", how, [], [("", answer.verdict)], answer.text)
    else:
        line: list[Words] = [("read", shown_token(answer.prompt_text)), ("", " → ")]
        part = Part("It answers", how, [line + spaced(answer.tokens)], [("", answer.verdict)])
    return message([part], "ask-written", feed.moment(view) | {"step": answer.step}, view.about.writes)


def at_once(view: View, given: dict[str, Any]) -> None:
    """The answer of a model that answers all places at once."""
    answer = view.picture(Response, EVERY, **given)
    if answer is None:
        return
    line: list[Words] = [("read", shown_token(answer.read)), ("", " → ")]
    lowest = min(answer.p, default=1.0)
    foot = [("", f"At step {answer.step:,}. It is least sure of a token with {percent(lowest)}.")]
    part = Part("It answers", "all tokens at once", [line + spaced(answer.tokens)], foot)
    samples(message([part], "ask-written", feed.moment(view) | {"step": answer.step}), key="ask-written")


def spaced(tokens: list[str]) -> list[Words]:
    """Tokens with spaces between them."""
    return [part for token in tokens for part in (("", " "), ("word", shown_token(token)))][1:]
