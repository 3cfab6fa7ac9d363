"""Backward: the model as a diagram that is walked forwards in values and back in gradients.

N boxes, T position, H heads, Q query, K key. Walking, playing and opening a box need no server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from explorer.answers.records.backward import Backpropagation, Operation
from explorer.answers.records.record import parts
from explorer.ui.components.message import pack
from explorer.ui.components.source import Source

SOURCE = Source(
    "explorer_backward",
    scripts=(
        "palette.js",
        "hot.js",
        "moving.js",
        "backward_words.js",
        "backward_layout.js",
        "backward_panel.js",
        "backward.js",
    ),
    styles=("backward.css",),
)
mount = SOURCE.component()


FIELDS = ("boxes", "tail", "activation", "scaled", "precision", "gathered", "target", "loss")  # sent as they are


def describe(answer: Backpropagation, *, tokens: Mapping[str, Sequence[str]], height: int) -> dict[str, Any]:
    """The header of the message. Raises ValueError where the strips do not fit the tokens."""
    for box in answer.boxes:
        read = tokens["source" if on_source(box) else "tokens"]
        strip = answer.arrays.get(f"{box.id}.value")
        if strip is not None and len(strip) not in (1, len(read)):
            raise ValueError(f"{box.id} has {len(strip)} positions for {len(read)} tokens; give one token a position")
    label = (
        f"Backpropagation through {len(answer.boxes)} operations, from the tokens to the loss and back. "
        "Arrow keys step, Home and End jump, a click on an operation opens it."
    )
    plain = parts(answer)[0]
    return {name: plain[name] for name in FIELDS} | {
        "arrays": [[name, *array.shape] for name, array in answer.arrays.items()],
        "asked": len(answer.positions),
        "tokens": tokens,
        "height": height,
        "label": label,
    }


def on_source(box: Operation) -> bool:
    """Whether a box has a row for each token that the encoder reads."""
    return box.row.startswith("encoder.") or (box.row.endswith(".cross") and box.kind in ("keys", "values"))


def backward(
    answer: Backpropagation,
    *,
    key: str,
    tokens: Mapping[str, Sequence[str]],
    height: int = 740,
) -> None:
    """Draws the diagram.

    tokens: under "tokens", "targets" and "source" what stands at each position, as it shall be read; targets are
    empty where nothing is asked. height: in pixels, holds whatever the data. Raises ValueError where tokens and
    numbers do not fit.
    """
    header = describe(answer, tokens=tokens, height=height)
    mount(key=key, data=pack(header, list(answer.arrays.values())))
