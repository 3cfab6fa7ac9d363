"""Bits: one number as each format stores it. A click flips a bit and gives back the number that it makes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from explorer.measure.names import number
from explorer.ui.components.source import Source

DIGITS = 12  # of a number: enough to tell neighbours in float32 apart

SOURCE = Source(
    "explorer_bits",
    scripts=("bits.js",),
    styles=("bits.css",),
)
mount = SOURCE.component()


def written(value: float) -> str:
    """A number so that `float` reads it back."""
    return repr(float(value))


def words(value: float) -> str:
    """A number as it is read; 0 with its sign, which is a bit of its own."""
    return "−0" if value == 0 and math.copysign(1, value) < 0 else number(value, DIGITS)


def row(form: Mapping[str, Any]) -> dict[str, Any]:
    """The message of one format: its bits, what each would make, and how they make the number."""
    return {
        "name": form["name"],
        "bits": form["bits"],
        "exponent": form["exponent"],
        "value": words(form["value"]),
        "formula": formula(form),
        "flips": [{"number": written(value), "words": words(value)} for value in form["flips"]],
    }


def formula(form: Mapping[str, Any]) -> str:
    """How the bits make the number: sign, fraction, power of two (IEEE 754-2019, §3.4)."""
    bits, wide, bias = form["bits"], form["exponent"], form["bias"]
    sign, stored = "−" if bits[0] == "1" else "+", int(bits[1 : 1 + wide], 2)
    fraction = int(bits[1 + wide :], 2) / 2 ** form["mantissa"]
    if stored == 2**wide - 1:
        return "exponent all ones: " + ("NaN" if fraction else f"{sign}∞")
    if stored == 0:
        return f"{sign}0" if fraction == 0 else f"subnormal: {sign}{fraction:.9g} × 2^{number(1 - bias)}"
    return f"{sign}{1 + fraction:.9g} × 2^({stored} − {bias}) = {sign}{1 + fraction:.9g} × 2^{number(stored - bias)}"


def bits(formats: Sequence[Mapping[str, Any]], *, key: str, on_number: Callable[[str], None]) -> None:
    """Draws the formats of an answer of `numerics.number`; `on_number` gets the number that a click makes, as text.

    It runs before the page does, so what it changes is drawn at once.
    """

    def deliver() -> None:
        if st.session_state[key]["number"]:
            on_number(st.session_state[key]["number"])

    mount(key=key, data={"formats": [row(form) for form in formats]}, on_number_change=deliver)
