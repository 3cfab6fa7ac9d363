"""The trials of a search over steps: what each of them measured, and the two losses of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from explorer.charts import theme, timeline
from explorer.charts.search import STATES, Dot
from explorer.charts.timeline import Event, Panel

COURSES = Panel(
    "Every trial’s course", "Measured loss of every trial over steps", "loss in nats", "linear", (0, 1), 330
)
COURSE = Panel(
    "Loss of the trial", "Training and validation loss of one trial", "nats per token", "linear", (0, 1), 300
)


def courses(
    curves: Sequence[tuple[Dot, np.ndarray, np.ndarray]], selected: int | None = None, cursor: int | None = None
) -> list[dict[str, Any]]:
    """Measured losses over steps, each trial in the colour of what became of it; the selected one is thick."""
    parts: list[dict[str, Any]] = []
    order = list(STATES)
    for dot, steps, losses in sorted(curves, key=lambda c: (c[0].number == selected, order.index(c[0].state))):
        kind = "train" if dot.number == selected or dot.state == "best" else "earlier"
        look = {"series": dot.state, "tensor": dot.name, "color": STATES[dot.state]}
        parts += timeline.curve(kind, steps, losses, **look)
    return [*parts, *timeline.marks([], cursor)]


def course(
    train: tuple[np.ndarray, np.ndarray],
    held_out: tuple[np.ndarray, np.ndarray] | None,
    events: Iterable[Event],
    turn: int | None,
) -> list[dict[str, Any]]:
    """One trial: its training loss, its held-out loss where there is one, and what happened.

    turn: the step from which it overfits, marked on both curves and between them.
    """
    parts = timeline.curve("train", *train, series="training", color=theme.TRAIN)
    if held_out is not None:
        parts += timeline.curve("validation", *held_out, series="validation", color=theme.VALIDATION)
        if turn is not None:
            ends = np.array([np.interp(turn, *train), np.interp(turn, *held_out)])
            steps = np.array([turn, turn])
            parts += timeline.curve("validation", steps, ends, series="overfits from here", color=theme.WARN)
    return [*parts, *timeline.marks(events, None)]
