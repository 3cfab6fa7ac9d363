"""Backward: the model as a diagram that is walked forwards in values and back in gradients.

N boxes, T position, H heads, Q query, K key. Walking, playing and opening a box need no server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from explorer.ui.components.message import pack

HERE = Path(__file__).parent
SCRIPTS = (
    "palette.js",
    "elements.js",
    "backward_words.js",
    "backward_layout.js",
    "backward_panel.js",
    "backward.js",
)

mount = st.components.v2.component(
    "explorer_backward",
    css=(HERE / "backward.css").read_text("utf-8"),
    js="\n".join((HERE / name).read_text("utf-8") for name in SCRIPTS),
)


def describe(
    plain: Mapping[str, Any], arrays: Mapping[str, np.ndarray], *, tokens: Mapping[str, Sequence[str]], height: int
) -> dict[str, Any]:
    """The header of the message. Raises ValueError where the strips do not fit the tokens."""
    for box in plain["boxes"]:
        read = tokens["source" if on_source(box) else "tokens"]
        strip = arrays.get(f"{box['id']}.value")
        if strip is not None and len(strip) not in (1, len(read)):
            raise ValueError(
                f"{box['id']} has {len(strip)} positions for {len(read)} tokens; give one token a position"
            )
    label = (
        f"Backpropagation through {len(plain['boxes'])} operations, from the tokens to the loss and back. "
        "Arrow keys step, Home and End jump, a click on an operation opens it."
    )
    return {
        "arrays": [[name, *array.shape] for name, array in arrays.items()],
        "boxes": plain["boxes"],
        "tail": plain["tail"],
        "activation": plain["activation"],
        "scaled": plain["scaled"],
        "precision": plain["precision"],
        "gathered": plain["gathered"],
        "target": plain["target"],
        "asked": len(plain["asked"]),
        "loss": plain["loss"],
        "tokens": tokens,
        "height": height,
        "label": label,
    }


def on_source(box: Mapping[str, Any]) -> bool:
    """Whether a box has a row for each token that the encoder reads."""
    return box["row"].startswith("encoder.") or (box["row"].endswith(".cross") and box["kind"] in ("keys", "values"))


def backward(
    plain: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    *,
    key: str,
    tokens: Mapping[str, Sequence[str]],
    height: int = 740,
) -> None:
    """Draws an answer of views/backward.walk.

    tokens: under "tokens", "targets" and "source" what stands at each position, as it shall be read; targets are
    empty where nothing is asked. height: in pixels, holds whatever the data. Raises ValueError where tokens and
    numbers do not fit.
    """
    header = describe(plain, arrays, tokens=tokens, height=height)
    mount(key=key, data=pack(header, list(arrays.values())))
