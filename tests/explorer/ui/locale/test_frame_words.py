"""Streamlit's own words: each is one that this version of Streamlit says; a translation is filled with the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

import streamlit

from explorer.i18n.sources import place_holders
from explorer.ui.locale import frame_words

SCRIPTS = Path(streamlit.__file__).parent / "static" / "static" / "js"
FILLED = re.compile(r"\{\w+\}|Ctrl|⌘|apply|submit form|options?\.")  # what its scripts fill in


def test_streamlit_says_each_of_them() -> None:
    """After an update of Streamlit: what it does not say any more goes."""
    scripts = "\n".join(path.read_text("utf-8") for path in SCRIPTS.glob("*.js"))
    said = {words: FILLED.split(words) for words in frame_words.CHINESE}
    assert [words for words, pieces in said.items() if not all(piece in scripts for piece in pieces)] == []


def test_a_translation_has_the_same_placeholders() -> None:
    for words, chinese in frame_words.CHINESE.items():
        assert place_holders(words) == place_holders(chinese), words


def test_the_script_gets_them_all() -> None:
    answer = frame_words.answer(None)  # type: ignore[arg-type]
    assert json.loads(bytes(answer.body)) == frame_words.CHINESE
