"""Arithmetic: one head and one query as numbers, from the residual stream to the head's output.

C width, D channels of the head, K keys. Hovering, formulas and lights need no server. Only the cell that is
held comes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from explorer.answers.records.arithmetic import HeadArithmetic
from explorer.answers.records.record import parts
from explorer.measure.names import head_name
from explorer.ui.components.message import pack
from explorer.ui.components.source import Source

SOURCE = Source(
    "explorer_arithmetic",
    scripts=(
        *("palette.js", "arithmetic_sheet.js", "arithmetic_sums.js"),
        *("arithmetic_stages.js", "arithmetic_formulas.js", "arithmetic.js"),
    ),
    styles=("arithmetic.css",),
)
mount = SOURCE.component()


def describe(answer: HeadArithmetic, *, queries: Sequence[str], keys: Sequence[str], height: int) -> dict[str, Any]:
    """The header of the message. Raises ValueError where the tokens do not fit the numbers."""
    (K, D), C, query = answer.keys.shape, len(answer.x), answer.query
    if len(keys) != K or not query < len(queries):
        raise ValueError(
            f"{len(queries)} query and {len(keys)} key tokens do not fit query {query} and {K} keys; "
            "give one token a position"
        )
    path = f"{answer.path}.{answer.head}"
    whose = f"{head_name(path)} for the query at position {query}, {K} keys"
    return {
        "arrays": [[name, array.size] for name, array in parts(answer)[1].items()],
        "sizes": {"C": C, "D": D, "K": K},
        "shape": f"{path} {query} {C} {D} {K}",  # another one lets go of what is held
        "query": query,
        "queries": queries,
        "keys": keys,
        "cross": answer.path.endswith(".cross"),
        "scale": answer.scale,
        "gain": answer.gain,
        "bias": answer.bias,
        "precision": answer.precision,
        "height": height,
        "label": f"The arithmetic of {whose}. Arrow keys move, Enter holds.",
    }


def arithmetic(
    answer: HeadArithmetic,
    *,
    key: str,
    queries: Sequence[str],
    keys: Sequence[str],
    height: int = 860,
) -> dict[str, Any] | None:
    """Draws the arithmetic of a head; returns the cell that is held, or None.

    `queries` and `keys` are the tokens on both sides, one a position; `height` is in pixels and holds whatever
    the data. A cell is {"stage": name, "row": r, "column": c}, such as {"stage": "scores", "row": 7, "column":
    0} for the score of key 7. Raises ValueError where tokens and numbers do not fit.
    """
    header = describe(answer, queries=queries, keys=keys, height=height)
    return mount(key=key, data=pack(header, list(parts(answer)[1].values())), on_cell_change=lambda: None).cell
