"""A text of which nothing can be seen is said to be one."""

from __future__ import annotations

import pytest

from explorer.answers.records.samples import Generation
from explorer.tasks import build
from explorer.tasks import fields as f
from explorer.ui.train.samples import BLANK, wrote
from models.config import ModelConfig


@pytest.mark.parametrize(
    ("text", "foot"), [("\n \n\n", BLANK), ("", BLANK), ("x = 1\n", "It parses."), (" a", "It parses.")]
)
def test_a_text_of_blanks_is_said_to_be_one(text: str, foot: str):
    assert wrote(Generation(200, "", text, "It parses.")).foot == [("", foot)]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("x = 1\ny", "Its whole lines parse as Python."),
        ("x = (\ny", "Its whole lines do not parse as Python yet."),
        ("\n\n  \n", "It has no whole line of code yet."),
        ("x = 1", "It has no whole line of code yet."),
        ("", "It has no whole line of code yet."),
    ],
)
def test_a_text_without_a_line_of_code_is_not_said_to_be_python(text: str, verdict: str):
    assert build(f.Python(), ModelConfig()).verdict(text) == verdict
