"""How much of what a model writes is Python, over training."""

from __future__ import annotations

from typing import Any

import numpy as np

from explorer.answers.records.writing import ParseHistory
from explorer.charts import writing as charts
from explorer.charts.timeline import Guide
from explorer.measure.names import percent
from explorer.ui import picture
from explorer.ui.frame import cards
from explorer.ui.view import View

EVERY = 10.0  # seconds between two answers while it trains
WRITING = "writing samples at {of} snapshots"
COMPUTED = r"""
At up to 16 snapshots the model writes 16 texts of 96 tokens from the start of a line, drawn from its own
probabilities with the same random numbers. A text counts if its whole lines are Python by the grammar (`ast.parse`),
and there is at least one; nothing is ever run. The lines beside it are held-out code that is cut the same way, which
seldom is whole either, and tokens drawn by their frequency.
"""


def show(view: View, given: dict[str, Any]) -> None:
    """The curve with its baselines. It is about the model, whatever the prompt."""
    with cards("syntax", 1)[0]:
        answer = view.newest().picture(ParseHistory, EVERY, lane="slow", doing=WRITING)
        if answer is None:
            return
        levels = {"held-out code, cut alike": answer.code, "tokens by frequency": answer.letters}
        guides = [Guide(level, f"{name}: {percent(level)}") for name, level in levels.items() if np.isfinite(level)]
        drawn = charts.over_training(answer.steps, answer.share, guides, view.cursor)
        picture.curves(charts.SYNTAX, drawn, "syntax", sentence(answer))
    picture.computed(COMPUTED, title="How the samples are counted")


def sentence(answer: ParseHistory) -> str:
    """The newest share beside its baselines."""
    if not len(answer.steps):
        return "the curve begins at the first snapshot."
    return (
        f"at step {answer.steps[-1]:,}, {percent(answer.share[-1])} of {answer.samples} samples are Python by the "
        f"grammar. Of held-out code that is "
        f"cut alike {percent(answer.code)} are, of tokens by their frequency {percent(answer.letters)}."
    )
