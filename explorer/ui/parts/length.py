"""Length: what a visitor typed or pasted is read whole, or refused in a sentence where it is too long.

No widget has a limit of its own: over that, Streamlit's browser drops a paste without a word, and its server cuts what
an address brings.
"""

from __future__ import annotations

import streamlit as st

MOST = 2000  # characters of a text


def fits(words: str, most: int = MOST) -> bool:
    """Whether a text is short enough. If not, says so here; it stays in its place as it was typed."""
    if len(words) <= most:
        return True
    st.warning(refusal(words, most), icon=":material/info:")
    return False


def refusal(words: str, most: int = MOST) -> str:
    """Why a text is not read, and the way out."""
    return f"This text has {len(words):,} characters, and at most {most:,} are read here. It is kept: shorten it."
