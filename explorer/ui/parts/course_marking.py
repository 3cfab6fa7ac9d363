"""A lesson's Markdown with its terms marked: each shows its entry of the glossary where the pointer rests."""

from __future__ import annotations

import streamlit as st

from explorer.measure.glossary import marked


def course_markdown(text: str, language: str, seen: set[str]) -> None:
    """Text of the course, never a visitor's. seen: the terms that are marked already; those marked now are added."""
    st.markdown(marked(text, language, seen), unsafe_allow_html=True)
