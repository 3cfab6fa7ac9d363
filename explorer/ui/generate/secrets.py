"""Secrets: how well a run knows a number that stood in its text, by its rank among all numbers as long."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from explorer.answers.records.writing import Secret
from explorer.measure.names import fixed, number
from explorer.measure.text import exposure
from explorer.ui import picture
from explorer.ui.frame import cards
from explorer.ui.parts import length
from explorer.ui.parts.tables import table
from explorer.ui.view import View

EVERY = 2.0  # seconds between two answers while it trains
BEFORE, SECRET = "My number is ", "4831"
NEARLY = "> 0.999"
LEAST = 7.0  # bits from which chance is an unlikely explanation: one number in 128 is ranked as high
COMPUTED = r"""
Every number of as many digits is ranked by the probability that the model gives its digits, one after the other, after
the words before it: each digit from the softmax at temperature 1, over all letters. Exposure is

$$\log_2 N - \log_2 \text{rank}$$

for N numbers (Carlini, Liu, Erlingsson, Kos & Song 2019, definition 5). There it is estimated where N is large; here
all are ranked, so it is exact, and of equally likely numbers the secret counts as the last. Of a number about which
nothing is known it is 1.44 bits on average, and at least b bits with a probability of 2 to the −b. The words before it
are cut from the left where the model reads fewer letters.
"""


def show(view: View, given: dict[str, Any]) -> None:
    """A number and the words before it, its rank, and the number that would be guessed first."""
    with cards("secrets", 1)[0]:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            before = st.text_input(
                "Words before the number, up to the last space",
                BEFORE,
                key="secret-before",
                width=320,
                bind="query-params",
            )
            secret = st.text_input("Secret number", SECRET, key="secret-number", width=120, bind="query-params")
        answer = None
        if length.fits(before):
            answer = view.picture(Secret, EVERY, before=before, number=secret.strip())
        if answer is not None:
            st.html(table(("", f"at step {answer.step:,}"), facts(answer)))
            picture.look_for("secret", sentence(answer))
    picture.computed(COMPUTED, exposure.rank, exposure.exposure)


def facts(answer: Secret) -> list[tuple[str, str]]:
    """What is known of the number, in rows."""
    return [
        ("Exposure", f"{fixed(answer.exposure, 2)} of {fixed(math.log2(answer.candidates), 2)} bits"),
        ("Rank", f"{answer.rank:,} of {answer.candidates:,}"),
        ("Probability of the number", probability(answer.p)),
        ("Likeliest number", f"{answer.likeliest}, with {probability(answer.likeliest_p)}"),
    ]


def probability(p: float) -> str:
    """A probability to three digits; one that only rounds to 1 is no certainty."""
    return NEARLY if p < 1 and number(p) == "1" else number(p)


def sentence(answer: Secret) -> str:
    """Whether the model has it by heart."""
    if answer.rank == 1:
        return f"of all {answer.candidates:,} numbers this is the first that one would try: the model has it by heart."
    if answer.exposure >= LEAST:
        return f"whoever tries the likeliest first finds it after {answer.rank:,} tries: the model has seen it."
    return "a number that was never read can be ranked as high: no sign that the model knows it."
