"""Runs that a real host trains, and what they come to."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from families import family
from tiny_runs import TINY
from waiting import until

from explorer import Run, RunConfig, train
from explorer.answers.records.attention import AttentionMaps
from explorer.processes.client import Client
from explorer.runs import file


def begun(folder: Path, name: str = "tiny", config: RunConfig = TINY) -> Run:
    """A run that nobody has trained yet."""
    file.begin(folder / f"{name}.run", config)
    return Run.open(folder / f"{name}.run")


def alone(steps: int, config: RunConfig = TINY) -> list[float]:
    """The losses that a config has in this process, undisturbed."""
    return [step.loss for step in islice(train(config), steps)]


def losses(run: Run) -> list[float]:
    return run.steps["loss"].tolist()


def comes_to(run: Run, step: int) -> None:
    until(lambda: run.last >= step, f"{run.id} takes {step} steps")


def becomes(run: Run, state: str) -> None:
    until(lambda: run.status.state == state, f"{run.id} is {state}")


def worker_of(client: Client, run: Run) -> int:
    """Lets a run train; gives the process that does."""
    before = family(client.process.pid)
    client.order(run.path, "play")
    until(run.being_written, f"{run.id} has a worker")
    (worker,) = family(client.process.pid) - before
    return worker


def look(client: Client, run: Run, step: int) -> AttentionMaps:
    """Every attention at a step."""
    request = client.request(AttentionMaps, path=str(run.path), step=step)
    return request.answer.result(timeout=120)
