"""Diagnosis: what is wrong with a training, in words: a few rules on the record and on the model's units.

P parameters (tensors), n steps of a window, L layers. Each rule returns a Finding or None. The thresholds lie between
the ordinary presets (five seeds, every stage of training) and those that fail on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from explorer.measure.names import fixed, layer_name, number, percent, tensor_name

WINDOW = 50  # steps before the step shown
EARLY = 10  # steps from the first whose updates count
FADED = 1e-2  # of the largest layer's gradient
EXPLODED = 100  # times the gradient of the first step
CUT = 0.1  # of the gradient, left by clipping
LEAP, CREEP = 0.5, 1e-6  # of a matrix's size in one step
ROUNDED = 0.1  # of a gradient's norm
OFTEN = 0.5  # of the steps
SURE = 1.1  # times the loss of guessing
RULES = (
    "exploding", "vanishing", "sure of itself", "update ratio", "clipped",
    "stuck units", "saturated attention", "noise", "looks ahead", "fades through time", "grows through time",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """A rule's result.

    sentence: in words, with this run's numbers.   evidence: the tensors, layers or steps that show it. threshold: when
    the rule fires, and why.
    """

    rule: str
    sentence: str
    evidence: list[str]
    threshold: str


@dataclass(frozen=True)
class Recorded:
    """The record of a training, up to the step shown.

    names (P): of the parameters. steps (n), and for each its loss, lr, grad_norm, clipped (n), norms and ratios (n, P):
    the last WINDOW. early_ratios (≤ EARLY, P), first_loss, first_norm, peak_lr: of the run's beginning. guess: the loss
    of guessing evenly, ln V.
    """

    names: list[str]
    steps: np.ndarray
    loss: np.ndarray
    lr: np.ndarray
    grad_norm: np.ndarray
    clipped: np.ndarray
    norms: np.ndarray
    ratios: np.ndarray
    early_ratios: np.ndarray
    first_loss: float
    first_norm: float
    peak_lr: float
    guess: float


def from_record(record: Recorded) -> Iterator[Finding]:
    """The findings from the record."""
    rules = (exploding, vanishing, sure_of_itself, update_ratio, clipping)
    return (finding for rule in rules if (finding := rule(record)) is not None)


def depths(names: list[str]) -> dict[str, list[list[int]]]:
    """Of each stack ("blocks.", "encoder.blocks.", …) the columns of each layer's parameters, by depth."""
    by_stack: dict[str, dict[int, list[int]]] = {}
    for column, name in enumerate(names):
        if match := re.match(r"(.*?(?:blocks|layers)\.)(\d+)\.", name):
            by_stack.setdefault(match[1], {}).setdefault(int(match[2]), []).append(column)
    return {stack: [layers[depth] for depth in sorted(layers)] for stack, layers in by_stack.items()}


def by_layer(record: Recorded) -> dict[str, np.ndarray]:
    """For each stack the median over the window of each layer's gradient norm, (L,)."""
    return {
        stack: np.array([np.median(np.linalg.norm(record.norms[:, columns], axis=1)) for columns in layers])
        for stack, layers in depths(record.names).items()
    }


def matrices(names: list[str]) -> list[int]:
    """The columns of weight matrices: norms and biases say little, as they start at 0 or 1."""
    return [i for i, name in enumerate(names) if name.endswith(".weight") and "norm." not in name]


def vanishing(record: Recorded) -> Finding | None:
    """The gradient fades on its way to some layer."""
    for stack, size in by_layer(record).items():
        low, high = int(size.argmin()), int(size.argmax())
        if size[low] < FADED * size[high]:
            faded = [i for i in range(len(size)) if size[i] < FADED * size[high]]
            return Finding(
                "vanishing",
                f"the gradient fades on its way back: {layer_name(f'{stack}{low}')} gets "
                f"{number(size[low], 2)}, "
                f"{percent(size[low] / size[high], 2)} of the {number(size[high], 2)} of "
                f"{layer_name(f'{stack}{high}')} "
                f"(medians of {len(record.steps):,} steps).",
                [f"{stack}{i}" for i in faded],
                f"under {percent(FADED)} of the largest layer’s gradient. No ordinary preset comes there.",
            )
    return None


def largest(record: Recorded) -> int:
    """The step of the window whose gradient is the longest."""
    return int(record.steps[record.grad_norm.argmax()])


def exploding(record: Recorded, exact: float | None = None) -> Finding | None:
    """The gradient has grown far beyond its start. exact: the norm of the longest, recomputed in float64."""
    top = int(record.grad_norm.argmax())
    times = record.grad_norm[top] / max(record.first_norm, 1e-30)
    if not EXPLODED <= times < np.inf:  # what is infinite or NaN is no longer a norm, and the run says so itself
        return None
    most, norm = int(record.norms[top].argmax()), float(record.grad_norm[top])
    return Finding(
        "exploding",
        f"at step {record.steps[top]:,} the gradient’s norm is {number(norm, 2)}, {number(times, 2)} "
        f"times that of the first step, and the loss is {number(record.loss[top])} where even odds have "
        f"{fixed(record.guess, 2)}."
        f"{rounding(norm, exact)}",
        [record.names[most], f"step {record.steps[top]:,}"],
        f"{EXPLODED} times the norm of the first step. No ordinary preset comes there.",
    )


def rounding(norm: float, exact: float | None) -> str:
    """How much of a gradient's norm is float32's rounding, if more than ROUNDED of it."""
    if exact is None or abs(norm - exact) <= ROUNDED * max(norm, exact):
        return ""
    return f" In float64 the same weights and batch give {number(exact, 3)}: the rest is rounding of float32."


def sure_of_itself(record: Recorded) -> Finding | None:
    """The untrained model is worse than even odds."""
    if record.first_loss < SURE * record.guess:
        return None
    return Finding(
        "sure of itself",
        f"untrained it was worse than even odds: the first loss was {fixed(record.first_loss, 2)}, and ln V, the loss "
        "of "
        f"even odds, is {fixed(record.guess, 2)}. It spends its first steps unlearning.",
        ["step 0", "unembedding.weight"],
        f"a first loss over {number(SURE)} ln V. Small initial weights give even odds, within 2 % of ln V.",
    )


def update_ratio(record: Recorded) -> Finding | None:
    """Steps far too large or too small for the weights they change."""
    matrix_columns = matrices(record.names)
    early = np.median(record.early_ratios[:, matrix_columns], axis=1)
    recent = np.median(record.ratios[:, matrix_columns], axis=1)
    first = int(record.steps[0])
    steps = [*range(len(early)), *range(first, first + len(recent))]
    ratios = np.concatenate([early, recent])
    top = int(ratios.argmax())
    rows = np.concatenate([record.early_ratios, record.ratios])
    if ratios[top] > LEAP:
        most = matrix_columns[int(rows[top, matrix_columns].argmax())]
        return Finding(
            "update ratio",
            f"steps too large: step {steps[top]:,} moved half of the matrices by {number(ratios[top], 2)} times their "
            "own size "
            f"or more (usual: 10⁻³), {tensor_name(record.names[most].removesuffix('.weight'))} by "
            f"{number(rows[top, most], 2)} times. What was there is "
            "gone.",
            [record.names[most], f"step {steps[top]:,}"],
            f"a median ‖Δθ‖/‖θ‖ over {number(LEAP)} in the first {EARLY:,} steps or the last {WINDOW}. Small initial "
            "weights "
            "make first steps large; in the ordinary presets up to 0.25.",
        )
    if np.median(recent) < CREEP and record.lr[-1] > record.peak_lr / 2:
        slow = float(np.median(recent))
        moved = f"move by less than {number(slow, 2)} of their size" if slow else "do not move at all"
        return Finding(
            "update ratio",
            f"steps too small: half of the matrices {moved} "
            "(usual: "
            "10⁻³), and the schedule has not lowered the learning rate.",
            [f"steps {record.steps[0]:,} to {record.steps[-1]:,}"],
            f"a median ‖Δθ‖/‖θ‖ under {number(CREEP)}: a million steps to turn a matrix over.",
        )
    return None


def clipping(record: Recorded) -> Finding | None:
    """Clipping removes almost the whole gradient, step after step."""
    left = record.clipped / np.maximum(record.grad_norm, 1e-30)
    if len(left) < WINDOW // 2 or np.median(left) > CUT:
        return None
    return Finding(
        "clipped",
        f"{percent(np.mean(left < 1))} of the last {len(left):,} steps were clipped, and "
        f"half of them kept {percent(np.median(left), 2)} of their gradient or less.",
        [f"steps {record.steps[0]:,} to {record.steps[-1]:,}"],
        f"a median of {percent(CUT)} left. To be clipped at each step is no fault by itself (ordinary "
        "presets are): with Adam or Muon only changes of the gradient’s size matter.",
    )


def calm(record: Recorded) -> str:
    """What is measured where no rule fires, in a sentence."""
    ratio = np.median(record.ratios[:, matrices(record.names)])
    cut = np.mean(record.clipped < record.grad_norm)
    spans = [size.max() / max(size.min(), 1e-30) for size in by_layer(record).values()]
    apart = max(spans, default=1.0)  # of a model without blocks there are none
    layers = f" and layers’ gradients are within a factor of {number(apart, 2)}" if apart > 1 else ""
    if cut > OFTEN:
        return (
            f"No rule fires, but {percent(cut)} of the last {len(record.steps):,} steps were clipped: the limit, and "
            "no more the gradient itself, sets how long it is. Judge by the update ratio, which is "
            f"{number(ratio, 2)}{layers}."
        )
    return f"No rule fires: over the last {len(record.steps):,} steps the update ratio is {number(ratio, 2)}{layers}."
