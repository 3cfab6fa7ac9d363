"""What is wrong with a training, in words: a short list of rules on what was recorded and what units do.

P parameters (tensors), n steps of a window, L layers. Each rule gives a Finding or None. The thresholds stand
between what the ordinary presets do (five seeds, every stage of training) and what those do that fail on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

WINDOW = 50  # steps before the one looked at
EARLY = 10  # steps from the first whose updates count
FADED = 1e-2  # of the largest layer's gradient
EXPLODED = 100  # times the gradient of the first step
CUT = 0.1  # of the gradient, left by clipping
LEAP, CREEP = 0.5, 1e-6  # of a matrix's size in one step
SURE = 1.1  # times the loss of guessing
RULES = (
    "exploding", "vanishing", "sure of itself", "update ratio", "clipped",
    "stuck units", "saturated attention", "noise", "looks ahead",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """What a rule found.

    sentence: in words, with this run's numbers.   evidence: the tensors, layers or steps that show it.
    threshold: what it takes for the rule to fire, and why so much.
    """

    rule: str
    sentence: str
    evidence: list[str]
    threshold: str


@dataclass(frozen=True)
class Recorded:
    """What the training wrote down, up to the step looked at.

    names (P): of the parameters. steps (n), and for each its loss, lr, grad_norm, clipped (n), norms and ratios
    (n, P): the last WINDOW. early_ratios (≤ EARLY, P), first_loss, first_norm, peak_lr: of the run's beginning.
    guess: the loss of guessing evenly, ln V.
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
    """The findings on what was recorded."""
    rules = (exploding, vanishing, sure_of_itself, update_ratio, clipping)
    return (found for rule in rules if (found := rule(record)) is not None)


def depths(names: list[str]) -> dict[str, list[list[int]]]:
    """Of each stack ("", "encoder.", …) the columns of each layer's parameters, by depth."""
    found: dict[str, dict[int, list[int]]] = {}
    for column, name in enumerate(names):
        if match := re.match(r"(.*?)blocks\.(\d+)\.", name):
            found.setdefault(match[1], {}).setdefault(int(match[2]), []).append(column)
    return {stack: [layers[depth] for depth in sorted(layers)] for stack, layers in found.items()}


def by_layer(record: Recorded) -> dict[str, np.ndarray]:
    """Of each stack the median over the window of each layer's gradient norm, (L,)."""
    return {
        stack: np.array([np.median(np.linalg.norm(record.norms[:, own], axis=1)) for own in layers])
        for stack, layers in depths(record.names).items()
    }


def matrices(names: list[str]) -> list[int]:
    """The columns of weight matrices: what norms and biases do says little, as they start at 0 or 1."""
    return [i for i, name in enumerate(names) if name.endswith(".weight") and "norm." not in name]


def layer_name(stack: str, depth: int) -> str:
    """A layer as people call it, counted from 1."""
    return f"{stack.replace('.', ' ')}layer {depth + 1}"


def vanishing(record: Recorded) -> Finding | None:
    """The gradient fades on its way to some layer."""
    for stack, size in by_layer(record).items():
        low, high = int(size.argmin()), int(size.argmax())
        if size[low] < FADED * size[high]:
            faded = [i for i in range(len(size)) if size[i] < FADED * size[high]]
            return Finding(
                "vanishing",
                f"the gradient fades on its way back: {layer_name(stack, low)} gets {size[low]:.1e}, "
                f"{share(size[low] / size[high])} of the {size[high]:.1e} of {layer_name(stack, high)} "
                f"(medians of {len(record.steps)} steps).",
                [f"{stack}blocks.{i}" for i in faded],
                f"under {FADED:.0%} of the largest layer’s gradient. No ordinary preset comes there.",
            )
    return None


def exploding(record: Recorded) -> Finding | None:
    """The gradient has grown far beyond where it began."""
    top = int(record.grad_norm.argmax())
    times = record.grad_norm[top] / max(record.first_norm, 1e-30)
    if times < EXPLODED:
        return None
    most = int(record.norms[top].argmax())
    return Finding(
        "exploding",
        f"at step {record.steps[top]} the gradient’s norm is {record.grad_norm[top]:.1e}, {times:.1e} "
        f"times that of the first step, and the loss is {record.loss[top]:.3g} where guessing has {record.guess:.2f}.",
        [record.names[most], f"step {record.steps[top]}"],
        f"{EXPLODED} times the norm of the first step. No ordinary preset comes there.",
    )


def sure_of_itself(record: Recorded) -> Finding | None:
    """The untrained model is worse than guessing."""
    if record.first_loss < SURE * record.guess:
        return None
    return Finding(
        "sure of itself",
        f"untrained it was worse than guessing: the first loss was {record.first_loss:.2f}, and ln V, the loss of "
        f"even odds, is {record.guess:.2f}. It spends its first steps unlearning.",
        ["step 0", "unembedding.weight"],
        f"a first loss over {SURE:g} ln V. Small initial weights give even odds, within 2 % of ln V.",
    )


def update_ratio(record: Recorded) -> Finding | None:
    """Steps that are far too large or too small for the weights they change."""
    own = matrices(record.names)
    early = np.median(record.early_ratios[:, own], axis=1)
    recent = np.median(record.ratios[:, own], axis=1)
    first = int(record.steps[0])
    steps = [*range(len(early)), *range(first, first + len(recent))]
    ratios = np.concatenate([early, recent])
    top = int(ratios.argmax())
    rows = np.concatenate([record.early_ratios, record.ratios])
    if ratios[top] > LEAP:
        most = own[int(rows[top, own].argmax())]
        return Finding(
            "update ratio",
            f"steps too large: step {steps[top]} moved half of the matrices by {ratios[top]:.2g} times their own size "
            f"or more (usual: 1e-3), {short(record.names[most])} by {rows[top, most]:.2g} times. What was there is "
            "gone.",
            [record.names[most], f"step {steps[top]}"],
            f"a median ‖Δθ‖/‖θ‖ over {LEAP:g} in the first {EARLY} steps or the last {WINDOW}. Small initial weights "
            "make first steps large; in the ordinary presets up to 0.25.",
        )
    if np.median(recent) < CREEP and record.lr[-1] > record.peak_lr / 2:
        return Finding(
            "update ratio",
            f"steps too small: half of the matrices move by less than {np.median(recent):.1e} of their size (usual: "
            "1e-3), and the schedule has not lowered the learning rate.",
            [f"steps {record.steps[0]} to {record.steps[-1]}"],
            f"a median ‖Δθ‖/‖θ‖ under {CREEP:g}: a million steps to turn a matrix over.",
        )
    return None


def clipping(record: Recorded) -> Finding | None:
    """Clipping takes almost the whole gradient away, step after step."""
    left = record.clipped / np.maximum(record.grad_norm, 1e-30)
    if len(left) < WINDOW // 2 or np.median(left) > CUT:
        return None
    return Finding(
        "clipped",
        f"{np.mean(left < 1):.0%} of the last {len(left)} steps were clipped, and "
        f"half of them kept {share(float(np.median(left)))} of their gradient or less.",
        [f"steps {record.steps[0]} to {record.steps[-1]}"],
        f"a median of {CUT:.0%} left. To be clipped at each step is no fault by itself (ordinary "
        "presets are): with Adam or Muon only changes of the gradient’s size matter.",
    )


def calm(record: Recorded) -> str:
    """What is measured where nothing is wrong, in a sentence."""
    ratio = np.median(record.ratios[:, matrices(record.names)])
    cut = np.mean(record.clipped < record.grad_norm)
    spans = [size.max() / max(size.min(), 1e-30) for size in by_layer(record).values()]
    layers = f", layers’ gradients are within a factor of {max(spans):.2g}" if max(spans) > 1 else ""
    return (
        f"Nothing wrong by these rules: over the last {len(record.steps)} steps the update ratio is {ratio:.1e}, "
        f"{cut:.0%} of the steps were clipped{layers}."
    )


def short(name: str) -> str:
    """A parameter without the word that all have."""
    return name.removesuffix(".weight")


def share(part: float) -> str:
    """A share in words: per cent where that has digits, else a power of ten."""
    return f"{part:.2%}" if part >= 1e-4 else f"{part:.1e}"
