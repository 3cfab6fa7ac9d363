"""The formats: a number bit by bit, how far its neighbours are, where numbers end."""

from __future__ import annotations

import math
from dataclasses import asdict

import streamlit as st

from explorer.answers.records.numerics import Number, Spacing, Stored
from explorer.charts import numerics as charts
from explorer.measure.names import listed, number
from explorer.ui import foreign, held, picture, visit
from explorer.ui.asking import at_once
from explorer.ui.components.bits import bits, words
from explorer.ui.frame import cards
from explorer.ui.numerics.answers import FORMATS
from explorer.ui.parts import steered
from explorer.ui.parts.tables import table
from explorer.ui.view import View

EXAMPLES = ["0.1", "1", "1.001", "65504", "65520", "1e-7", "6e-8", "3.4e38", "inf"]
COMPUTED = (
    r"A normal number is $(-1)^s\,(1 + f)\,2^{e - b}$: sign bit $s$, stored exponent $e$, fraction $f$ of the mantissa "
    r"bits, bias $b$. With $e = 0$ it is subnormal, $(-1)^s f\,2^{1 - b}$: gradual underflow. With $e$ all ones it is "
    r"∞ or NaN (IEEE 754-2019, §3.4; bfloat16 as in Kalamkar et al. 2019, “A study of bfloat16 for deep learning "
    r"training”). eps is the distance from 1 to the next number. Rounding is to the nearest, ties to even; as in "
    "torch, a number passes float32 on its way to 16 bits."
)


def show(view: View | None) -> None:
    """The bits over the whole width; in the fold spacing over magnitude and the limits."""
    del view  # a number is a number, with or without a run
    with cards("bits", 1)[0]:
        word = choose()
        try:
            answer = at_once(Number, written=word)
        except ValueError as error:
            st.warning(foreign.sentence(str(error)), icon=":material/block:")
            return
        bits([asdict(form) for form in answer.formats], key="bits", on_number=put)
        picture.look_for("bits", stored_sentence(answer))
    picture.details(lambda: more(answer))
    picture.computed(COMPUTED)


def more(answer: Number) -> None:
    """The spacing over magnitude, and the limits."""
    left, right = cards("scores", 1, 1.15)
    with left:
        spacing, size = at_once(Spacing), abs(answer.written)
        lines = [charts.line(form.powers, form.spacing, name) for name, form in spacing.formats.items()]
        here = size if 1e-45 < size < 1e39 else None
        picture.show(charts.spacing, charts.lines_frame(*lines, here=here), "spacing")
        picture.look_for("spacing", spacing_sentence(answer))
    with right:
        st.markdown("**The formats in numbers**")
        st.html(table(["", *FORMATS], limits(answer.formats)))
        picture.look_for("limits", limit_sentence(answer.formats))


def choose() -> str:
    """The number, typed or picked."""

    def pick() -> None:
        if st.session_state.known:
            put(st.session_state.known)
            st.session_state.known = None

    left, right = st.columns([1, 3], vertical_alignment="bottom")
    with left:
        held.holds("number", visit.state(), "number", usual="0.1")
        word = steered.text("Number", visit.state(), "number")
    right.pills("or one of these", EXAMPLES, key="known", on_change=pick)
    return word


def put(word: str) -> None:
    """Another number from now on."""
    visit.state().number = word


def limits(formats: list[Stored]) -> list[list[str]]:
    """The rows of the table."""
    rows = [["sign, exponent, mantissa bits", *(f"1 · {form.exponent} · {form.mantissa}" for form in formats)]]
    for name, label in {
        "below": "next number below",
        "above": "next number above",
        "eps": "eps: from 1 to the next",
        "largest": "largest",
        "overflow": "rounds to ∞ from",
        "smallest_normal": "smallest normal",
        "smallest": "smallest above 0",
    }.items():
        rows.append([label, *(number(getattr(form, name), 8 if name in ("below", "above") else 5) for form in formats)])
    return rows


def stored_sentence(answer: Number) -> str:
    """How each format stores the number."""
    written = answer.written
    if not math.isfinite(written):
        return f"{number(written)} has all exponent bits set in every format; of infinity a mantissa bit makes NaN."
    sentences = []
    rounded = [form.name for form in answer.formats if form.value not in (written, 0) and math.isfinite(form.value)]
    for form in answer.formats:
        value = form.value
        if form.name in rounded[:-2]:
            continue  # the coarsest two are enough
        if math.isinf(value):
            sentences.append(f"{form.name} makes it infinite (its largest is {number(form.largest, 8)})")
        elif value == written:
            sentences.append(f"{form.name} holds it exactly")
        elif value == 0:
            sentences.append(f"{form.name} makes it 0")
        else:
            off = abs(value - written) / abs(written)
            few = ", subnormal, with fewer bits" if abs(value) < form.smallest_normal else ""
            sentences.append(f"{form.name} is off by {number(off)} of its size{few}")
    return f"{words(written)}: {listed(sentences)}."


def spacing_sentence(answer: Number) -> str:
    """How far the number's neighbours are."""
    sentences = [
        f"{number(form.above - form.value)} in {form.name}"
        for form in answer.formats
        if math.isfinite(form.value) and math.isfinite(form.above)
    ]
    ends = "A line rises where numbers become subnormal, and ends where there are none."
    return f"the next number above is further by {listed(sentences)}. {ends}" if sentences else ends


def limit_sentence(formats: list[Stored]) -> str:
    """What sets the three apart."""
    one = {form.name: form for form in formats}
    half, brain = one["float16"], one["bfloat16"]
    return (
        f"bfloat16 reaches as far as float32 (to {number(brain.largest)}) with an eps of "
        f"{number(brain.eps)}; float16 is {number(brain.eps / half.eps)} times finer and ends at "
        f"{number(half.largest, 5)}."
    )
