"""What encodings are, in words and formulas, and sentences that are true of one."""

from __future__ import annotations

import math

import numpy as np

from explorer.answers.records.positions import Encoding
from explorer.config.encodings import ENCODINGS
from explorer.measure.names import fixed, number
from explorer.measure.positions import cosines

COMPUTED = (
    "The table is what the model itself adds, the angle what it turns by, the bias what it adds to its scores, as they "
    "stand in its buffers and weights at the step. **Product**: the dot product of two rows. **Similarity by "
    "distance**: their cosine, the mean over all pairs of positions so far apart, in the band from the least to the "
    "most; for rotary the mean cosine of the angle between two positions over the pairs of channels; for ALiBi the "
    "factor on a weight. Colours are centred on 0; brightness follows the square root."
)


def sentence(answer: Encoding) -> str:
    """What to look for in an encoding, worked out from its numbers."""
    encoding = ENCODINGS[answer.kind]
    if encoding.acts == "nothing":
        return none_sentence(answer)
    if encoding.acts == "biases":
        return bias_sentence(answer)
    if encoding.learned:
        return learned_sentence(answer)
    return waves_sentence(answer) if encoding.waves else likeness_sentence(answer)


def none_sentence(answer: Encoding) -> str:
    """There is nothing to see, and where to see what that does."""
    where = "this run" if answer.step is not None else "such a model"
    return f"{where} is told nothing of where a token stands; shuffle its positions and not one answer changes."


def learned_sentence(answer: Encoding) -> str:
    """Whether neighbours have become alike."""
    assert answer.table is not None
    table, n = answer.table.astype(np.float64), answer.trained
    if not np.isfinite(table).all():
        return f"at step {answer.step:,} the table is not finite any more."
    alike = cosines((table if answer.change is None else answer.change)[:n])
    which = " in what was added" if answer.change is not None else ""
    near = float(np.diagonal(alike, 1).mean())
    far = float(alike[np.triu_indices(n, max(2, n // 2))].mean())
    likeness = (
        f"at step {answer.step:,} neighbours have a cosine of {number(near, 2)} on average{which}, positions far apart "
        f"{number(far, 2)}"
    )
    if n < len(table):
        return f"{likeness}; rows {n} to {len(table) - 1} are of no training sequence and still noise."
    return f"{likeness}."


def waves_sentence(answer: Encoding) -> str:
    """How fast positions become unlike."""
    assert answer.mean is not None
    mean = answer.mean[0]
    below = np.flatnonzero(mean < 0.5)
    half = f"under one half first at distance {below[0]}" if len(below) else "never under one half here"
    return (
        "each diagonal has one colour, as only distance counts: "
        f"neighbours have a cosine of {fixed(mean[1], 2)}, {half}."
    )


def likeness_sentence(answer: Encoding) -> str:
    """How fast positions become unlike."""
    assert answer.mean is not None
    mean = answer.mean[0]
    return f"neighbours have a cosine of {fixed(mean[1], 2)}, the two ends of the table one of {fixed(mean[-1], 2)}."


def bias_sentence(answer: Encoding) -> str:
    """After how many positions each head halves a weight: by its slope, or by its factors as far as they are drawn."""
    if answer.slopes is None:
        assert answer.mean is not None
        lasting = [np.flatnonzero(mean <= 0.5) for mean in answer.mean]
        halves = [
            f"head {h + 1} from distance {at[0]} on" if len(at) else f"head {h + 1} nowhere here"
            for h, at in enumerate(lasting)
        ]
        shown = ", ".join(halves[:4]) + (f", … {halves[-1]}" if len(halves) > 4 else "")
        return (
            f"distance alone takes half of a weight or more: {shown}. Content has to be that much stronger to be seen."
        )
    halves = [(f"head {h + 1} after {number(math.log(2) / slope, 3)}") for h, slope in enumerate(answer.slopes)]
    shown = ", ".join(halves[:4]) + (f", … {halves[-1]}" if len(halves) > 4 else "")
    return f"a weight is halved by distance alone: {shown} positions. Content has to be that much stronger to be seen."
