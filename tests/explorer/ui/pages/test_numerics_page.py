"""The numbers page run by Streamlit without a browser: every section, with and without a run, and true sentences."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from messages import looked_for, read
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded
from visits import look

from explorer.answers import numerics
from explorer.measure.names import THIN
from explorer.runs import catalogue
from explorer.ui.components.bits import formula
from explorer.ui.numerics import formats, norm, scaling, softmax, sums

APP = str(Path(__file__).parents[4] / "explorer" / "app.py")
ALWAYS, OF_A_RUN = ["Softmax", "Formats", "Sums", "LayerNorm"], ["Loss scaling", "Dropout"]


@pytest.fixture(scope="module", autouse=True)
def run(served) -> str:
    """A run of 20 steps."""
    path = catalogue.new_path("numbers")
    recorded(path, 20, TINY, every=10).close()
    return path.stem


def visit(section: str, **query: str) -> AppTest:
    return look("numerics", query, about=section)


@pytest.mark.parametrize("section", [*ALWAYS, *OF_A_RUN])
def test_every_section_shows_pictures_of_a_run(run, section):
    app = visit(section, run=run)
    assert app.title[0].value == "Numbers"
    assert looked_for(app)
    assert not any("nan" in line for line in looked_for(app))
    assert app.expander[0].label == "Details"


@pytest.mark.parametrize("section", ALWAYS)
def test_what_needs_no_run_is_there_without_one(section):
    app = visit(section)
    assert looked_for(app)
    assert not [b for b in app.button if b.label == "Train"]


@pytest.mark.parametrize("section", OF_A_RUN)
def test_what_needs_a_run_offers_the_cards_without_one(section):
    app = visit(section)
    assert not looked_for(app)
    assert [b for b in app.button if b.label == "Train"]
    assert any(f"{section} is shown on" in m.value for m in app.markdown)


def test_a_number_that_is_none_is_refused_and_a_known_one_is_taken():
    app = visit("Formats")
    app.text_input(key="number:0").set_value("ten").run()
    assert read(app.warning[0].value).startswith("“ten” is not a number")
    app.text_input(key="number:0").set_value("65520").run()
    assert "float16 makes it infinite (its largest is 65,504)" in looked_for(app)[0]


def bars(word: str) -> list[dict]:
    return [asdict(form) for form in numerics.number(word).formats]


def test_a_formula_makes_the_number_from_its_bits():
    single, half, brain = (formula(form) for form in bars("-0.5"))
    assert single == brain == "−1 × 2^(126 − 127) = −1 × 2^−1"
    assert half == "−1 × 2^(14 − 15) = −1 × 2^−1"
    assert formula(bars("6e-8")[1]) == "subnormal: +0.0009765625 × 2^−14"
    assert [formula(bars(word)[1]) for word in ("0", "-0.0", "inf", "nan", "1e9")] == [
        "+0",
        "−0",
        "exponent all ones: +∞",
        "exponent all ones: NaN",
        "exponent all ones: +∞",
    ]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("-0.0", "−0: float32 holds it exactly"),
        ("0.5", "0.5: float32 holds it exactly, float16 holds it exactly and bfloat16 holds it exactly."),
        ("65520", "float16 makes it infinite (its largest is 65,504)"),
        ("1e-9", "float16 makes it 0"),
        ("1e-7", "of its size, subnormal, with fewer bits"),
        ("inf", "has all exponent bits set"),
    ],
)
def test_the_sentence_says_how_a_number_is_stored(word, said):
    assert said in formats.stored_sentence(numerics.number(word))


def test_the_sentence_under_softmax_says_what_fails_and_why():
    answer = numerics.softmax(5.0)
    assert softmax.softmax_sentence(5, answer).startswith(
        "plain softmax is no number in float16: e^15.5 is infinite there. Of the others the largest error is "
    )
    answer = numerics.softmax(1.0)
    assert softmax.softmax_sentence(1, answer).startswith("at × 1 all six are finite; ")
    first = softmax.failing_sentence(answer)
    scale = min(s for s in numerics.SCALES if 3.1 * s > math.log(65520))
    assert f"× {scale:.3g} in float16" in first
    broken = replace(answer, largest=math.nan, errors=np.full(6, math.nan))
    assert "not finite any more" in softmax.softmax_sentence(1, broken)


def test_sentences_on_sums_layer_norm_and_scaling_hold():
    answer = numerics.adding(0.0, 0.1)
    assert f"furthest off in bfloat16: by −92{THIN}%. Compensated all three are exact" in sums.sum_sentence(
        0, 0.1, answer
    )
    said = norm.norm_sentence(numerics.norm(1e-4, 0.0))
    assert said.startswith("not finite: float16 with ε = 0 and float16 with ε = 1e-12; with the usual")
    shares = np.array([[0.5, 0.2, 0.3, 0], [0.8, 0.1, 0.1, 0], [0.5, 0, 0, 0.5]])
    assert "no entry is infinite up to 2^1. There 10 % are flushed to zero; without scaling it is 30 %" in (
        scaling.sweep_sentence(shares)
    )
    assert "without scaling, 30 % of the entries become 0" in scaling.scaled_sentence(0, shares[0])
    assert "no gradient" in scaling.sweep_sentence(np.full((2, 4), np.nan))
