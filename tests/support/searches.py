"""Small searches, and trials that are made up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from tiny_runs import TINY

from explorer.search.ledger import Trial
from explorer.search.search import Search
from explorer.search.space import ChoiceKnob, FloatKnob, IntKnob

SPACE = (
    FloatKnob(path="optimizer.lr", low=1e-4, high=1.0, log=True),
    ChoiceKnob(path="optimizer.name", choices=("adamw", "sgd")),
    IntKnob(path="model.layers", low=1, high=2),
)
SMALL = Search(config=TINY, knobs=SPACE, trials=8, steps=30, every=5, together=2, startup=2, patience=15)


def trial(number: int, params: dict[str, Any], losses: list[float], state: str = "complete", every: int = 5) -> Trial:
    """A trial with these measurements."""
    steps = every * np.arange(1, len(losses) + 1)
    end = {"complete": "finished"}.get(state, state)
    last = every * len(losses)
    return Trial(number, Path(f"t{number}"), params, state, end, "", last, steps, np.array(losses), True)
