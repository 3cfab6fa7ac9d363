"""Drafted: a text that one model drafted and another wrote, with the arithmetic of every token. N tokens, V vocabulary.

The browser has the probabilities of both models at every place and draws from them itself: the proof needs no server.
"""

from __future__ import annotations

import numpy as np

from explorer.answers.records.writing import Speculation
from explorer.ui.components.message import pack
from explorer.ui.components.source import Source

SOURCE = Source(
    "explorer_drafted",
    scripts=("palette.js", "stages_math.js", "drafted_math.js", "drafted.js"),
    styles=("elements.css", "drafted.css"),
)
mount = SOURCE.component()


def message(title: str, answer: Speculation, apart: str = "", projector: bool = False) -> bytes:
    """What is drawn. apart: what stands between two tokens."""
    header = {
        "title": title,
        "prompt": answer.prompt_text,
        "symbols": answer.symbols,
        "numbers": answer.numbers.tolist(),
        "passes": answer.passes.tolist(),
        "drafts": answer.drafts.tolist(),
        "accepted": answer.accepted.tolist(),
        "at": answer.at.tolist(),
        "apart": apart,
        "projector": projector,
    }
    return pack(header, [answer.p.astype(np.float32), answer.q.astype(np.float32)])


def drafted(message: bytes, *, key: str) -> None:
    """Draws a message."""
    mount(key=key, data=message)
