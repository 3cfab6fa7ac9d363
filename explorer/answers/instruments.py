"""Instruments on the batches that a run trains on: at a step, over its snapshots, and the curvature at a step.

B samples, N snapshots.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from explorer.analysis import curvature as second
from explorer.analysis import instruments
from explorer.answers.records.instruments import Curvature, InstrumentHistory, Measurement
from explorer.measure.instruments import across
from explorer.runs.kept import bytes_of, kept
from explorer.runs.replay import restore
from explorer.runs.restored import Progress, opened, training_at
from explorer.runs.snapshots import thinned
from explorer.training.loop import Training

MOST = 60  # snapshots that a history is made of
KEPT_RUNS = 16
LONGEST = 60  # characters of a sample that are shown
NUMBERS = {  # numbers of each instrument
    instruments.TESTS: ("norm", "inner", "orthogonality"),
    instruments.SIGNAL: ("to_noise",),
    instruments.NOISE: ("noise", "signal"),
    instruments.QUALITY: ("quality",),
}


def measure(path: str, step: int, which: Sequence[str] = instruments.ALL, progress: Progress = None) -> Measurement:
    """The chosen instruments on the batch that step `step` trains on. Numbers as `instruments.read` gives them."""
    training = training_at(path, step, progress, steps_on=True)
    reading = instruments.read(training, which)
    pulls, length = reading.pulls, max(reading.pulls.size, 1e-30) ** 0.5
    return Measurement(
        step=step,
        numbers=reading.numbers,
        milliseconds=reading.milliseconds,
        length=length,
        texts=texts(training),
        dropout=training.dropout,
        last=training.step == training.config.train.steps,
        losses=pulls.losses,
        along=pulls.along / length**2,
        across=across(pulls.squares, pulls.along, length**2) / length,
    )


def texts(training: Training) -> list[str]:
    """What each sample of the batch predicts, in the order of their gradients."""
    batches = training.batches(training.step)
    full = [training.task.sample(batch, row) for batch in batches for row in range(len(batch.tokens))]
    return [text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…" for text in full]


def history(
    path: str,
    step: int,
    which: Sequence[str] = instruments.ALL,
    most: int | None = None,
    progress: Progress = None,
) -> InstrumentHistory:
    """The chosen instruments at up to MOST of the checkpoints until `step`.

    most: how many are measured in this call at most, the newest and others evenly between; a run that grows is
    measured again. A snapshot is measured once, and again if an event comes to its step.
    """
    run = opened(path)
    chosen = [run.moment(s) for s in thinned([s for s in run.checkpoint_steps if s <= step], MOST)]
    by_moment: dict[tuple[int, int], dict[str, float]] = kept("instruments", (run,), dict, bytes_of, KEPT_RUNS)
    missing = {at: kinds for at in chosen if (kinds := lacking(by_moment.get(at, {}), which))}
    new = list(missing)
    if most is not None and len(new) > most:
        new = [new[i] for i in np.linspace(0, len(new) - 1, most).round().astype(int)]
    for done, at in enumerate(new):
        numbers = instruments.read(restore(run, at[0]), missing[at]).numbers
        new_numbers = {name: np.nan if value is None else value for name, value in numbers.items()}
        by_moment[at] = by_moment.get(at, {}) | new_numbers
        if progress is not None:
            progress(done + 1, len(new))
    names = [name for kind in instruments.ALL if kind in which for name in NUMBERS[kind]]
    there = [at for at in chosen if at not in missing or at in new]
    table = np.array([[by_moment[at][name] for name in names] for at in there]).reshape(len(there), len(names))
    steps = np.array([at for at, _ in there])
    return InstrumentHistory(step=step, steps=steps, numbers=dict(zip(names, table.T, strict=True)))


def lacking(numbers: dict[str, float], which: Sequence[str]) -> list[str]:
    """The instruments that were not yet read."""
    return [kind for kind in which if NUMBERS[kind][0] not in numbers]


def curvature(path: str, step: int, progress: Progress = None) -> Curvature:
    """The curvature on the batch of step `step`, its edge of stability, and the seconds that it took."""
    training = training_at(path, step, progress, steps_on=True)
    start = time.perf_counter()
    measured: dict[str, Any] = second.curvature(training, progress)
    return Curvature(
        step=step,
        optimizer=training.config.optimizer.name,
        top=measured["top"],
        bottom=measured["bottom"],
        divided=measured["divided"],
        lr=measured["lr"],
        descent_edge=measured["plain"],
        edge=measured["own"],
        seconds=time.perf_counter() - start,
    )
