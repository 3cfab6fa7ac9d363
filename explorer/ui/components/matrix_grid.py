"""Matrix grid: every head of every layer as a small picture, repainted from raw bytes in the browser.

H heads, Q queries, K keys. One update is one message of bytes: hovering, enlarging a head and saving
need no server. Only the chosen head comes back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

HERE = Path(__file__).parent
SCRIPTS = ("palette.js", "saving.js", "loupe.js", "matrix_grid.js")
KINDS = ("probability", "signed")
SCOPES = ("cell", "row", "all")

mount = st.components.v2.component(
    "explorer_matrix_grid",
    css=(HERE / "matrix_grid.css").read_text("utf-8"),
    js="\n".join((HERE / name).read_text("utf-8") for name in SCRIPTS),
)


@dataclass(frozen=True)
class Head:
    """One picture of the grid. `note` says in plain words what the head does; `good` colours it green."""

    id: str  # what selecting it reports, such as "blocks.1.attention.2"
    caption: str
    note: str = ""
    good: bool = False


def pack(header: Mapping[str, Any], arrays: Sequence[np.ndarray]) -> bytes:
    """One message: header length (uint32, little-endian), JSON padded to 4 bytes, then float32 values.

    Values follow one another in the order of `arrays`, each in C order, little-endian; NaN and infinity
    travel as they are. The header says their shapes.
    """
    text = json.dumps(header, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    values = [np.ascontiguousarray(array, dtype="<f4").tobytes() for array in arrays]
    return b"".join([len(text).to_bytes(4, "little"), text, *values])


def describe(
    matrices: Sequence[np.ndarray],
    rows: Sequence[str],
    *,
    labels: Sequence[Sequence[Head]],
    tokens_q: Sequence[Sequence[str]],
    tokens_k: Sequence[Sequence[str]],
    scale: Mapping[str, str],
    selected: str | None,
    height: int | None,
    step: int | None,
) -> dict[str, Any]:
    """The header of `pack`: what the numbers are. Raises ValueError where sizes disagree."""
    if scale["kind"] not in KINDS:
        raise ValueError(f"scale kind={scale['kind']!r} is not known; use one of {', '.join(KINDS)}")
    if scale["kind"] == "signed" and scale.get("scope") not in SCOPES:
        raise ValueError(f"scale scope={scale.get('scope')!r} is not known; use one of {', '.join(SCOPES)}")
    described = []
    for matrix, name, heads, q, k in zip(matrices, rows, labels, tokens_q, tokens_k, strict=True):
        if matrix.shape != (len(heads), len(q), len(k)):
            raise ValueError(
                f"{name}: matrix of shape {matrix.shape} does not fit {len(heads)} heads, "
                f"{len(q)} query and {len(k)} key tokens; give one label a head and one token a position"
            )
        described.append(
            {"name": name, "shape": matrix.shape, "heads": [asdict(head) for head in heads], "q": q, "k": k}
        )
    return {
        "rows": described,
        "scale": dict(scale),
        "selected": selected,
        "height": height,
        "step": step,
    }


def matrix_grid(
    matrices: Sequence[np.ndarray],
    rows: Sequence[str],
    *,
    key: str,
    labels: Sequence[Sequence[Head]],
    tokens_q: Sequence[Sequence[str]],
    tokens_k: Sequence[Sequence[str]],
    scale: Mapping[str, str],
    selected: str | None,
    height: int | None = None,
    step: int | None = None,
    on_change: Callable[[], None],
) -> str | None:
    """Draws `matrices`, one float array (H, Q, K) a row, and gives back the id of the head last clicked.

    `rows` names the rows; `labels`, `tokens_q` and `tokens_k` have one sequence for each of them. `scale`
    is {"kind": "probability"} (colours fixed on [0, 1]) or {"kind": "signed", "scope": "cell" | "row" |
    "all"} (centred on zero, up to the largest size in that scope). `selected` is outlined. `height` in
    pixels makes the pictures small enough for it. `step` goes into the names of saved files. `on_change`
    is called before the page runs again. Raises ValueError where sizes disagree.
    """
    header = describe(
        matrices,
        rows,
        labels=labels,
        tokens_q=tokens_q,
        tokens_k=tokens_k,
        scale=scale,
        selected=selected,
        height=height,
        step=step,
    )
    return mount(key=key, data=pack(header, matrices), on_selected_change=on_change).selected
