"""A visitor's words are words: nothing in them is Markdown, a formula, a link or a directive."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.tasks.tokenizer import visible
from explorer.ui.foreign import WORD_JOINER, sentence, text
from explorer.ui.parts.tokens import shown_token


@given(st.text())
def test_every_letter_arrives_and_no_mark_is_left_for_markdown(words):
    shown = text(words)
    assert re.fullmatch(r"(?:&#\d+;|[^\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e])*", shown)
    assert unescape(shown).replace(WORD_JOINER, "") == " ".join(words.split()).replace(WORD_JOINER, "")


@given(st.text(alphabet="htps:/w.@abc->=<~ ", max_size=40))
def test_nothing_is_left_that_is_taken_for_an_address_or_an_arrow(words):
    shown = unescape(text(words))
    assert not re.search(r"(?i)https?://|www\.|@[-\w]|[-<~>][-=>]", shown)


def test_a_sentence_keeps_its_code_and_escapes_what_it_quotes():
    said = sentence("there is no setting **x**; `python -m explorer presets NAME` lists all")
    assert "`python -m explorer presets NAME`" in said
    assert "**" not in said
    assert unescape(said) == "there is no setting **x**; `python -m explorer presets NAME` lists all"


def test_a_lone_backtick_opens_no_code():
    assert "`" not in sentence("the text ` is refused")


@pytest.mark.parametrize("character", ["\ufe0f", "\u2800", "\u3164", "\u200b", "\u00a0", "\x00", "\U000e0100"])
def test_a_token_that_leaves_no_ink_is_shown_by_its_code_point(character):
    code = f"‹U+{ord(character):04X}›"
    assert shown_token(character) == code
    assert visible(character.encode()) == code
    assert shown_token(f"a{character}") == f"a{character}"


@pytest.mark.parametrize(
    ("token", "shown"), [(" ", "␣"), ("\n", "⏎"), ("\t", "⇥"), ("a b", "a b"), ("", ""), ("é", "é")]
)
def test_white_space_has_signs_and_what_is_seen_stays(token, shown):
    assert shown_token(token) == shown
