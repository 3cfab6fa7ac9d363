"""Symptoms: signs of a training gone wrong on examples: units, attention, gradients that disagree.

Rules as in diagnosis.py, on the probe and on the next batches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.measure.diagnosis import Finding
from explorer.measure.names import fixed, layer_name, number, percent, times
from explorer.measure.recurrence import Reach, each_token

FLAT, DEAD = 0.15, 0.25  # of the hidden values of a layer, of its units
ONE_KEY, ROWS = 0.99, 0.5  # attention of a row on one key, in this share of the rows
AGREE = 0.08  # mean cosine of two batches' gradients
AHEAD = 0.01  # of the attention
FADES, GROWS = 0.65, 1.15  # what one token back leaves: ordinary 0.68 to 1.12, broken up to 0.61, from 1.18
LONG = 8  # tokens: over fewer nothing is said of time
READING = {".ahead": ", read from left to right,", ".back": ", read from right to left,"}  # of an encoder's cells


@dataclass(frozen=True)
class Units:
    """The hidden units of one MLP on the probe.

    layer: its path, `blocks.0.mlp`.   activation: its name.   flat: share of the values where the activation's slope is
    under 5 % of its steepest.   dead: share of the units that are flat at 99 % of the positions.
    """

    layer: str
    activation: str
    flat: float
    dead: float


def stuck_units(units: list[Units]) -> Finding | None:
    """Hidden units on the flat part of their activation, where no gradient passes."""
    worst = max(units, key=lambda u: max(u.flat if two_sided(u) else 0, u.dead), default=None)
    if worst is None:
        return None
    name = layer_name(worst.layer)
    if two_sided(worst) and worst.flat > FLAT:
        return Finding(
            "stuck units",
            f"saturated units: in {name} {percent(worst.flat)} of the hidden values are on the flat ends of the "
            f"{worst.activation}, where its slope is under 5 % of its steepest and hardly any gradient passes.",
            [u.layer for u in units if u.flat > FLAT],
            f"over {percent(FLAT)} of a layer’s hidden values, for activations that are flat at both ends.",
        )
    if worst.dead > DEAD:
        return Finding(
            "stuck units",
            f"dead units: {percent(worst.dead)} of the hidden units of {name} are off at 99 % of the positions or "
            "more: they say nothing and learn nothing.",
            [u.layer for u in units if u.dead > DEAD],
            f"over {percent(DEAD)} of a layer’s units. The ordinary presets have hardly any.",
        )
    return None


def two_sided(units: Units) -> bool:
    """True for activations that are flat at both ends; the others are meant to be off at times."""
    return units.activation in ("sigmoid", "tanh")


def saturated_attention(shares: dict[str, float]) -> Finding | None:
    """Rows of attention that are all or nothing. shares: of each attention, rows with one key over ONE_KEY."""
    worst = max(shares, key=lambda path: shares[path], default=None)
    if worst is None or np.mean(list(shares.values())) <= ROWS:
        return None
    return Finding(
        "saturated attention",
        f"{percent(np.mean(list(shares.values())))} of all rows of attention put {percent(ONE_KEY)} or more "
        f"on one key, {percent(shares[worst])} in {attention_of(worst)}. Where a row is all or nothing, no gradient "
        "reaches its scores.",
        [path for path, share in shares.items() if share > ROWS],
        f"over {percent(ROWS)} of the rows that see five keys or more. No ordinary preset comes there.",
    )


def noise(agreement: float | None, batches: int, batch: int) -> Finding | None:
    """Gradients of which two batches share nothing, while there is much left to learn.

    agreement: their mean cosine; None if one of them is not finite, which is not noise.
    """
    if agreement is None or agreement > AGREE:
        return None
    examples = "example" if batch == 1 else "examples"
    return Finding(
        "noise",
        f"the gradients of {batches} batches of {batch} {examples} at these weights have a mean cosine "
        f"of {fixed(agreement, 3)} with one another, so a step undoes much of what the one before did.",
        [f"train.batch {batch}"],
        f"a mean cosine under {number(AGREE)} while the loss is over half of ln V, that is, while there is much to "
        "agree on. "
        "The ordinary presets have 0.1 to 0.9 there.",
    )


def looks_ahead(
    mass: dict[str, float], head: str, on_next: float, where: str, seen: float, hidden: float
) -> Finding | None:
    """A decoder that sees what it should predict.

    mass: for each attention the mean share of a row on later positions.   head, on_next: the head with the most
    attention one position ahead, and how much.   where: the data of the loss.   seen, hidden: the loss with the future
    in sight, and without.
    """
    if max(mass.values(), default=0) < AHEAD:
        return None
    worst = max(mass, key=lambda path: mass[path])
    return Finding(
        "looks ahead",
        f"in {attention_of(worst)} {percent(mass[worst])} of the attention is on later positions, and "
        f"{head} puts {percent(on_next)} on the very next, which it is asked to say. Its loss on {where} is "
        f"{fixed(seen, 2)} "
        f"with the future in sight and {fixed(hidden, 2)} when each token is asked before the next is there, as in "
        "writing.",
        [path for path, share in mass.items() if share >= AHEAD],
        f"over {percent(AHEAD)} of a row’s attention on what comes later: a causal mask leaves exactly 0.",
    )


def attention_of(path: str) -> str:
    """An attention in a sentence."""
    return f"{'the cross-attention of ' if path.endswith('cross') else ''}{layer_name(path)}"


def through_time(reached: dict[str, Reach]) -> Finding | None:
    """A gradient that fades or grows with every token back (Bengio et al. 1994). reached: of each recurrent layer."""
    each = {layer: each_token(reach) for layer, reach in reached.items()}
    each = {layer: (factor, far) for layer, (factor, far) in each.items() if far >= LONG and np.isfinite(factor)}
    if not each:
        return None
    worst = max(each, key=lambda layer: abs(np.log(each[layer][0])))
    factor, far = each[worst]
    if FADES <= factor <= GROWS:
        return None
    fades, left = factor < FADES, 10.0 ** reached[worst].mean[far]
    direction = next((words for end, words in READING.items() if worst.endswith(end)), "")
    back, end = ("back", "back") if not direction else ("further from its end", "from it")
    words = (
        f"each token {back} leaves {percent(factor)} of the gradient, and {far} tokens {end} it is {number(left, 2)}: "
        f"nothing that stands so far {end} can be learned from."
        if fades
        else f"each token {back} makes the gradient {times(factor)} as long, and {far} tokens {end} it is "
        f"{number(left, 2)}: what stands far {end} drowns all else."
    )
    return Finding(
        "fades through time" if fades else "grows through time",
        f"in {layer_name(worst)}{direction} {words}",
        [layer for layer, (one, _) in each.items() if (one < FADES if fades else one > GROWS)],
        f"under {percent(FADES)} a token, over {LONG} tokens or more. The ordinary presets keep 68 % or more."
        if fades
        else f"over {times(GROWS)} a token, over {LONG} tokens or more. The ordinary presets stay under {times(1.12)}.",
    )
