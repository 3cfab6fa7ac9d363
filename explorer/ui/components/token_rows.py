"""Token rows: one text under several tokenizers, every token with its number and how often it is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.ui.components.message import pack

HERE = Path(__file__).parent
SCRIPTS = ("palette.js", "elements.js", "vector.js", "token_text.js", "token_rows.js")

mount = st.components.v2.component(
    "explorer_token_rows",
    css="\n".join((HERE / name).read_text("utf-8") for name in ("elements.css", "token_text.css", "token_rows.css")),
    js="\n".join((HERE / name).read_text("utf-8") for name in SCRIPTS),
)


def token_rows(title: str, rows: Sequence[Mapping[str, Any]], typed: int, *, key: str, projector: bool = False) -> None:
    """Draws rows as the view `tokenizers.cut` gives them. typed: characters of the text."""
    mount(key=key, data=pack({"title": title, "rows": list(rows), "typed": typed, "projector": projector}, []))
