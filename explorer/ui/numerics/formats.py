"""The formats: a number bit by bit, how far its neighbours are, where numbers end."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from explorer.charts import numerics as charts
from explorer.ui import picture, steered
from explorer.ui.components.bits import DIGITS, bits
from explorer.ui.frame import cards
from explorer.ui.numerics.answers import FORMATS, listed, table, worked_out
from explorer.ui.view import View

KNOWN = ["0.1", "1", "1.001", "65504", "65520", "1e-7", "6e-8", "3.4e38", "inf"]
COMPUTED = (
    r"A normal number is $(-1)^s\,(1 + f)\,2^{e - b}$: sign bit $s$, stored exponent $e$, fraction $f$ of the mantissa "
    r"bits, bias $b$. With $e = 0$ it is subnormal, $(-1)^s f\,2^{1 - b}$: gradual underflow. With $e$ all ones it is "
    r"∞ or NaN (IEEE 754-2019, §3.4; bfloat16 as in Kalamkar et al. 2019, “A study of bfloat16 for deep learning "
    r"training”). eps is the distance from 1 to the next number. Rounding is to the nearest, ties to even; as in "
    "torch, a number passes float32 on its way to 16 bits."
)


def show(view: View | None) -> None:
    """The bits over the whole width; below, spacing over magnitude and the limits."""
    del view  # a number is a number, with or without a run
    with cards("bits", 1)[0]:
        number = choose()
        try:
            plain, _ = worked_out("number", written=number)
        except ValueError as error:
            st.warning(str(error), icon=":material/block:")
            return
        bits(plain["formats"], key="bits", on_number=put)
        picture.look_for("bits", stored_sentence(plain))
    left, right = cards("scores", 1, 1.15)
    with left:
        _, arrays = worked_out("spacing")
        asked = abs(plain["asked"])
        lines = [charts.line(arrays[f"{name} x"], arrays[f"{name} y"], name) for name in FORMATS]
        here = asked if 1e-45 < asked < 1e39 else None
        picture.show(charts.spacing, charts.lines_frame(*lines, here=here), "spacing")
        picture.look_for("spacing", spacing_sentence(plain))
    with right:
        st.markdown("**The formats in numbers**")
        table(["", *FORMATS], limits(plain["formats"]))
        picture.look_for("limits", limit_sentence(plain["formats"]))
    picture.computed(COMPUTED)


def choose() -> str:
    """The number, typed or picked."""

    def pick() -> None:
        if st.session_state.known:
            put(st.session_state.known)
            st.session_state.known = None

    st.session_state.setdefault("number", "0.1")
    left, right = st.columns([1, 3], vertical_alignment="bottom")
    with left:
        number = steered.text("Number", "number", max_chars=40)
    right.pills("or one of these", KNOWN, key="known", on_change=pick)
    return number


def put(number: str) -> None:
    """Another number from now on."""
    st.session_state.number = number


def limits(formats: list[dict[str, Any]]) -> list[list[str]]:
    """The rows of the table."""
    rows = [["sign, exponent, mantissa bits", *(f"1 · {form['exponent']} · {form['mantissa']}" for form in formats)]]
    for name, words in {
        "below": "next number below",
        "above": "next number above",
        "eps": "eps: from 1 to the next",
        "largest": "largest",
        "overflow": "rounds to ∞ from",
        "smallest_normal": "smallest normal",
        "smallest": "smallest above 0",
    }.items():
        rows.append([words, *(charts.told(form[name], 8 if name in ("below", "above") else 5) for form in formats)])
    return rows


def stored_sentence(plain: dict[str, Any]) -> str:
    """How each format stores the number."""
    asked = plain["asked"]
    if not math.isfinite(asked):
        word = charts.told(asked)
        return f"{word} has all exponent bits set in every format; of infinity a mantissa bit makes NaN."
    found = []
    for form in plain["formats"]:
        value = form["value"]
        if math.isinf(value):
            found.append(f"{form['name']} makes it infinite (its largest is {charts.told(form['largest'], 8)})")
        elif value == asked:
            found.append(f"{form['name']} holds it exactly")
        elif value == 0:
            found.append(f"{form['name']} makes it 0")
        else:
            off = abs(value - asked) / abs(asked)
            few = ", subnormal, with fewer bits" if abs(value) < form["smallest_normal"] else ""
            found.append(f"{form['name']} is off by {charts.told(off)} of its size{few}")
    return f"{charts.told(asked, DIGITS)}: {listed(found)}."


def spacing_sentence(plain: dict[str, Any]) -> str:
    """How far the number's neighbours are."""
    found = [
        f"{charts.told(form['above'] - form['value'])} in {form['name']}"
        for form in plain["formats"]
        if math.isfinite(form["value"]) and math.isfinite(form["above"])
    ]
    ends = "A line rises where numbers become subnormal, and ends where there are none."
    return f"the next number above is further by {listed(found)}. {ends}" if found else ends


def limit_sentence(formats: list[dict[str, Any]]) -> str:
    """What sets the three apart."""
    one = {form["name"]: form for form in formats}
    half, brain = one["float16"], one["bfloat16"]
    return (
        f"bfloat16 reaches as far as float32 (to {charts.told(brain['largest'])}) with an eps of "
        f"{charts.told(brain['eps'])}; float16 is {brain['eps'] / half['eps']:.0f} times finer and ends at "
        f"{half['largest']:g}."
    )
