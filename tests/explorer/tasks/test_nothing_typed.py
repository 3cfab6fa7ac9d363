"""A visitor types nothing, or what cannot be seen: sentences quote the one not at all, the other by its code."""

from __future__ import annotations

from contextlib import suppress

import pytest

from explorer.config.presets import PRESETS
from explorer.tasks import build
from explorer.tasks.fields import TASKS

PRESET_OF = {preset.config.task.name: preset.config for preset in PRESETS.values()}
OF_WORDS = {"words"}  # nothing is typed there: a word is chosen


@pytest.mark.parametrize("name", [name for name in PRESET_OF if name not in OF_WORDS])
@pytest.mark.parametrize("typed", ["", "   ", "\n\t", "\u200b\u2060"])
def test_nothing_is_refused_in_words_without_a_quotation_of_it(name: str, typed: str):
    config = PRESET_OF[name]
    if TASKS[name].package:
        pytest.importorskip(TASKS[name].package)
    task = build(config.task, config.model)
    with suppress(ValueError):
        task.encode(typed)
        return  # blanks are a text of a model of texts
    with pytest.raises(ValueError, match=";") as refused:  # what to type instead
        task.encode(typed)
    assert "“”" not in str(refused.value)
    assert f"“{typed}”" not in str(refused.value)


@pytest.mark.parametrize("name", ["addition", "dates", "digits"])
def test_what_turns_a_sentence_around_is_quoted_by_its_code(name: str):
    config = PRESET_OF[name]
    with pytest.raises(ValueError, match=r"U\+202E|u202e"):
        build(config.task, config.model).encode("\u202e" + "1 Mai" * 40)
