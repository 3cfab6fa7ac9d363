"""Written: a text that a model wrote, token by token, and what else could stand at each place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from explorer.answers.records.writing import Text, Why
from explorer.ui.components.message import pack
from explorer.ui.components.source import Source

SOURCE = Source(
    "explorer_written",
    scripts=("palette.js", "hot.js", "moving.js", "written.js"),
    styles=("elements.css", "written.css"),
)
mount = SOURCE.component()


def message(
    title: str,
    text: Text,
    earlier: Text | None = None,
    why: Why | None = None,
    place: int | None = None,
    tall: bool = True,
    projector: bool = False,
) -> bytes:
    """What is drawn: a text, and under it an earlier one that it parted from.

    why: which input made the token at `place` likely.   tall: there is room for a text, else for an answer.
    """
    offered = zip(text.leading.tolist(), text.p.tolist(), text.sampled.tolist(), strict=True)
    header = {
        "title": title,
        "prompt": text.prompt_text,
        "text": text.text,
        "tokens": text.tokens,
        "bits": text.bits.tolist(),
        "rank": text.rank.tolist(),
        "symbols": len(text.symbols),
        "forced": text.forced,
        "leading": [
            [
                {"token": token, "symbol": text.symbols[token], "p": p, "sampled": sampled}
                for token, p, sampled in zip(*place, strict=True)
            ]
            for place in offered
        ],
        "earlier": None
        if earlier is None
        else {"tokens": earlier.tokens, "bits": earlier.bits.tolist(), "rank": earlier.rank.tolist()},
        "place": place,
        "why": None
        if why is None
        else {
            "tokens": why.tokens,
            "token": why.token,
            "ways": {"ablation": why.ablation.tolist(), "gradient × input": why.gradient.tolist()},
        },
        "tall": tall,
        "projector": projector,
    }
    return pack(header, [])


def written(
    message: bytes,
    *,
    key: str,
    on_chosen: Callable[[int, int], None] | None = None,
    on_pointed: Callable[[int], None] | None = None,
) -> None:
    """Draws a message.

    `on_chosen` is called with a place and the token that is to stand there, `on_pointed` with one
    at which the pointer rests.
    """

    def deliver() -> None:
        chosen = st.session_state[key]["chosen"]
        if chosen is not None and on_chosen is not None:
            on_chosen(*of_browser(chosen))

    def ask() -> None:
        place = st.session_state[key]["pointed"]
        if isinstance(place, int) and place >= 0 and on_pointed is not None:
            on_pointed(place)

    mount(key=key, data=message, on_chosen_change=deliver, on_pointed_change=ask)


def of_browser(chosen: Any) -> tuple[int, int]:
    """A place and a token as a browser sent them. ValueError where they are none."""
    place, token = (chosen.get(name) if isinstance(chosen, dict) else None for name in ("place", "token"))
    if not isinstance(place, int) or not isinstance(token, int) or place < 0 or token < 0:
        raise ValueError("this is no token of the text; click one again")
    return place, token
