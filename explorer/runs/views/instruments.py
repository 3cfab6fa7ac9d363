"""Instruments on the batches that a run trains on: at a step, over its snapshots, and the curvature at a step.

B samples, N snapshots.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from explorer import curvature as second
from explorer import instruments
from explorer.measure.instruments import across
from explorer.runs.answer import Answer
from explorer.runs.replay import restore
from explorer.runs.views.restored import Progress, opened, training_at
from explorer.runs.views.snapshots import thinned
from explorer.training import Training

MOST = 60  # snapshots that a history is made of
KEPT_RUNS = 16
LONGEST = 60  # characters of a sample that are shown
NUMBERS = {  # what each instrument gives
    instruments.TESTS: ("norm", "inner", "orthogonality"),
    instruments.SIGNAL: ("to_noise",),
    instruments.NOISE: ("noise", "signal"),
    instruments.QUALITY: ("quality",),
}

_known: dict[str, dict[int, dict[str, float]]] = {}  # by run: step -> numbers


def measure(path: str, step: int, which: Sequence[str] = instruments.ALL, progress: Progress = None) -> Answer:
    """The chosen instruments on the batch that step `step` trains on.

    plain: numbers by name as in `instruments.read`, None where one cannot be told; milliseconds by what took them;
    of each sample its text; dropout: the rate that training has and this has not; last: training ends here.
    Arrays: losses, along and across, (B,): how far each sample pulls along the batch's gradient, in units of its
    length ‖g‖, and across it.
    """
    training = training_at(path, step, progress)
    found = instruments.read(training, which)
    pulls, length = found.pulls, max(found.pulls.size, 1e-30) ** 0.5
    plain = {
        "step": step,
        "numbers": found.numbers,
        "milliseconds": found.milliseconds,
        "length": length,
        "texts": texts(training),
        "dropout": training.config.transformer.dropout,
        "last": training.step == training.config.train.steps,
    }
    arrays = {
        "losses": pulls.losses,
        "along": pulls.along / length**2,
        "across": across(pulls.squares, pulls.along, length**2) / length,
    }
    return plain, arrays


def texts(training: Training) -> list[str]:
    """What each sample of the batch asks, in the order of their gradients."""
    batches = instruments.batches_of(training, training.step)
    full = [training.task.sample(batch, row) for batch in batches for row in range(len(batch.tokens))]
    return [text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…" for text in full]


def history(
    path: str,
    step: int,
    which: Sequence[str] = instruments.ALL,
    most: int | None = None,
    progress: Progress = None,
) -> Answer:
    """The chosen instruments at up to MOST of the snapshots until `step`.

    most: how many are measured in this call at most, the newest and others evenly between; a run that grows is
    asked for again. Arrays: steps (N,) that were measured, and each number by name, (N,), NaN where one cannot be
    told. A snapshot is measured once; what is new since the last call is all that is computed.
    """
    run = opened(path)
    chosen = thinned([s for s in run.snapshot_steps if s <= step], MOST)
    known = _known.setdefault(path, {})
    while len(_known) > KEPT_RUNS:
        del _known[next(iter(_known))]
    missing = {at: kinds for at in chosen if (kinds := lacking(known.get(at, {}), which))}
    new = list(missing)
    if most is not None and len(new) > most:
        new = [new[i] for i in np.linspace(0, len(new) - 1, most).round().astype(int)]
    for done, at in enumerate(new):
        numbers = instruments.read(restore(run, at), missing[at]).numbers
        told = {name: np.nan if value is None else value for name, value in numbers.items()}
        known[at] = known.get(at, {}) | told
        if progress is not None:
            progress(done + 1, len(new))
    names = [name for kind in instruments.ALL if kind in which for name in NUMBERS[kind]]
    there = [at for at in chosen if at not in missing or at in new]
    table = np.array([[known[at][name] for name in names] for at in there]).reshape(len(there), len(names))
    return {"step": step}, {"steps": np.array(there)} | dict(zip(names, table.T, strict=True))


def lacking(numbers: dict[str, float], which: Sequence[str]) -> list[str]:
    """The instruments that were not yet read."""
    return [kind for kind in which if NUMBERS[kind][0] not in numbers]


def curvature(path: str, step: int, progress: Progress = None) -> Answer:
    """The curvature on the batch of step `step`, its edge of stability, and the seconds that it took.

    plain: as in `curvature.curvature`, with the optimizer's name.
    """
    training = training_at(path, step, progress)
    start = time.perf_counter()
    found: dict[str, float | None] = second.curvature(training, progress)
    plain = {"step": step, "seconds": time.perf_counter() - start, "optimizer": training.config.optimizer.name}
    return plain | found, {}
