"""Branches: candidates column by column, each joined to what it goes on from: a beam search, or a tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from explorer.answers.records.decoding import Branch
from explorer.ui.components.message import pack
from explorer.ui.components.source import Source

SOURCE = Source("explorer_branches", scripts=("palette.js", "branches.js"), styles=("elements.css", "branches.css"))
mount = SOURCE.component()


def message(
    title: str,
    branches: Sequence[Branch],
    fates: Mapping[str, str],
    best: Sequence[int] = (),
    apart: str = "",
    name: str = "branches",
    projector: bool = False,
    height: int = 200,
) -> bytes:
    """What is drawn.

    fates: what each fate is called, in words.   best: places in the list, of the answer that is marked.   apart: what
    stands between two tokens.   name: of the file with its numbers.   height: pixels in sight; the rest is scrolled to.
    """
    header = {
        "title": title,
        "nodes": [
            {
                "parent": one.parent,
                "column": one.column,
                "row": one.row,
                "token": one.token,
                "p": one.p,
                "logP": one.log_p,
                "score": one.score,
                "fate": one.fate,
                "best": i in set(best),
            }
            for i, one in enumerate(branches)
        ],
        "fates": dict(fates),
        "apart": apart,
        "name": name,
        "projector": projector,
        "height": height,
    }
    return pack(header, [])


def branches(message: bytes, *, key: str) -> None:
    """Draws a message."""
    mount(key=key, data=message)
