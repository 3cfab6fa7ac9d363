"""Checking a lesson: trains its start and its control, and holds what is measured against what it claims."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from explorer.lessons.lesson import SEED, Expectation, Lesson
from explorer.lessons.measurements import MEASUREMENTS
from explorer.lessons.trial import Trial, shuffled


@dataclass(frozen=True)
class Finding:
    """One expectation with one seed. value, control: measured on the start and on the control."""

    lesson: str
    seed: int
    claim: str
    value: float
    control: float
    margin: float
    control_margin: float
    seconds: float

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
        return f"seed {self.seed}: {self.claim}: {self.value:.3g}, control {self.control:.3g}: {verdict}"


def check(lesson: Lesson, seeds: Sequence[int] | None = None) -> Iterator[Finding]:
    """What each expectation of a lesson finds, seed by seed; `seeds` instead of its own."""
    for seed in lesson.head.seeds if seeds is None else seeds:
        begun = time.perf_counter()
        values = measured(lesson, seed)
        seconds = time.perf_counter() - begun
        for expectation, (value, control) in zip(lesson.head.expect, values, strict=True):
            margins = expectation.margin_of(value), expectation.margin_of(control)
            yield Finding(lesson.name, seed, expectation.words, value, control, *margins, seconds)


def measured(lesson: Lesson, seed: int) -> list[tuple[float, float]]:
    """Each expectation's value on the start and on the control."""
    control = lesson.head.control
    steps = {expectation.at for expectation in lesson.head.expect}
    start = lesson.head.start.config.replace({SEED: seed})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        trial = Trial(Path(folder) / "start.run", start, steps)
        other = trial
        if control.settings or control.shuffled:
            config = lesson.head.start.config.replace(control.settings).replace({SEED: seed})
            config = shuffled(config) if control.shuffled else config
            other = Trial(Path(folder) / "control.run", config, steps if control.at is None else {control.at})
        return [(value(trial, one), value(other, one, control.at, control.using)) for one in lesson.head.expect]


def value(trial: Trial, claim: Expectation, at: int | None = None, using: dict | None = None) -> float:
    """What an expectation measures on a training. at, using: instead of the claim's own, or on top of them."""
    function = MEASUREMENTS[claim.measure].function
    return function(trial, claim.at if at is None else at, **claim.using | (using or {}))
