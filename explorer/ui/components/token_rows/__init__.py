"""Token rows: one text under several tokenizers, every token with its number and how often it is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from explorer.ui.components.message import pack
from explorer.ui.components.source import Source

SOURCE = Source(
    "explorer_token_rows",
    scripts=("palette.js", "vector.js", "token_text.js", "token_rows.js"),
    styles=("elements.css", "token_text.css", "token_rows.css"),
)
mount = SOURCE.component()


def token_rows(title: str, rows: Sequence[Mapping[str, Any]], typed: int, *, key: str, projector: bool = False) -> None:
    """Draws rows as the view `tokenizers.cut` gives them. typed: characters of the text."""
    mount(key=key, data=pack({"title": title, "rows": list(rows), "typed": typed, "projector": projector}, []))
