"""Tokens as text on a page: white space made visible, and nothing in them read as Markdown."""

from __future__ import annotations

from explorer.measure.symbols import written
from explorer.ui import foreign


def shown_token(token: str) -> str:
    """A token of which nothing would be seen, made visible."""
    return written(token)


def escaped(text: str) -> str:
    """A token for places where Streamlit reads Markdown."""
    return foreign.text(shown_token(text))
