"""A branch made for a page: the file of weights up to a step, going its own way from there."""

from __future__ import annotations

from typing import Any

from explorer.answers.records.branch import Branch
from explorer.runs import branch
from explorer.runs.restored import Progress


def branched(path: str, step: int, new: str, changes: dict[str, Any], progress: Progress = None) -> Branch:
    """Makes the branch, see runs/branch.py."""
    branch.branch(path, step, new, changes, progress)
    return Branch(new)
