"""BPE learned merge by merge."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from explorer import bpe
from explorer.ui import picture
from explorer.ui.components import merges
from explorer.ui.frame import cards
from explorer.ui.tokenizers.asked import Asked

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


def show(asked: Asked) -> None:
    """The player over the whole width."""
    with cards("merges", 1)[0]:
        arguments = asked.learned | {"text": asked.text}
        answer = asked.answer("tokenizers.merging", **arguments)
        if answer is None:
            return
        plain, arrays = answer
        st.caption(f"learned from {plain['title']} · {plain['characters']:,} characters of it read")
        projector = bool(st.session_state.get("projector"))
        learned = str(hash(tuple(asked.learned.items())))
        merges.merges(merges.message(plain, arrays, f"{learned}\n{asked.text}", projector), key="merges")
        picture.look_for("merges", sentence(plain, arrays))
    picture.computed(COMPUTED, bpe.learn, bpe.joins)


def sentence(plain: dict[str, Any], arrays: dict[str, np.ndarray]) -> str:
    """What the first merges are, the longest token, and what became of the text."""
    merges, shown = arrays["merges"], plain["shown"]
    if not len(merges):
        return "no pair occurs in this text, so there is nothing to merge."
    first = " and ".join(f"`{shown[row[2]]}` ({row[3]:,} times)" for row in merges[:2])
    longest = max(merges[:, 2], key=lambda token: len(plain["pieces"][token]))
    joined = int((arrays["gone"] > 0).sum())
    n = len(plain["text"])
    now = f"{n} bytes of the text become {n - joined} tokens" if n else "the text is empty"
    last = f"the last merge was met only {merges[-1][3]:,} times"
    return f"the first merges make {first}; {last}. The longest token is `{shown[longest]}`. With all merges {now}."
