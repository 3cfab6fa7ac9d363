"""What is wrong with a run at a step."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Record
from explorer.measure.diagnosis import Finding


@dataclass(frozen=True)
class Diagnosis(Record, of="diagnosis.findings"):
    """The rules that fire at a step. calm: how the run is, in words, for when none does."""

    step: int
    findings: list[Finding]
    calm: str
