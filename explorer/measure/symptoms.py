"""What a model does on examples that tells of a training gone wrong: units, attention, gradients that disagree.

Rules as in diagnosis.py; these look at the probe and at the batches that come next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.measure.diagnosis import Finding, layer_name

FLAT, DEAD = 0.15, 0.25  # of the hidden values of a layer, of its units
ONE_KEY, ROWS = 0.99, 0.5  # what a row of attention puts on one key, in so many of the rows
AGREE = 0.08  # mean cosine of two batches' gradients
AHEAD = 0.01  # of the attention


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


def stack_and_depth(path: str) -> tuple[str, int]:
    """The stack and the depth of a module: `encoder.blocks.1.mlp` -> ("encoder.", 1)."""
    stack, _, rest = path.partition("blocks.")
    return stack, int(rest.partition(".")[0])


def attention_name(path: str) -> str:
    """An attention as people call it."""
    cross = "the cross-attention of " if path.endswith("cross") else ""
    return cross + layer_name(*stack_and_depth(path))
