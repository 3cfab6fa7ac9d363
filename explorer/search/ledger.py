"""Ledger: the outcome of each trial of a search, read from the trials' runs. M measurements.

It needs neither torch nor Optuna, since pages read it several times a second. A trial that is over is read once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from explorer.runs.events import Event
from explorer.runs.run import Run
from explorer.search.search import Search, trial_path
from explorer.search.space import Params

ENDS = {  # the event that ends a trial -> its state
    "finished": "complete",
    "stopped early": "complete",
    "pruned": "pruned",
    "diverged": "diverged",
    "refused": "refused",
}
BEGINNINGS = ("started", "resumed")
LULL_SECONDS = 5.0  # seconds between two trials for a proposal and a new process; after longer, the search had stopped


@dataclass(frozen=True)
class Trial:
    """One trial as recorded in its run.

    state: waiting, training, paused, interrupted, or over: complete, pruned, diverged, refused.   end: the event that
    ended it.   last: steps taken.   steps, losses: of its measurements, each (M,).   held_out: whether they are on
    held-out data, or on the batches trained on.   spells: when it was trained, (start, end) in seconds since 1970; end
    is None while it trains.   reason: of its end, in words.
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
    spells: tuple[tuple[float, float | None], ...] = ()
    goal: str = "best"

    @property
    def over(self) -> bool:
        """True once nothing more comes."""
        return self.state in ENDS.values()

    @cached_property
    def value(self) -> float | None:
        """The loss that it counts by; None before the first measurement, infinite if it diverged."""
        if self.state == "diverged":
            return math.inf
        if not len(self.losses):
            return None
        loss = self.losses.min() if self.goal == "best" else self.losses[-1]
        return float(loss) if math.isfinite(loss) else math.inf

    @property
    def lowest(self) -> float | None:
        """Its lowest measurement; None if none was finite."""
        finite = self.losses[np.isfinite(self.losses)]
        return float(finite.min()) if len(finite) else None

    @property
    def best_seen(self) -> float | None:
        """The loss by which it can be the best, also if it diverged later; None if it has none that is finite.

        If the last measurement counts, only a trial that came to its end has one.
        """
        if self.goal == "best" and self.state != "refused":
            return self.lowest
        return self.value if self.counts else None

    @property
    def best_step(self) -> int | None:
        """The step of its lowest measurement; None if none was finite."""
        return None if self.lowest is None else int(self.steps[np.argmin(nan_as_infinite(self.losses))])

    @property
    def value_step(self) -> int | None:
        """The step of the measurement that it counts by; None if none was finite."""
        if self.lowest is None or self.goal == "best":
            return self.best_step
        return int(self.steps[-1])

    @property
    def counts(self) -> bool:
        """Whether its loss can be compared with others': if the last measurement counts, only once it has ended."""
        comparable = self.state == "complete" or (self.goal == "best" and self.state != "refused")
        return comparable and self.value is not None and math.isfinite(self.value)

    def plain(self) -> dict[str, Any]:
        """Its fields as plain values, which `of_plain` reads."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        return plain | {"path": str(self.path), "steps": self.steps.tolist(), "losses": self.losses.tolist()}

    @classmethod
    def of_plain(cls, plain: dict[str, Any]) -> Trial:
        """The inverse of `plain`."""
        arrays = {"steps": np.array(plain["steps"], np.int64), "losses": np.array(plain["losses"], np.float64)}
        spells = tuple((since, until) for since, until in plain["spells"])
        return cls(**plain | arrays | {"path": Path(plain["path"]), "spells": spells})


def measured(run: Run, every: int, until: int) -> tuple[np.ndarray, np.ndarray, bool]:
    """A run's measurements up to step `until`: steps (M,), losses (M,), whether on held-out data.

    If every batch is new, nothing is held out: a measurement is the mean loss of the `every` batches before it, none of
    which the weights had been trained on.
    """
    held_out = run.validation
    if len(held_out["step"]):
        kept = (held_out["step"] % every == 0) & (held_out["step"] <= until)
        return held_out["step"][kept].astype(int), nan_as_infinite(held_out["loss"][kept]), True
    losses = run.steps["loss"][:until]
    count = len(losses) // every
    means = [window_mean(losses[i * every : (i + 1) * every]) for i in range(count)]
    return every * np.arange(1, count + 1), nan_as_infinite(np.array(means, dtype=np.float64)), False


def window_mean(losses: Sequence[float] | np.ndarray) -> float:
    """The mean, summed exactly, so that it does not depend on how it is computed."""
    return math.fsum(losses) / len(losses)


def nan_as_infinite(losses: np.ndarray | float) -> np.ndarray:
    """Counts NaN as infinite."""
    return np.where(np.isnan(losses), np.inf, losses)


def read_trial(search: Search, path: Path, number: int) -> Trial:
    """A trial from its run. ValueError if the file cannot be read."""
    run = Run.open(path)
    try:
        end = next((e for e in run.events if e.kind in ENDS), None)
        status = run.status
        last = run.last if end is None else end.step
        steps, losses, held_out = measured(run, search.every, last)
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
            spells=spells(run.events, status.state == "training"),
            goal=search.goal,
        )
    finally:
        run.close()


def spells(events: Sequence[Event], training: bool) -> tuple[tuple[float, float | None], ...]:
    """When a trial was trained, as (start, end). Leaves out a spell whose process was killed: its end is unknown."""
    spells: list[tuple[float, float | None]] = []
    since = None
    for event in events:
        if event.kind in BEGINNINGS:
            since = event.time
        elif since is not None and event.kind in (*ENDS, "paused"):
            spells.append((since, event.time))
            since = None
    if since is not None and training:
        spells.append((since, None))
    return tuple(spells)


def clock_seconds(trials: Sequence[Trial], now: float) -> float:
    """Seconds that a search has trained until `now`: trials side by side count once, short lulls count too."""
    ends = sorted((since, now if until is None else until) for trial in trials for since, until in trial.spells)
    total, reached = 0.0, -math.inf
    for since, until in ends:
        start = reached if since - reached < LULL_SECONDS else since
        total += max(0.0, until - max(start, reached))
        reached = max(reached, until)
    return total


@dataclass
class Ledger:
    """Reads a search's trials; keeps those that are over."""

    path: Path
    over: dict[int, Trial] = field(default_factory=dict)

    def trials(self, search: Search) -> list[Trial]:
        """Every trial begun so far, by number."""
        trials = []
        for number in range(search.trials):
            if number not in self.over:
                path = trial_path(self.path, number)
                if not path.exists():
                    continue
                trial = read_trial(search, path, number)
                if not trial.over:
                    trials.append(trial)
                    continue
                self.over[number] = trial
            trials.append(self.over[number])
        return trials


def best(trials: Sequence[Trial]) -> Trial | None:
    """The trial with the lowest loss so far, finished or training, but not diverged: whose settings to go on with."""
    return min((t for t in trials if t.counts), key=lambda t: (t.value, t.number), default=None)


def best_seen(trials: Sequence[Trial]) -> Trial | None:
    """The same, also if it diverged later: its weights are there to be opened, and the best loss never rises."""
    return min((t for t in trials if t.best_seen is not None), key=lambda t: (t.best_seen, t.number), default=None)
