"""Figures: numbers with their names in one row, which the feed may move between two runs of the page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.ui.components.message import pack

HERE = Path(__file__).parent
SCRIPTS = ("elements.js", "hot.js", "figures.js")

mount = st.components.v2.component(
    "explorer_figures",
    js="\n".join((HERE / name).read_text("utf-8") for name in SCRIPTS),
    isolate_styles=False,  # looks as `picture.figures` does
)


def message(numbers: Mapping[str, str], name: str, moment: Mapping[str, Any]) -> bytes:
    """What it draws: words by their names. name: what the feed calls it.   moment: of what it tells, see feed.py."""
    return pack({"numbers": list(numbers.items()), "name": name, "moment": moment}, [])


def figures(message: bytes, *, key: str) -> None:
    """Draws a message."""
    mount(key=key, data=message)
