"""Checking a lesson: trains its start and its control, and holds what is measured against what it claims."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from explorer.lessons.lesson import SEED, Expectation, Lesson
from explorer.lessons.measurements import MEASUREMENTS
from explorer.lessons.trial import Trial, Trials, shuffled


@dataclass(frozen=True)
class Finding:
    """One expectation with one seed. value, control: measured on the start and on the control.

    seconds: of the processor, for all claims of the lesson together.
    written: what the lesson's file says that the seeds measured, if that is not so any more; its text says it too.
    """

    lesson: str
    seed: int
    claim: str
    value: float
    control: float
    margin: float
    control_margin: float
    seconds: float
    written: tuple[float, float] | None = None

    @property
    def holds(self) -> bool:
        """Whether the start shows what is claimed, and the control does not."""
        return self.margin > 0 and self.control_margin <= 0

    @property
    def sentence(self) -> str:
        """The finding in a line."""
        wrong = ["it does not hold"] * (self.margin <= 0) + ["the control shows it too"] * (
            not self.control_margin <= 0
        )
        verdict = "; ".join(wrong) or "holds"
        if self.written is not None:
            verdict += "; its file says {:.3g} to {:.3g}: measure again".format(*self.written)
        return f"seed {self.seed}: {self.claim}: {self.value:.3g}, control {self.control:.3g}: {verdict}"


def check(lesson: Lesson, seeds: Sequence[int] | None = None, trials: Trials | None = None) -> Iterator[Finding]:
    """What each expectation of a lesson finds, seed by seed; `seeds` instead of its own.

    trials: those of other lessons, which may have the same trainings.
    """
    for seed in lesson.head.seeds if seeds is None else seeds:
        begun = sum(os.times()[:4])
        with Trials() if trials is None else nullcontext(trials) as shared:
            values = measured(lesson, seed, shared)
        seconds = sum(os.times()[:4]) - begun
        for expectation, (value, control) in zip(lesson.head.expect, values, strict=True):
            margins = expectation.margin_of(value), expectation.margin_of(control)
            written = None if expectation.written(value) else expectation.margin.expected
            yield Finding(lesson.name, seed, expectation.words, value, control, *margins, seconds, written)


def measured(lesson: Lesson, seed: int, trials: Trials) -> list[tuple[float, float]]:
    """Each expectation's value on the start and on the control."""
    control = lesson.head.control
    steps = {expectation.at for expectation in lesson.head.expect}
    start = lesson.head.start.config.replace({SEED: seed})
    trial = other = trials.of(start, steps)
    if control.settings or control.shuffled:
        config = lesson.head.start.config.replace(control.settings).replace({SEED: seed})
        config = shuffled(config) if control.shuffled else config
        other = trials.of(config, steps if control.at is None else {control.at})
    return [(value(trial, one), value(other, one, control.at, control.using)) for one in lesson.head.expect]


def value(trial: Trial, claim: Expectation, at: int | None = None, using: dict | None = None) -> float:
    """What an expectation measures on a training. at, using: instead of the claim's own, or on top of them."""
    function = MEASUREMENTS[claim.measure].function
    return function(trial, claim.at if at is None else at, **claim.using | (using or {}))
