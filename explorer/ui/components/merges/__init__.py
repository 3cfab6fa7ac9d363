"""BPE merge by merge: a text re-cut at every merge, and the merge that comes next. The browser has it all at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from explorer.ui.components.message import pack
from explorer.ui.components.source import Source

FIRST = 40  # merges made when it is first seen: words have begun to form

SOURCE = Source(
    "explorer_merges",
    scripts=("palette.js", "vector.js", "token_text.js", "merges.js"),
    styles=("elements.css", "token_text.css", "merges.css"),
)
mount = SOURCE.component()


def message(
    plain: Mapping[str, Any], arrays: Mapping[str, np.ndarray], identity: str, projector: bool = False
) -> bytes:
    """What the browser gets of an answer of `tokenizers.merging`.

    identity: tells one answer from another; up to its first line end it is what was learned, the rest the text.
    """
    merges, runners, sizes, gone = (arrays[name] for name in ("merges", "runners", "sizes", "gone"))
    header = {
        "title": "Byte pair encoding, merge by merge",
        "known": identity,
        "learned": identity.partition("\n")[0],
        "projector": projector,
        "first": FIRST,
        "M": len(merges),
        "R": runners.shape[1],
        "n": len(gone),
    } | {name: plain[name] for name in ("text", "typed", "pieces", "shown")}
    return pack(header, [merges, runners, sizes, gone], "<i4")


def merges(data: bytes, *, key: str) -> None:
    """Draws a `message`."""
    mount(key=key, data=data)
