"""What the positions page asks for: of a run at a step, or of the formulas alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import streamlit as st

from explorer.config import RunConfig
from explorer.runs.answer import Answer
from explorer.ui import chosen, picture, server
from explorer.ui.components.heat_map import heat_map

EVERY = 1.5  # seconds: an Altair chart's update costs the browser 45 ms
KINDS = {
    "none": "None",
    "learned": "Learned",
    "sinusoidal": "Sinusoidal",
    "rotary": "Rotary",
    "alibi": "ALiBi",
}
SPOKEN = {kind: name if kind == "alibi" else name.lower() for kind, name in KINDS.items()}  # within a sentence


@st.cache_resource(show_spinner=False, max_entries=128)
def worked_out(**arguments: Any) -> Answer:
    """An encoding by its formula, without a run. ValueError where it is refused."""
    request = server.host().request("explorer.runs.views.positions:lecture", **arguments)
    return request.answer.result(timeout=60)


def heat(told: Callable[[], bytes], key: str, of: object) -> None:
    """A heat map that is told anew where `of` changes: what it shows, and of which step."""
    heat_map(picture.paced(told, key, (of, projector()), math.inf), key=key)


def projector() -> bool:
    """Whether everything is drawn for a lecture hall."""
    return bool(st.session_state.get("projector"))


def begin(config: RunConfig) -> None:
    """Starts a run and stays on the page; a refusal is told there."""
    try:
        chosen.begin(config)
        st.session_state.rerun = True
    except ValueError as error:
        chosen.complain(str(error))
