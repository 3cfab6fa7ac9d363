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
FLAT, DEAD = 0.15, 0.25  # of the hidden values of a layer, of its units
ONE_KEY, ROWS = 0.99, 0.5  # what a row of attention puts on one key, in so many of the rows
AGREE = 0.08  # mean cosine of two batches' gradients
AHEAD = 0.01  # of the attention
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


@dataclass(frozen=True)
class Units:
    """What the hidden units of one MLP did on the probe.

    layer: its path, `blocks.0.mlp`.   activation: its name.   flat: share of the values where the activation's slope
    is under 5 % of its steepest.   dead: share of the units that are there at 99 % of the positions.
    """

    layer: str
    activation: str
    flat: float
    dead: float


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


def stuck_units(units: list[Units]) -> Finding | None:
    """Hidden units on the flat part of their activation, where no gradient passes."""
    worst = max(units, key=lambda u: max(u.flat if two_sided(u) else 0, u.dead))
    name = layer_name(*stack_and_depth(worst.layer))
    if two_sided(worst) and worst.flat > FLAT:
        return Finding(
            "stuck units",
            f"saturated units: in {name} {worst.flat:.0%} of the hidden values are on the flat ends of the "
            f"{worst.activation}, where its slope is under 5 % of its steepest and hardly any gradient passes.",
            [u.layer for u in units if u.flat > FLAT],
            f"over {FLAT:.0%} of a layer’s hidden values, for activations that are flat at both ends.",
        )
    if worst.dead > DEAD:
        return Finding(
            "stuck units",
            f"dead units: in {name} {worst.dead:.0%} of the hidden units are off at 99 % of the positions or more: "
            "they say nothing and learn nothing.",
            [u.layer for u in units if u.dead > DEAD],
            f"over {DEAD:.0%} of a layer’s units. The ordinary presets have hardly any.",
        )
    return None


def two_sided(units: Units) -> bool:
    """True for activations that are flat at both ends; to be off is what the others are for."""
    return units.activation in ("sigmoid", "tanh")


def saturated_attention(shares: dict[str, float]) -> Finding | None:
    """Rows of attention that are all or nothing. shares: of each attention, those with one key over ONE_KEY."""
    worst = max(shares, key=lambda path: shares[path], default=None)
    if worst is None or np.mean(list(shares.values())) <= ROWS:
        return None
    return Finding(
        "saturated attention",
        f"{np.mean(list(shares.values())):.0%} of all rows of attention put {ONE_KEY:.0%} or more "
        f"on one key, in {attention_name(worst)} {shares[worst]:.0%}. Where a row is all or nothing, no gradient "
        "reaches its scores.",
        [path for path, found in shares.items() if found > ROWS],
        f"over {ROWS:.0%} of the rows that see five keys or more. No ordinary preset comes there.",
    )


def noise(agreement: float, batches: int, batch: int) -> Finding | None:
    """Gradients of which two batches agree on nothing, while there is much left to learn."""
    if agreement > AGREE:
        return None
    examples = "example" if batch == 1 else "examples"
    return Finding(
        "noise",
        f"the gradients of {batches} batches of {batch} {examples} at these weights have a mean cosine "
        f"of {agreement:.3f} with one another, so a step undoes much of what the one before did.",
        [f"train.batch {batch}"],
        f"a mean cosine under {AGREE:g} while the loss is over half of ln V, that is, while there is much to agree on. "
        "The ordinary presets have 0.1 to 0.9 there.",
    )


def looks_ahead(mass: dict[str, float], head: str, on_next: float, seen: float, hidden: float) -> Finding | None:
    """A decoder that reads what it should say.

    mass: of each attention the mean share of a row on later positions.   head, on_next: the head with the most
    attention one position ahead, and how much.   seen, hidden: the loss with the future in sight, and without.
    """
    if max(mass.values(), default=0) < AHEAD:
        return None
    worst = max(mass, key=lambda path: mass[path])
    return Finding(
        "looks ahead",
        f"in {attention_name(worst)} {mass[worst]:.0%} of the attention is on later positions, and "
        f"{head} puts {on_next:.0%} on the very next, which it is asked to say. Its loss on the probe is {seen:.2f} "
        f"with the future in sight and {hidden:.2f} when each token is asked before the next is there, as in writing.",
        [path for path, found in mass.items() if found >= AHEAD],
        f"over {AHEAD:.0%} of a row’s attention on what comes later: a causal mask leaves exactly 0.",
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


def stack_and_depth(path: str) -> tuple[str, int]:
    """The stack and the depth of a module: `encoder.blocks.1.mlp` -> ("encoder.", 1)."""
    stack, _, rest = path.partition("blocks.")
    return stack, int(rest.partition(".")[0])


def attention_name(path: str) -> str:
    """An attention as people call it."""
    cross = "the cross-attention of " if path.endswith("cross") else ""
    return cross + layer_name(*stack_and_depth(path))


def short(name: str) -> str:
    """A parameter without the word that all have."""
    return name.removesuffix(".weight")


def share(part: float) -> str:
    """A share in words: per cent where that has digits, else a power of ten."""
    return f"{part:.2%}" if part >= 1e-4 else f"{part:.1e}"
