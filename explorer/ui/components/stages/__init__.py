"""Stages: the next token on its way through a sampler, a column a stage. V vocabulary.

The browser has the logits and works everything out itself: sliders and dragging need no server, which hears of a
setting when the hand lets go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from explorer.measure.sampling import ORDERS, STAGES, checked
from explorer.ui.components.message import pack
from explorer.ui.components.source import Source

SOURCE = Source(
    "explorer_stages",
    scripts=("palette.js", "hot.js", "moving.js", "stages_math.js", "stages.js"),
    styles=("elements.css", "stages.css"),
)
mount = SOURCE.component()


def message(
    title: str,
    symbols: Sequence[str],
    logits: np.ndarray,
    seen: Sequence[int],
    settings: Mapping[str, float],
    order: Sequence[str],
    projector: bool = False,
) -> bytes:
    """What is drawn: logits (V,) of `symbols`, after the tokens `seen`, with the settings and order to begin with."""
    about = {
        name: {
            "title": stage.title,
            "meaning": stage.meaning,
            "source": stage.source,
            "neutral": stage.neutral,
            "least": stage.least,
            "most": min(stage.most, len(symbols)) if stage.whole else stage.most,
            "whole": stage.whole,
        }
        for name, stage in STAGES.items()
    }
    header = {
        "title": title,
        "symbols": list(symbols),
        "seen": sorted({int(token) for token in seen}),
        "about": about,
        "orders": {name: list(stages) for name, stages in ORDERS.items()},
        "settings": checked(settings),
        "order": list(order),
        "projector": projector,
    }
    return pack(header, [logits])


def stages(
    message: bytes, *, key: str, on_chosen: Callable[[dict[str, float], tuple[str, ...]], None] | None = None
) -> None:
    """Draws a message. `on_chosen` is called with settings and order when the hand lets go, before the page runs."""

    def deliver() -> None:
        chosen = st.session_state[key]["chosen"]
        if chosen is not None and on_chosen is not None:
            on_chosen(*of_browser(chosen))

    mount(key=key, data=message, on_chosen_change=deliver)


def of_browser(chosen: Any) -> tuple[dict[str, float], tuple[str, ...]]:
    """Settings and order as a browser sent them. ValueError where they are none."""
    settings, order = (chosen.get(name) if isinstance(chosen, dict) else None for name in ("settings", "order"))
    if not isinstance(settings, dict) or not isinstance(order, list) or sorted(map(str, order)) != sorted(STAGES):
        raise ValueError("these are no stages of a sampler; set them again")
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in settings.values()):
        raise ValueError("a setting of a sampler is a number; set it again")
    return checked(settings), tuple(order)
