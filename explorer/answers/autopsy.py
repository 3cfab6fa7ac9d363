"""Autopsy of a step that failed."""

from __future__ import annotations

from explorer.analysis import autopsy
from explorer.answers.records.autopsy import Autopsy
from explorer.runs.replay import restore
from explorer.runs.restored import Progress, opened

REWIND = 20  # steps back, where all was still well


def examine(path: str, step: int, progress: Progress = None) -> Autopsy:
    """`autopsy.autopsy` of the step taken from the weights at `step`, trained again from the last checkpoint."""
    run = opened(path)
    earlier = max(0, step - REWIND)
    then = autopsy.trail(restore(run, earlier))
    cause = autopsy.autopsy(restore(run, step, progress))
    return Autopsy(step, cause, earlier, {held.tap: held.largest for held in then})
