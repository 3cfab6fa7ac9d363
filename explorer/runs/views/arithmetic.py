"""Every number of one head for one query."""

from __future__ import annotations

from explorer.arithmetic import head_arithmetic, proof
from explorer.device import numerics
from explorer.runs.answer import Answer
from explorer.runs.views.restored import Progress, chosen_input, training_at


def way(
    path: str,
    step: int,
    head: str,
    query: int,
    text: str | None = None,
    sample: int | None = None,
    progress: Progress = None,
) -> Answer:
    """The way from the stream to what a head hands on: `arithmetic.head_arithmetic` of `head` at `query`."""
    training = training_at(path, step, progress)
    part, _, number = head.rpartition(".")
    batch = chosen_input(training, text, sample)
    with numerics(training.config):
        plain, arrays = head_arithmetic(training.model, batch, part, int(number), query)
    return plain | {"step": step}, arrays


def proved(
    path: str,
    step: int,
    head: str,
    query: int,
    text: str | None = None,
    sample: int | None = None,
    progress: Progress = None,
) -> Answer:
    """The same row recomputed in float64 from the weights, and how far it is from the one shown."""
    training = training_at(path, step, progress)
    part, _, number = head.rpartition(".")
    batch = chosen_input(training, text, sample)
    with numerics(training.config):
        found = proof(training.model, batch, part, int(number), query)
    return found | {"step": step}, {}
