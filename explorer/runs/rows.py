"""Rows: what a run file has of each step, until it is written."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

import numpy as np

from explorer.runs.file import COLUMNS
from explorer.runs.history import sum_up
from explorer.training.loop import Step


class Taken(NamedTuple):
    """Rows that are about to be written, one a step, in the order of the tables' columns."""

    steps: list[tuple]
    tensors: list[tuple]


class Rows:
    """Collected by one thread; written by another, which gives back what could not be written."""

    def __init__(self) -> None:
        self._waiting = Taken([], [])

    def add(self, step: Step) -> None:
        """A step that was just taken."""
        self._waiting.steps.append((step.index, *(getattr(step, c) for c in COLUMNS), step.tokens))
        norms = np.fromiter(step.grad_norms.values(), np.float32, len(step.grad_norms)).tobytes()
        ratios = np.fromiter(step.update_ratios.values(), np.float32, len(step.update_ratios)).tobytes()
        self._waiting.tensors.append((step.index, norms, ratios))

    def take(self) -> Taken:
        """All that wait."""
        taken, self._waiting = self._waiting, Taken([], [])
        return taken

    def give_back(self, taken: Taken) -> None:
        """In front of those that came meanwhile."""
        self._waiting.steps[:0], self._waiting.tensors[:0] = taken


def write(connection: sqlite3.Connection, taken: Taken) -> None:
    """Writes rows, at least one, and sums them up."""
    connection.executemany("INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?)", taken.steps)
    connection.executemany("INSERT INTO tensors VALUES (?, ?, ?)", taken.tensors)
    sum_up(connection, taken.steps[0][0], taken.steps[-1][0] + 1)
