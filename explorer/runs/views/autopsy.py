"""The step that a run could not take, examined."""

from __future__ import annotations

from explorer import autopsy
from explorer.runs.answer import Answer
from explorer.runs.replay import restore
from explorer.runs.views.restored import Progress, opened

REWIND = 20  # steps back, where things were still well


def examine(path: str, step: int, progress: Progress = None) -> Answer:
    """`autopsy.autopsy` of the step taken from the weights at `step`, trained again from the last checkpoint.

    earlier: the step REWIND before; then: what every tap held there, by name.
    """
    run = opened(path)
    earlier = max(0, step - REWIND)
    then = autopsy.trail(restore(run, earlier))
    found = autopsy.autopsy(restore(run, step, progress))
    return found | {"step": step, "earlier": earlier, "then": {tap["tap"]: tap["largest"] for tap in then}}, {}
