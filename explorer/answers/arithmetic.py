"""Every number of one head for one query."""

from __future__ import annotations

from typing import Any

from explorer.analysis.arithmetic import head_arithmetic, proof
from explorer.answers.records.arithmetic import HeadArithmetic, HeadProof
from explorer.runs.restored import Progress, chosen_input, training_at
from explorer.training.device import numerics

NEEDS = ("attention heads",)  # parts of the model


def way(
    path: str,
    step: int,
    head: str,
    query: int,
    text: str | None = None,
    sample: int | None = None,
    progress: Progress = None,
) -> HeadArithmetic:
    """From the stream to a head's output: `arithmetic.head_arithmetic` of `head` at `query`."""
    training = training_at(path, step, progress, needs=NEEDS)
    part, _, number = head.rpartition(".")
    batch = chosen_input(training, text, sample)
    with numerics(training.config):
        plain, arrays = head_arithmetic(training.model, batch, part, int(number), query)
    parts: dict[str, Any] = plain | arrays
    return HeadArithmetic(step=step, **parts)


def proved(
    path: str,
    step: int,
    head: str,
    query: int,
    text: str | None = None,
    sample: int | None = None,
    progress: Progress = None,
) -> HeadProof:
    """The same row recomputed in float64 from the weights, and its distance from the one shown."""
    training = training_at(path, step, progress, needs=NEEDS)
    part, _, number = head.rpartition(".")
    batch = chosen_input(training, text, sample)
    with numerics(training.config):
        row = proof(training.model, batch, part, int(number), query)
    return HeadProof(step=step, **row)
