"""Arithmetic: one head and one query as numbers, from the residual stream to the head's output.

C width, D channels of the head, K keys. Hovering, formulas and lights need no server. Only the cell that is
held comes back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from explorer.runs.run import head_name
from explorer.ui.components.message import pack

HERE = Path(__file__).parent
SCRIPTS = ("palette.js", "elements.js", "arithmetic_stages.js", "arithmetic_formulas.js", "arithmetic.js")

mount = st.components.v2.component(
    "explorer_arithmetic",
    css=(HERE / "arithmetic.css").read_text("utf-8"),
    js="\n".join((HERE / name).read_text("utf-8") for name in SCRIPTS),
)


def describe(
    plain: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    *,
    queries: Sequence[str],
    keys: Sequence[str],
    height: int,
) -> dict[str, Any]:
    """The header of the message. Raises ValueError where the tokens do not fit the numbers."""
    (K, D), C, query = arrays["keys"].shape, len(arrays["x"]), plain["query"]
    if len(keys) != K or not query < len(queries):
        raise ValueError(
            f"{len(queries)} query and {len(keys)} key tokens do not fit query {query} and {K} keys; "
            "give one token a position"
        )
    name = head_name(f"{plain['path']}.{plain['head']}")
    label = f"The arithmetic of {name} for the query at position {query}, {K} keys. Arrow keys move, Enter holds."
    return {
        "arrays": [[name, array.size] for name, array in arrays.items()],
        "sizes": {"C": C, "D": D, "K": K},
        "shape": f"{plain['path']}.{plain['head']} {query} {C} {D} {K}",  # another one lets go of what is held
        "query": query,
        "queries": queries,
        "keys": keys,
        "cross": plain["path"].endswith(".cross"),
        "scale": plain["scale"],
        "gain": plain["gain"],
        "positions": plain["positions"],
        "precision": plain["precision"],
        "height": height,
        "label": label,
    }


def arithmetic(
    plain: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    *,
    key: str,
    queries: Sequence[str],
    keys: Sequence[str],
    height: int = 860,
) -> dict[str, Any] | None:
    """Draws an answer of `explorer.arithmetic.head_arithmetic`; gives back the cell that is held, or None.

    `queries` and `keys` are the tokens on both sides, one a position; `height` is in pixels and holds whatever
    the data. A cell is {"stage": name, "row": r, "column": c}, such as {"stage": "scores", "row": 7, "column":
    0} for the score of key 7. Raises ValueError where tokens and numbers do not fit.
    """
    header = describe(plain, arrays, queries=queries, keys=keys, height=height)
    return mount(key=key, data=pack(header, list(arrays.values())), on_cell_change=lambda: None).cell
