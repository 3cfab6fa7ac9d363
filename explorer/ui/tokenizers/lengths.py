"""How long a text is against how large the vocabulary is."""

from __future__ import annotations

from explorer.answers.records.tokenizers import Lengths
from explorer.charts import tokenizers as charts
from explorer.measure.names import fixed, percent, plural
from explorer.tasks import bpe
from explorer.ui import picture
from explorer.ui.frame import cards
from explorer.ui.tokenizers.request import Choice

COMPUTED = (
    "A curve is BPE after each merge: the number of tokens that the text becomes, divided by its characters, over the "
    "number of tokens in the vocabulary. It is counted exactly from the merges that remove each boundary between two "
    "bytes. Round points are the characters and all different words of the text learned from. “Other parts” are pieces "
    "of the same corpus between those that were read; the last text is of another kind."
)


def show(choice: Choice) -> None:
    """One chart over the whole width."""
    with cards("lengths", 1)[0]:
        answer = choice.answer(Lengths, **choice.learned)
        if answer is None:
            return
        curves = {text.name: text.curve for text in answer.texts}
        vocabularies = {"characters": (answer.characters, 1.0), "words": (answer.words, answer.words_per_character)}
        picture.show(charts.lengths, charts.lengths_frame(answer.sizes, curves, vocabularies), "lengths")
        picture.look_for("lengths", sentence(answer))
    picture.computed(COMPUTED, bpe.lengths)


def sentence(answer: Lengths) -> str:
    """What half of the merges buy, and what the last ones."""
    curve, sizes = answer.texts[0].curve, answer.sizes
    if len(curve) < 3:
        return "there are too few merges for a curve."
    middle, last = len(curve) // 2, len(curve) - 1
    title, other = answer.texts[-1].name, answer.texts[-1].curve
    return (
        f"the first {middle:,} merge{plural(middle)} {'shortens' if middle == 1 else 'shorten'} the text by "
        f"{percent(1 - curve[middle] / curve[0])}, the other "
        f"{last - middle:,} by another {percent((curve[middle] - curve[last]) / curve[0])}: each merge buys less. With "
        f"{sizes[-1]:,} tokens a token is {fixed(1 / curve[-1], 2)} characters long, and {fixed(1 / other[-1], 2)} in "
        f"{title}."
    )
