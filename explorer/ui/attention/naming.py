"""The rows of the attention grid: which stack and layer, which tokens, what each head looks like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.measure import attention
from explorer.runs.run import head_name
from explorer.ui.components.matrix_grid import Head

CLEAR = 0.4  # mean probability on a line from which it is named


@dataclass(frozen=True)
class Row:
    """One attention of the model: patterns (H, Q, K) with names and tokens for both sides."""

    name: str
    patterns: np.ndarray
    labels: list[Head]
    queries: list[str]
    keys: list[str]


def head_rows(plain: dict, arrays: dict[str, np.ndarray]) -> list[Row]:
    """One row for each attention, in the order of the forward pass."""
    rows = []
    for tap, patterns in arrays.items():
        path = tap.removesuffix(".pattern")
        queries = plain["source"] if path.startswith("encoder.") else plain["tokens"]
        keys = plain["source"] if path.endswith(".cross") else queries
        labels = [label(f"{path}.{h}", pattern, plain["ablated"]) for h, pattern in enumerate(patterns)]
        rows.append(Row(row_name(path), patterns, labels, queries, keys))
    return rows


def row_name(path: str) -> str:
    """`decoder.blocks.0.cross` is decoder cross 1."""
    stack, _, rest = path.rpartition("blocks.")
    number, part = rest.split(".")
    words = [
        stack.rstrip("."),
        "cross" if part == "cross" else "layer" if not stack else "",
        str(int(number) + 1),
    ]
    return " ".join(w for w in words if w)


def label(head: str, pattern: np.ndarray, ablated: list[str]) -> Head:
    """A head's caption, with a plain word where its pattern clearly is something."""
    name = head_name(head)
    if head in ablated:
        return Head(head, name, "switched off")
    found = attention.line(pattern)
    if found.score > CLEAR and found.score > 3 * found.chance:
        return Head(head, name, line_words(found), good=True)
    if attention.entropy(pattern[None])[0] > 0.8:
        return Head(head, name, "broad")
    return Head(head, name)


def line_words(found: attention.Line) -> str:
    """A line in words."""
    if found.kind == "mirror":
        return "reads backwards"
    if found.offset == 0:
        return "looks at itself"
    return f"looks {found.offset} back" if found.offset > 0 else f"looks {-found.offset} ahead"


def sharpest(rows: list[Row]) -> str:
    """What to look for in these patterns."""
    found = [(head, attention.line(p), p) for row in rows for head, p in zip(row.labels, row.patterns, strict=True)]
    head, best, _ = max(found, key=lambda f: f[1].score)
    clear = [f[0].caption for f in found if f[0].good]
    entropies = np.concatenate([attention.entropy(row.patterns) for row in rows])
    spread = f"on average a row spreads over {np.nanmean(entropies):.0%} of what even attention would"
    if not clear:
        return f"no head has a clear line yet; {spread}."
    names = (
        clear[0] if len(clear) == 1 else f"{len(clear)} heads ({', '.join(clear[:4])}{'…' if len(clear) > 4 else ''})"
    )
    verb = "has" if len(clear) == 1 else "have"
    return (
        f"{names} {verb} a clear line; the sharpest is {head.caption}, which {line_words(best)}: "
        f"{best.score:.0%} of its attention lies there, where even attention would put {best.chance:.0%}."
    )
