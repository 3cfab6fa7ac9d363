"""Checking a lesson: trains its start and its control, and holds what is measured against what it claims."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import chain
from multiprocessing import get_context

from explorer.lessons.lesson import SEED, Expectation, Lesson, Range
from explorer.lessons.measurements import MEASUREMENTS
from explorer.lessons.trial import Trial, Trials, shuffled


@dataclass(frozen=True)
class Finding:
    """One expectation with one seed. value, control: measured on the start and on the control.

    seconds: of the processor, for all claims of the lesson together.
    written: what the lesson's file says that the seeds measured on both, if that is not so any more; its text says it
    too.
    """

    lesson: str
    seed: int
    claim: str
    value: float
    control: float
    margin: float
    control_margin: float
    seconds: float
    written: tuple[Range, Range] | None = None

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
            says = "; its file says {:.3g} to {:.3g}, control {:.3g} to {:.3g}: measure again"
            verdict += says.format(*self.written[0], *self.written[1])
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
            written = (
                None
                if expectation.written(value, control)
                else (expectation.margin.expected, expectation.margin.control)
            )
            yield Finding(lesson.name, seed, expectation.words, value, control, *margins, seconds, written)


def sharing(chosen: Sequence[Lesson]) -> list[list[Lesson]]:
    """Lessons in groups: those that have a training in common, directly or through others, are in one."""
    groups: list[tuple[set[str], list[Lesson]]] = []
    for lesson in chosen:
        configs = {one.to_json() for one in (lesson.head.start.config, lesson.head.other) if one is not None}
        near = [group for group in groups if group[0] & configs]
        members = [one for _, lessons in near for one in lessons] + [lesson]
        groups = [group for group in groups if group not in near]
        groups.append((configs.union(*(shared for shared, _ in near)), members))
    return [members for _, members in groups]


def beside(chosen: Sequence[Lesson], seeds: Sequence[int] | None, jobs: int) -> Iterator[Finding]:
    """The same as `check` of several lessons, in as many processes; each trains what its lessons share once."""
    every = [(group, seed) for group in sharing(chosen) for seed in seeds or sorted({*chain(*map(seeds_of, group))})]
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        for done in as_completed([pool.submit(of_group, group, seed) for group, seed in sorted(every, key=weight)]):
            yield from done.result()


def of_group(group: Sequence[Lesson], seed: int) -> list[Finding]:
    """What a group of lessons finds with one seed."""
    with Trials() as trials:
        return [finding for lesson in group for finding in check(lesson, [seed], trials)]


def weight(job: tuple[Sequence[Lesson], int]) -> int:
    """The longest jobs first: by how many lessons they have."""
    return -len(job[0])


def seeds_of(lesson: Lesson) -> tuple[int, ...]:
    """A lesson's own."""
    return lesson.head.seeds


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
