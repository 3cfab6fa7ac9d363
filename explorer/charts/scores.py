"""Scores of answers over training. N snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from explorer.charts import theme, timeline
from explorer.charts.timeline import Panel

HUNDRED = Panel(
    "Scores over training", "Exact match, chrF2 and BLEU over steps, from 0 to 100", "score", "linear", (0, 100), 230, 4
)
PERPLEXITY = Panel("Perplexity over training", "Perplexities over steps", "perplexity", "log", (1, 2), 230, 4)


def parts(steps: np.ndarray, values: Mapping[str, np.ndarray], cursor: int | None = None) -> list[dict[str, Any]]:
    """Curves (N,) by name at steps (N,)."""
    curves: list[dict[str, Any]] = []
    for number, (name, line) in enumerate(values.items()):
        curves += timeline.curve("train", steps, line, series=name, color=theme.CATEGORICAL[number])
    return [*curves, *timeline.marks((), cursor)]
