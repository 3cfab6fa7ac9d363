"""An answer that says nothing, and letters without ink, are shown as what they are."""

from __future__ import annotations

from unicodedata import bidirectional

import pytest

from explorer.answers.records.decoding import Beams, Decoded
from explorer.config.presets import PRESETS
from explorer.i18n.translation import translated
from explorer.measure.symbols import by_code
from explorer.tasks import build
from explorer.ui.generate import beams

NOTHING, RIGHT = Decoded("", [2], -1.0, -1.0), Decoded("le 4 mars", [5, 2], -3.0, -3.0)


def test_the_best_answer_may_be_to_say_nothing_and_that_is_said():
    answer = Beams(100, [], RIGHT, NOTHING, NOTHING, True, 10, RIGHT)
    sentence = beams.sentence(answer)
    assert "The best of all is to say nothing: “⊣” ends the answer at once." in sentence
    assert "最好的做法是什么都不说：“⊣”" in translated(sentence, "zh")
    assert ">⊣<" in beams.answers(answer)
    assert "nothing" not in beams.sentence(Beams(100, [], RIGHT, RIGHT, RIGHT, True, 10, RIGHT))


@pytest.mark.parametrize("preset", ["dates-fr", "facts", "reverse", "fill-shakespeare"])
@pytest.mark.parametrize("letter", ["\u202e", "\u2066", "\x00"])
def test_a_refusal_never_turns_the_direction_of_what_stands_behind_it(preset: str, letter: str):
    config = PRESETS[preset].config
    with pytest.raises(ValueError, match=r"U\+|\\") as refused:
        build(config.task, config.model).encode(f"{letter}a b")
    assert not {"RLO", "LRI", "BN"} & {bidirectional(one) for one in str(refused.value)}


def test_letters_with_ink_stay():
    assert by_code("é 汉 שלום 🤖") == "é 汉 שלום 🤖"
    assert by_code("a\u202eb") == "a‹U+202E›b"
