"""What is typed or pasted is read whole or refused in a sentence: no widget drops or cuts any of it by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from messages import read
from streamlit.testing.v1 import AppTest
from tiny_runs import recorded
from visits import look, settled

from explorer import RunConfig
from explorer.runs import catalogue
from explorer.ui.parts import length

ROOT = Path(__file__).parents[4]
SMALL = {"model.width": 16, "model.heads": 2, "model.layers": 1, "model.context": 24, "train.batch": 4}
PLACES = {  # page, preset and key of a place to type a text
    "gaps": ("reading", "fill-shakespeare", "gap-text"),
    "telling": ("reading", "which-language", "telling-text"),
    "source": ("translate", "dates-fr", "translate-source"),
    "prompt": ("generate", "shakespeare", "prompt"),
}


def test_no_widget_has_a_limit_of_its_own():
    scripts = [*(ROOT / "explorer" / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")]
    assert not [path.name for path in scripts if "max_chars=" in path.read_text("utf-8")]


def test_a_text_fits_up_to_the_last_letter():
    def page() -> None:
        import streamlit as st

        from explorer.ui.parts import length

        st.text(f"{length.fits('a' * 5, 5)} {length.fits('a' * 1200, 1000)}")

    app = AppTest.from_function(page).run()
    assert app.text[0].value == "True False"
    (refusal,) = app.warning
    assert refusal.value == length.refusal("a" * 1200, 1000)
    assert "has 1,200 characters, and at most 1,000 are read here" in refusal.value


@pytest.mark.parametrize("place", PLACES)
def test_a_text_that_is_too_long_is_kept_and_refused_where_it_stands(served, place: str):
    page, preset, key = PLACES[place]
    fits = {name: value for name, value in SMALL.items() if name != "model.context" or "shakespeare" in preset}
    run = recorded(catalogue.new_path(place), 2, RunConfig.preset(preset).replace(fits))
    app = look(page, {"run": run.id})
    app.text_input(key=key).set_value("e" * (length.MOST + 1))
    (refusal,) = [read(one.value) for one in settled(app).warning]
    assert "has 2,001 characters, and at most 2,000 are read here" in refusal
    assert app.text_input(key=key).value == "e" * (length.MOST + 1)
