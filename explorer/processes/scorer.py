"""Scorer: scores the answers of runs at their newest steps, on a machine of a cluster, and sends what it counts."""

from __future__ import annotations

import json
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from explorer.answers.records.record import encoded
from explorer.answers.translating.scores import scores
from explorer.processes.roles import Task
from explorer.runs.run import Run


def main(task: Task, orders: Connection) -> None:
    """The whole life of a scorer. task: the `paths` of its runs, and how many `examples` each answers."""
    for path in task["paths"]:
        orders.send_bytes(json.dumps(scored(path, task["examples"])).encode())


def scored(path: str, examples: int) -> dict[str, Any]:
    """A run's scores as JSON has them, or the sentence by which they are refused."""
    try:
        run = Run.open(Path(path))
        last = run.last
        run.close()
        return {"scores": encoded(scores(path, last, examples), [])}
    except ValueError as error:
        return {"refused": str(error)}
