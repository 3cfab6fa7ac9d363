"""BPE learned merge by merge."""

from __future__ import annotations

import streamlit as st

from explorer.answers.records.record import parts
from explorer.answers.records.tokenizers import Merging
from explorer.measure.names import plural
from explorer.tasks import bpe
from explorer.ui import foreign, picture, visit
from explorer.ui.components import merges
from explorer.ui.frame import cards
from explorer.ui.tokenizers.request import Choice

COMPUTED = (
    "**Byte pair encoding** (Gage 1994; for words Sennrich et al. 2016, §3.2; on bytes Radford et al. 2019, "
    "§2.2). The text is split into words by GPT-2’s pre-tokenizer (`ByteLevel` of the library tokenizers, no "
    "space added in front: a word keeps the space before it), and each word into its UTF-8 bytes. Again and again"
    " the pair of neighbours that occurs most often becomes a token; of equally frequent pairs the one whose "
    "first token, then second token, has the lower number. Nothing is merged across words. A text longer than a "
    "million characters is learned from 100 pieces of 10,000, evenly spread. These are the merges that the "
    "library’s trainer, and so the text tasks’ BPE, makes, one by one. A new text is cut by the same merges: "
    "always the earliest one that fits, from the left."
)


def show(choice: Choice) -> None:
    """The player over the whole width."""
    with cards("merges", 1)[0]:
        arguments = choice.learned | {"text": choice.text}
        answer = choice.answer(Merging, **arguments)
        if answer is None:
            return
        title = answer.title.replace("'", "’")
        st.caption(
            f"learned from {foreign.text(title)} · {answer.characters:,} "
            f"character{plural(answer.characters)} of it read"
        )
        projector = visit.state().projector
        learned = str(hash(tuple(choice.learned.items())))
        merges.merges(merges.message(*parts(answer), f"{learned}\n{choice.text}", projector), key="merges")
        picture.look_for("merges", sentence(answer))
    picture.computed(COMPUTED, bpe.learn, bpe.joins)


def sentence(answer: Merging) -> str:
    """What the first merges are, the longest token, and what became of the text."""
    merges, shown = answer.merges, answer.shown
    if not len(merges):
        return "no pair occurs in this text, so there is nothing to merge."
    first = " and ".join(f"`{shown[row[2]]}` ({row[3]:,} time{plural(row[3])})" for row in merges[:2])
    longest = max(merges[:, 2], key=lambda token: len(answer.pieces[token]))
    joined = int((answer.gone > 0).sum())
    n = len(answer.text)
    now = (
        f"{n} byte{plural(n)} of the text {'becomes' if n == 1 else 'become'} {n - joined:,} token{plural(n - joined)}"
        if n
        else "the text is empty"
    )
    return f"the first merges make {first}. The longest token is `{shown[longest]}`. With all merges {now}."
