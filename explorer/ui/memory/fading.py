"""Fading: what the pictures of a gradient through time say of how it changes with distance."""

from __future__ import annotations

import numpy as np

from explorer.answers.records.recurrence import ThroughTime
from explorer.config.states import STATES
from explorer.measure import names
from explorer.measure import recurrence as measure
from explorer.measure.names import number, percent, plural

LEVEL = 0.95  # of the gradient that each token back leaves, and as much over 1: about as large
BENT = 1.0  # powers of ten that a line may be off the straight one between its ends, or a quarter of its fall


def shortcut(answer: ThroughTime) -> bool:
    """Whether attention reads these states directly."""
    return answer.direct is not None and bool(answer.direct.any())


def triangle_sentence(answer: ThroughTime) -> str:
    """How the gradient changes from one token to the one before: the mean factor over the longest way."""
    if not np.isfinite(answer.sizes).all():
        return names.lost("the gradient", answer.step)
    if attends(answer):
        return attended_sentence(answer)
    each, far = measure.each_token(answer.reach)
    if len(answer.tokens) == 1:
        return "one token has no past: there is no earlier state."
    if not far:
        return "there is no way through time here: no gradient reaches an earlier state."
    tokens = f"{far:d} token" if far == 1 else f"{far:,} tokens"
    back = "back" if answer.order == "written" else "further from where the encoder ends"
    if not straight(answer):
        return bent_sentence(answer)
    if level(each):
        return f"each token {back} the gradient stays at {percent(each, 1)} of what it was, over {tokens}."
    change = "shrinks" if each < 1 else "grows"
    return f"each token {back} the gradient {change} to {percent(each)} of what it was, over {tokens}."


def attends(answer: ThroughTime) -> bool:
    """Whether attention alone carries the gradient back: no way leads from token to token, on which it could change."""
    known = np.flatnonzero(np.isfinite(answer.reach.mean))
    return answer.states == STATES["residual stream"].words and answer.order == "written" and known[known > 0].size > 1


def attended_sentence(answer: ThroughTime) -> str:
    """How the gradient in the furthest state compares with that in the one just before, its own state apart."""
    near, far, ratio = attended(answer)
    return (
        f"{far:,} tokens back the gradient is {number(ratio)} times that {near:,} token{plural(near)} back: attention "
        "reads each token directly."
    )


def attended(answer: ThroughTime) -> tuple[int, int, float]:
    """The nearest and the furthest distance of other tokens; the gradient at the furthest, in those at the nearest."""
    mean = answer.reach.mean
    near, *_, far = np.flatnonzero(np.isfinite(mean[1:])) + 1
    return int(near), int(far), float(10.0 ** (mean[far] - mean[near]))


def straight(answer: ThroughTime) -> bool:
    """Whether one rate says how the gradient changes: no distance is far off the straight line between the ends."""
    mean = answer.reach.mean
    near, far = np.flatnonzero(np.isfinite(mean))[[0, -1]]
    return bool(off_line(answer).max() <= max(BENT, abs(mean[far] - mean[near]) / 4))


def off_line(answer: ThroughTime) -> np.ndarray:
    """Powers of ten between each distance and the straight line between the ends; 0 where there is no gradient."""
    mean = answer.reach.mean
    near, far = np.flatnonzero(np.isfinite(mean))[[0, -1]]
    return np.nan_to_num(np.abs(mean - np.interp(np.arange(len(mean)), [near, far], mean[[near, far]])), posinf=0.0)


def bent_sentence(answer: ThroughTime) -> str:
    """The ends of a line that is not straight, and where between them it is furthest from it."""
    mean = answer.reach.mean
    near, far = np.flatnonzero(np.isfinite(mean))[[0, -1]]
    between = int(off_line(answer).argmax())
    here, there, then = (number(10.0 ** mean[place]) for place in (near, far, between))
    return f"{near:,} tokens back the gradient is {here}, {far} back {there}, and between them, {between} back, {then}."


def level(each: float) -> bool:
    """Whether a gradient stays about as large from token to token."""
    return LEVEL < each < 2 - LEVEL


def way_sentence(answer: ThroughTime) -> str:
    """By which way an encoder's furthest state is reached."""
    if answer.order == "written" or answer.direct is None:
        return ""
    if not shortcut(answer):
        return " All of it comes through the states between: there is no attention to read one directly."
    furthest = measure.apart(answer.places, len(answer.tokens), answer.order)[0].argmax()
    share = answer.direct[:, furthest].sum() / max(answer.sizes[:, furthest].sum(), 1e-300)
    return (
        f" Attention reads each state directly, on a path of length 1: at the furthest token the gradient by that path "
        f"is {percent(share)} as long as all of it."
    )


def reach_sentence(answer: ThroughTime) -> str:
    """What is left at the greatest distance, and by which way it is reached."""
    mean = answer.reach.mean
    known = np.flatnonzero(np.isfinite(mean))
    if not len(known):
        if not np.isfinite(answer.sizes).all():
            return names.lost("the gradient", answer.step)
        return "no prediction has a gradient in any state."
    near, far = known[0], known[-1]
    if attends(answer):
        near, far, ratio = attended(answer)
        ends = "What is far back counts more here." if ratio > 1 else "What is near counts more here."
        here, there = number(10.0 ** mean[near]), number(10.0 ** mean[far])
        return f"{far:,} tokens back the gradient is {there}, where {near} back it is {here}. {ends}"
    if near == far:
        return (
            f"{far:,} token{plural(far)} back the gradient is {number(10.0 ** mean[far])}; at no other distance is "
            "there one."
        )
    if shortcut(answer):
        ends = "A level line is what attention brings: no token is far away."
    elif not straight(answer):
        ends = "The line is not straight: no one rate says how the gradient changes."
    elif level(measure.each_token(answer.reach)[0]):
        ends = "Where the line is level, what was read is kept on the way."
    elif mean[far] > mean[near]:
        ends = "Where the line rises the gradient grows on its way: what is far back outweighs what is near."
    else:
        ends = "A straight falling line is a memory that fades."
    return (
        f"{far:,} token{plural(far)} back the gradient is {number(10.0 ** mean[far])}, where {near} back it is "
        f"{number(10.0 ** mean[near])}. {ends}{way_sentence(answer)}"
    )
