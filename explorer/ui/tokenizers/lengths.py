"""How long a text is against how large the vocabulary is."""

from __future__ import annotations

from typing import Any

import numpy as np

from explorer import bpe
from explorer.charts import tokenizers as charts
from explorer.ui import picture
from explorer.ui.frame import cards
from explorer.ui.tokenizers.asked import Asked

COMPUTED = (
    "A curve is BPE after each merge: the number of tokens that the text becomes, divided by its characters, over the "
    "number of tokens in the vocabulary. It is counted exactly from the merges that remove each boundary between two "
    "bytes. Round points are the characters and all different words of the text learned from. “Other parts” are pieces "
    "of the same corpus between those that were read; the last text is of another kind."
)


def show(asked: Asked) -> None:
    """One chart over the whole width."""
    with cards("lengths", 1)[0]:
        answer = asked.answer("tokenizers.lengths", **asked.learned)
        if answer is None:
            return
        plain, arrays = answer
        picture.show(charts.lengths, charts.lengths_frame(plain, arrays), "lengths")
        picture.look_for("lengths", sentence(plain, arrays))
    picture.computed(COMPUTED, bpe.lengths)


def sentence(plain: dict[str, Any], arrays: dict[str, np.ndarray]) -> str:
    """What half of the merges buy, and what the last ones."""
    curve, sizes = arrays["per_character 0"], arrays["sizes"]
    if len(curve) < 3:
        return "there are too few merges for a curve."
    middle, last = len(curve) // 2, len(curve) - 1
    title, other = plain["texts"][-1]["name"], arrays[f"per_character {len(plain['texts']) - 1}"]
    return (
        f"the first {middle:,} merges shorten the text by {1 - curve[middle] / curve[0]:.0%}, the other "
        f"{last - middle:,} by another {(curve[middle] - curve[last]) / curve[0]:.0%}: each merge buys less. With "
        f"{sizes[-1]:,} tokens a token is {1 / curve[-1]:.2f} characters long, and {1 / other[-1]:.2f} in {title}."
    )
