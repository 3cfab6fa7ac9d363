"""A branch of a run."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Record


@dataclass(frozen=True)
class Branch(Record, of="branch.branched"):
    """path: of its file."""

    path: str
