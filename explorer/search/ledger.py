"""Ledger: what became of each trial of a search, read from the trials' own runs. M measurements.

No torch and no Optuna: pages read it, several times a second. A trial that is over is read once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from explorer.runs.run import Run
from explorer.search.search import Search, trial_path
from explorer.search.space import Params

ENDS = {  # the event that ends a trial -> what it became
    "finished": "complete",
    "stopped early": "complete",
    "pruned": "pruned",
    "diverged": "diverged",
    "refused": "refused",
}


@dataclass(frozen=True)
class Trial:
    """One trial as its run tells it.

    state: waiting, training, paused, interrupted, or over: complete, pruned, diverged, refused.   end: the event
    that ended it.   last: steps taken.   steps, losses: of its measurements, each (M,).   held_out: they are of
    held-out data, not of the batches trained on.   seconds: of training.   reason: of its end, in words.
    """

    number: int
    path: Path
    params: Params
    state: str
    end: str
    reason: str
    last: int
    steps: np.ndarray
    losses: np.ndarray
    held_out: bool
    seconds: float
    goal: str = "best"

    @property
    def over(self) -> bool:
        """True once nothing more comes."""
        return self.state in ENDS.values()

    @cached_property
    def value(self) -> float | None:
        """The loss that it counts by; None before the first measurement, infinite where it diverged."""
        if self.state == "diverged":
            return math.inf
        if not len(self.losses):
            return None
        found = self.losses.min() if self.goal == "best" else self.losses[-1]
        return float(found) if math.isfinite(found) else math.inf

    @property
    def best_step(self) -> int | None:
        """The step of its lowest measurement."""
        return int(self.steps[np.argmin(self.losses)]) if len(self.losses) else None

    def plain(self) -> dict[str, Any]:
        """It as plain values, which `of_plain` makes it from again."""
        own = {own.name: getattr(self, own.name) for own in fields(self)}
        return own | {"path": str(self.path), "steps": self.steps.tolist(), "losses": self.losses.tolist()}

    @classmethod
    def of_plain(cls, told: dict[str, Any]) -> Trial:
        """The opposite of `plain`."""
        arrays = {"steps": np.array(told["steps"], np.int64), "losses": np.array(told["losses"], np.float64)}
        return cls(**told | arrays | {"path": Path(told["path"])})


def measured(run: Run, every: int, until: int) -> tuple[np.ndarray, np.ndarray, bool]:
    """A run's measurements up to step `until`: steps (M,), losses (M,), whether on held-out data.

    Where every batch is new there is nothing held out: a measurement is the mean loss of the `every`
    batches before it, none of which the weights had been trained on.
    """
    held_out = run.validation
    if len(held_out["step"]):
        kept = (held_out["step"] % every == 0) & (held_out["step"] <= until)
        return held_out["step"][kept].astype(int), known(held_out["loss"][kept]), True
    losses = run.steps["loss"][:until]
    count = len(losses) // every
    means = [window_mean(losses[i * every : (i + 1) * every]) for i in range(count)]
    return every * np.arange(1, count + 1), known(np.array(means, dtype=np.float64)), False


def window_mean(losses: Sequence[float] | np.ndarray) -> float:
    """The mean, summed exactly, so that it is the same however it is computed."""
    return math.fsum(losses) / len(losses)


def known(losses: np.ndarray | float) -> np.ndarray:
    """What is not a number counts as infinite."""
    return np.where(np.isnan(losses), np.inf, losses)


def read_trial(search: Search, path: Path, number: int) -> Trial:
    """A trial from its run. ValueError where the file cannot be read."""
    run = Run.open(path)
    try:
        end = next((e for e in run.events if e.kind in ENDS), None)
        status = run.status
        last = run.last if end is None else end.step
        steps, losses, held_out = measured(run, search.every, last)
        seconds = run.query("SELECT coalesce(sum(seconds), 0) FROM steps WHERE step < ?", (last,))[0][0]
        return Trial(
            number=number,
            path=path,
            params=run.meta("search", {}).get("params", {}),
            state=status.state if end is None else ENDS[end.kind],
            end="" if end is None else end.kind,
            reason=status.reason if end is None else end.detail.get("reason", ""),
            last=last,
            steps=steps,
            losses=losses,
            held_out=held_out,
            seconds=seconds,
            goal=search.goal,
        )
    finally:
        run.close()


@dataclass
class Ledger:
    """A search's trials; those that are over are kept."""

    path: Path
    over: dict[int, Trial] = field(default_factory=dict)

    def trials(self, search: Search) -> list[Trial]:
        """Every trial begun so far, by number."""
        found = []
        for number in range(search.trials):
            if number not in self.over:
                path = trial_path(self.path, number)
                if not path.exists():
                    continue
                trial = read_trial(search, path, number)
                if not trial.over:
                    found.append(trial)
                    continue
                self.over[number] = trial
            found.append(self.over[number])
        return found


def best(trials: Sequence[Trial]) -> Trial | None:
    """The finished trial with the lowest loss; while there is none, the one that does best so far."""
    for among in ([t for t in trials if t.state == "complete"], trials):
        valued = [t for t in among if t.value is not None and math.isfinite(t.value)]
        if valued:
            return min(valued, key=lambda t: (t.value, t.number))
    return None
