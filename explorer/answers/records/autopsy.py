"""The step that a run could not take."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Record
from explorer.measure.autopsy import Cause


@dataclass(frozen=True)
class Autopsy(Record, of="autopsy.examine"):
    """Why the step was not taken, and by tap the largest size that each held at the step `earlier`."""

    step: int
    cause: Cause
    earlier: int
    then: dict[str, float]
