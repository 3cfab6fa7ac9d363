"""Sweeps of learning rates: one search over contender × rate, and what it found for each contender."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer.charts.tuning import DIVERGED, FULL, GIVEN_UP, Point
from explorer.config.run import RunConfig
from explorer.measure.valley import Valley, valley
from explorer.runs.race import race_of
from explorer.search import search as file
from explorer.search.ledger import Trial
from explorer.search.search import Search, made
from explorer.search.space import FloatKnob, VariantKnob
from explorer.ui import server
from explorer.ui.parts import lanes
from explorer.ui.parts.searching import Standing
from explorer.ui.view import View

LR = "optimizer.lr"
UNTUNED = (LR, "train.steps", "train.seed")  # what contenders may differ by and yet be tuned as one
MEASUREMENTS = 15  # of a training
FEWEST = 3  # trainings that make a valley
TITLE = "Learning rates of "
Changes = dict[str, Any]


@dataclass(frozen=True)
class Sweep:
    """What was found for one contender. wanted: trainings in all.   best: the one with the lowest loss."""

    name: str
    points: list[Point]
    wanted: int
    valley: Valley | None
    best: Trial | None


def contenders(view: View) -> dict[str, Changes]:
    """The contenders of the run's race, by what each changes of the run's settings; none where it is in none.

    Seeds of one are one, and so are those that differ by the rate alone: it is what is tuned.
    """
    changes_by_name: dict[str, Changes] = {}
    racing = lanes.contenders(view)
    mine = view.run.config.flat()
    for contender in racing if race_of(view.run) else ():
        flat = contender.first.config.flat()
        changes = {path: value for path, value in flat.items() if mine.get(path) != value and path not in UNTUNED}
        name = " · ".join(word for word in contender.name.split(" · ") if not word.startswith("lr "))
        if changes not in changes_by_name.values():
            changes_by_name[contender.name if name in changes_by_name else name] = changes
    return changes_by_name


def composed(
    config: RunConfig, contenders: Mapping[str, Changes], ends: tuple[float, float], points: int, steps: int
) -> Search:
    """The search that tunes each contender. ValueError, one sentence, where it cannot be."""
    knobs = (VariantKnob(variants=dict(contenders)), FloatKnob(path=LR, low=ends[0], high=ends[1], log=True))
    every = max(1, steps // MEASUREMENTS)
    together = server.host().quota
    settings = {
        "config": config.plain(),
        "knobs": [knob.model_dump() for knob in knobs],
        "trials": max(1, points * len(contenders)),
        "steps": steps,
        "every": every,
        "sampler": "grid",
        "points": points,
        "prune": True,
        "startup": 2,
        "grace": steps // 3,
        "goal": "last",
        "together": together,
        "title": TITLE + ", ".join(contenders)[:150],
    }
    return made(settings)


def newest(config: RunConfig) -> Path | None:
    """The sweep begun last for this model and task, if there is one."""
    for path in file.newest():
        try:
            search, _ = file.read(path)
        except ValueError:
            continue
        same = search.config.model == config.model and search.config.task == config.task
        if same and search.title.startswith(TITLE):
            return path
    return None


def sweeps_of(now: Standing, guess: float) -> list[Sweep]:
    """What is known of each contender."""
    variants = next(k.variants for k in now.search.knobs if isinstance(k, VariantKnob))
    sweeps = []
    for name in variants:
        tried = [t for t in now.over if t.params.get("contender") == name and t.state != "refused"]
        points = [point(t) for t in tried]
        done = [t for t in tried if t.state == "complete" and t.value is not None and math.isfinite(t.value)]
        best = min(done, key=lambda t: (t.value, t.number)) if done else None
        enough = done and len(points) >= FEWEST
        wide = valley([p.rate for p in points], [p.loss for p in points], guess) if enough else None
        sweeps.append(Sweep(name, points, now.budget // len(variants), wide, best))
    return sweeps


def point(trial: Trial) -> Point:
    """One training as the chart takes it."""
    ended = {"complete": FULL, "pruned": GIVEN_UP}.get(trial.state, DIVERGED)
    loss = math.inf if trial.value is None else trial.value
    return Point(float(trial.params[LR]), loss, ended, trial.number)


def tuned(now: Standing, sweeps: list[Sweep], config: RunConfig) -> dict[str, RunConfig]:
    """Each contender with its best learning rate, for as many steps as the run has, else as it was tuned for."""
    steps = config.train.steps or now.search.steps
    return {
        sweep.name: now.search.config_of(sweep.best.params).replace({"train.steps": steps})
        for sweep in sweeps
        if sweep.best is not None
    }
