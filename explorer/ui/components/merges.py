"""BPE merge by merge: a text re-cut at every merge, and the merge that comes next. The browser has it all at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from explorer.ui.components.message import pack

HERE = Path(__file__).parent
SCRIPTS = ("palette.js", "elements.js", "vector.js", "token_text.js", "merges.js")
FIRST = 40  # merges made when it is first seen: words have begun to form

mount = st.components.v2.component(
    "explorer_merges",
    css="\n".join((HERE / name).read_text("utf-8") for name in ("elements.css", "token_text.css", "merges.css")),
    js="\n".join((HERE / name).read_text("utf-8") for name in SCRIPTS),
)


def message(plain: Mapping[str, Any], arrays: Mapping[str, np.ndarray], known: str, projector: bool = False) -> bytes:
    """What the browser gets of an answer of `tokenizers.merging`.

    known: tells one answer from another; up to its first line end it is what was learned, the rest the text.
    """
    merges, runners, sizes, gone = (arrays[name] for name in ("merges", "runners", "sizes", "gone"))
    header = {
        "title": "Byte pair encoding, merge by merge",
        "known": f"{known} {projector}",
        "learned": known.partition("\n")[0],
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
