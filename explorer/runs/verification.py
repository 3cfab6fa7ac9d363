"""Verification: is a run file intact as a database, complete in its steps, and the same when trained again?

stretch: from one checkpoint to the next -> trained again -> the same bit for bit, or within rounding

Steps must be equal bit for bit on the place where they were computed. Another processor rounds differently, and
training magnifies rounding: there a stretch may differ by a stated share. Some trainings magnify far more (one that
explodes, an attention that hardens): then the stretch is trained a third time from weights that differ in their last
bit, which shows what rounding may do. Every stretch starts from the file's own weights, so nothing adds up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from explorer.measure.names import plural
from explorer.runs import tensors, whereabouts
from explorer.runs.contents import RunFileError
from explorer.runs.replay import restore
from explorer.runs.run import Run
from explorer.training.device import choose_device, place
from explorer.training.divergence import Diverged
from explorer.training.place import LOSS, WEIGHTS
from explorer.training.randomness import stream

MAGNIFIED = 100  # times the effect of a change in the last bit
LAST_BIT = 2.0**-23  # of a float32, as a share of the number

Stretch = tuple[int, int]  # from one checkpoint to the next


@dataclass(frozen=True)
class Course:
    """The course of a stretch: its losses, the weights at its start and at its end (None if unknown).

    between: by step, the weights at snapshots inside the stretch from which training cannot go on.
    """

    losses: list[float]
    start: dict[str, Tensor]
    end: dict[str, Tensor] | None
    between: dict[int, dict[str, Tensor]]


@dataclass(frozen=True)
class Finding:
    """The result of training a stretch again.

    loss: the largest relative difference of a loss.   weights: the difference of the weights at the end, as a share of
    their movement.   magnified: it took a third training to judge.   problem: what is wrong, empty if nothing.
    """

    loss: float = 0.0
    weights: float = 0.0
    magnified: bool = False
    problem: str = ""

    @property
    def exact(self) -> bool:
        """True if it is the same bit for bit."""
        return self == Finding()


def stretches(run: Run) -> list[Stretch]:
    """From each checkpoint to the next, the last one to the newest step. ValueError if rows are missing."""
    (answer,) = run.query("PRAGMA integrity_check")[0]
    if answer != "ok":
        raise ValueError(f"{run.path.name} is damaged: {answer}")
    (count,) = run.query("SELECT count(*) FROM steps")[0]
    if count != run.last:
        raise ValueError(f"{run.path.name} has {count} rows for {run.last} steps; some are missing")
    if not run.snapshot_steps:
        raise ValueError(f"{run.path.name} has no weights; it was never trained")
    edges = sorted({*run.checkpoint_steps, run.last})
    return list(pairwise(edges)) or [(0, 0)]


def check(run: Run, stretch: Stretch) -> Finding:
    """Trains a stretch again and compares: bit for bit if it was computed here, else within rounding."""
    first, end = stretch
    try:
        again = trained(run, stretch)
    except Diverged as error:
        return Finding(problem=f"steps {first} to {end} diverge when trained again: {error.what}")
    stored = recorded(run, stretch, again)
    difference = first_difference(stored, again, stretch)
    if not difference:
        return Finding()
    here = place(choose_device(run.config.train.device).type)
    loss, weights = distance(stored, again)
    due = all(here.same(there) for there in whereabouts.places(run, first, end))
    moved = any(event.kind == "moved" and event.step == end for event in run.events)
    if due and not (moved and loss == 0):
        return Finding(loss, weights, problem=difference)
    if loss <= LOSS and weights <= WEIGHTS:
        return Finding(loss, weights)
    try:
        loss_of_a_bit, weights_of_a_bit = distance(again, trained(run, stretch, LAST_BIT))
    except Diverged:
        loss_of_a_bit = weights_of_a_bit = float("inf")
    if loss <= max(LOSS, MAGNIFIED * loss_of_a_bit) and weights <= max(WEIGHTS, MAGNIFIED * weights_of_a_bit):
        return Finding(loss, weights, magnified=True)
    return Finding(loss, weights, problem=f"{difference}, more than rounding does")


@torch.no_grad()
def trained(run: Run, stretch: Stretch, nudge: float = 0.0) -> Course:
    """A stretch trained again, up to the checkpoint at its end, before any later event.

    nudge: the share by which its weights are changed at the start, each at random.
    """
    first, end = stretch
    snapshots = {s: snapshot.event for s in [*inside(run, stretch), end] if (snapshot := run.snapshot(s)) is not None}
    training = restore(run, first)
    start = copied(training.weights())
    if nudge:
        generator = stream(0, "last bit")
        for weight in training.weights().values():
            signs = torch.randint(0, 2, weight.shape, generator=generator, dtype=weight.dtype) * 2 - 1
            weight.mul_(1 + nudge * signs.to(weight.device))
    events = [e for e in run.events if first < e.step <= end]
    losses: list[float] = []
    weights: dict[int, dict[str, Tensor]] = {}

    def at(step: int) -> None:
        """Carries out the events at a step; copies the weights when its snapshot was taken, which is between two."""
        due = [event for event in events if event.step == step]
        for event in due:
            if event.id <= snapshots.get(step, event.id):
                training.apply(event.kind, event.detail)
        if step in snapshots or step == end:
            weights[step] = copied(training.weights())
        for event in due:
            if event.id > snapshots.get(step, event.id) and step != end:
                training.apply(event.kind, event.detail)

    for index in range(first, end):
        at(index)
        step = next(training, None)
        if step is None:
            raise RunFileError(f"{run.path.name} has steps after {index}, where its settings end it; open another run")
        losses.append(step.loss)
    at(end)
    return Course(losses, start, weights.pop(end), weights)


def inside(run: Run, stretch: Stretch) -> list[int]:
    """The snapshots inside a stretch, which have weights alone."""
    return [step for step in run.snapshot_steps if stretch[0] < step < stretch[1]]


def recorded(run: Run, stretch: Stretch, again: Course) -> Course:
    """A stretch as recorded in the file. ValueError if its weights are not those of the model."""
    first, end = stretch
    rows = run.query("SELECT loss FROM steps WHERE step >= ? AND step < ? ORDER BY step", stretch)
    losses = [math.nan if loss is None else loss for (loss,) in rows]
    shapes = {name: weight.shape for name, weight in again.start.items()}
    stored = {
        step: tensors.weights(run, snapshot, shapes)
        for step in [*inside(run, stretch), end]
        if step != first and (snapshot := run.snapshot(step)) is not None
    }
    return Course(losses, again.start, stored.pop(end, None), stored)


def first_difference(stored: Course, again: Course, stretch: Stretch) -> str:
    """The first number that differs when trained again, in words; empty if none does."""
    for index, (loss, other) in enumerate(zip(stored.losses, again.losses, strict=True), stretch[0]):
        if loss != other:
            return f"step {index} has loss {loss!r} and comes out as {other!r} when trained again"
    ends = {} if stored.end is None else {stretch[1]: stored.end}
    for step, weights in (stored.between | ends).items():
        trained_again = (again.end if step == stretch[1] else again.between[step]) or {}
        for name, weight in weights.items():
            if not torch.equal(weight, trained_again[name]):
                worst = float((weight - trained_again[name]).abs().max())
                return f"the weights {name} at step {step} differ by {worst:g} when trained again"
    return ""


def distance(stored: Course, again: Course) -> tuple[float, float]:
    """The distance of two courses from the same start, as Finding's `loss` and `weights`."""
    loss = max((abs(b - a) / max(abs(a), 1e-12) for a, b in zip(stored.losses, again.losses, strict=True)), default=0.0)
    if not all(map(math.isfinite, stored.losses)):
        loss = math.inf  # a loss that is not there is as far away as can be
    if stored.end is None or again.end is None:
        return loss, 0.0
    apart = length({name: weight - again.end[name] for name, weight in stored.end.items()})
    way = length({name: weight - stored.start[name] for name, weight in stored.end.items()})
    return loss, apart / max(way, LAST_BIT * length(stored.end))


def length(parts: dict[str, Tensor]) -> float:
    """Their joint Euclidean norm."""
    return float(torch.stack([tensor.double().square().sum() for tensor in parts.values()]).sum().sqrt())


def copied(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Copies that training does not change."""
    return {name: tensor.detach().cpu().clone() for name, tensor in weights.items()}


def sentence(run: Run, findings: list[Finding]) -> str:
    """The result for a sound run, in words."""
    exact = sum(finding.exact for finding in findings)
    if exact == len(findings):
        return (
            f"intact, {run.last} step{plural(run.last)} {'replays' if run.last == 1 else 'replay'} bit for bit "
            f"from {exact} checkpoint{plural(exact)}"
        )
    places = whereabouts.places(run, 0, run.last + 1)
    there = ["an unknown place" if where is None else where.words for where in places]
    loss, weights = max(f.loss for f in findings), max(f.weights for f in findings)
    magnified = sum(f.magnified for f in findings)
    words = (
        f"intact; trained by {', then '.join(dict.fromkeys(there))}, and replayed here by {place('cpu').words}: "
        f"{exact} of {len(findings)} stretches are the same bit for bit, the others within rounding: losses differ by "
        f"at most {loss:.1e} of themselves ({LOSS:g} is allowed), weights by at most {weights:.1e} of the way that "
        f"they moved ({WEIGHTS:g} is allowed)"
    )
    if magnified:
        words += f"; {magnified} of them magnify rounding, and were held against a change in the last bit instead"
    return words
