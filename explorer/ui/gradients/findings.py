"""Findings of the instruments in words, true of the step that is looked at. B samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from explorer.measure import instruments as measure

WINDOW = 8  # measured steps that a noise scale is averaged over


def samples_sentence(plain: dict[str, Any], arrays: dict[str, np.ndarray]) -> str:
    """How many samples pull the mean's way, and which one hardest."""
    along, across, B = arrays["along"], arrays["across"], len(arrays["along"])
    lengths = np.hypot(along, across)
    if not np.isfinite(lengths).all():
        return "the gradients are not finite any more."
    hardest, with_it = int(lengths.argmax()), int((along > 0).sum())
    return (
        f"{with_it} of {B} samples pull the way of their mean, right of 0; half pull more than "
        f"{np.median(across):.2g} ‖g‖ across it, which mostly cancels. Sample {hardest + 1} pulls hardest: "
        f"{lengths[hardest]:.2g} ‖g‖, with ‖g‖ = {plain['length']:.3g}."
    )


def tests_sentence(plain: dict[str, Any]) -> str:
    """How far off the gradient may be, and in which way."""
    norm, inner, across = (plain["numbers"].get(name) for name in ("norm", "inner", "orthogonality"))
    if norm is None or inner is None or across is None:
        return unknown(plain)
    word = "more noise than signal" if norm > 1 else "less noise than signal"
    return (
        f"at step {plain['step']} the error of the batch’s gradient is about {norm:.2g} times its length ({word}): "
        f"{inner:.2g} along it, so much is its length uncertain, and {across:.2g} to the side"
        + (", where the two curves all but meet." if across > 0.9 * norm else ".")
    )


def unknown(plain: dict[str, Any]) -> str:
    """That there is no number at this step."""
    return f"at step {plain['step']} the batch’s gradient is zero or not finite, so nothing can be held against it."


def noise_sentence(plain: dict[str, Any], arrays: dict[str, np.ndarray], B: int) -> str:
    """The scale at this step beside the batch, or that it cannot be resolved."""
    numbers, step = plain["numbers"], plain["step"]
    if numbers.get("noise") is None:
        return unknown(plain)
    before = np.isfinite(arrays["noise"]) & (arrays["steps"] < step)
    tr = [*arrays["noise"][before][1 - WINDOW :], numbers["noise"]]
    signals = [*arrays["signal"][before][1 - WINDOW :], numbers["signal"]]
    scale = measure.noise_scale(tr, signals)
    since = arrays["steps"][before][1 - WINDOW :]
    over = f"over the {len(tr)} measured steps from {since[0]} to {step}" if len(tr) > 1 else f"at step {step} alone"
    if scale is None:
        return f"{over} the noise scale is not resolvable at this batch size: {B} samples do not show the signal."
    if scale > 2 * B:
        verdict = f"the batch of {B} is dominated by noise, and a larger one would make each step worth more"
    elif scale < B / 2:
        verdict = f"the batch of {B} is larger than it needs to be, and a smaller one would cost little"
    else:
        verdict = f"about the batch of {B}: noise and signal weigh alike"
    return f"{over} the noise scale is {scale:.3g} samples; {verdict}."


def to_noise_sentence(plain: dict[str, Any], arrays: dict[str, np.ndarray]) -> str:
    """The ratio at this step, beside the first one measured."""
    now = plain["numbers"].get("to_noise")
    if now is None:
        return unknown(plain)
    found = f"at step {plain['step']} a parameter’s squared gradient is on average {now:.2g} times its variance"
    found += " over the samples plus 10⁻⁵"
    first = arrays["to_noise"][:1]
    if not (first.size and np.isfinite(first[0]) and first[0] > 0 and plain["step"] > arrays["steps"][0]):
        return f"{found}."
    return f"{found}, {now / first[0]:.2g} times what it was at step {arrays['steps'][0]}."


def quality_sentence(plain: dict[str, Any], all_of: np.ndarray) -> str:
    """Where this step ends, and how many of the measured ones overshoot."""
    alpha, step = plain["numbers"].get("quality"), plain["step"]
    known = all_of[np.isfinite(all_of)]
    beyond = f"; {int((known > 0).sum()) or 'none'} of {len(known)} measured steps went beyond it" if len(known) else ""
    if alpha is None:
        if plain["last"]:
            return f"training ends at step {step}, so no step was taken from here{beyond}."
        return f"where step {step} ends cannot be told{beyond}."
    if alpha < -1:
        where = "leads away from the floor, which lies behind it"
    elif alpha == -1:
        where = "goes down a slope without a floor in sight"
    elif alpha < -0.1:
        where = f"goes {1 + alpha:.0%} of the way to the valley’s floor"
    elif alpha <= 0.1:
        where = "ends on the valley’s floor"
    elif alpha <= 1:
        where = "crosses the floor and ends lower than it began"
    else:
        where = "crosses the floor and ends higher than it began"
    return f"as far as the noise lets see, step {step} {where} (α = {alpha:+.2f}){beyond}.".replace("-", "−")
