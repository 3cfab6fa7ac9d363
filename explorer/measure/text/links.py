"""Links between an answer and its source: what a head's attention joins, beside what the task says belongs together.

T target position, S source position, H heads. A *piece* is what is translated as a whole: a name with all its
characters, or one digit. Its characters have the same partners in the task's alignment.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Array = np.ndarray
Link = tuple[int, int]  # piece of the target, piece of the source


def pieces(alignment: Array) -> tuple[Array, Array]:
    """The piece of each position, (T,) and (S,): the first position that has the same partners.

    alignment (T, S): 1 if target and source correspond. A position without a partner is a piece of its own.
    """
    return alike(alignment), alike(alignment.T)


def alike(rows: Array) -> Array:
    """The first row that is the same, (N,), of rows (N, M); a row of zeros is like no other."""
    first: dict[bytes, int] = {}
    filled = np.ascontiguousarray(rows > 0)
    return np.array([first.setdefault(row.tobytes(), n) if row.any() else n for n, row in enumerate(filled)])


def sure(alignment: Array) -> set[Link]:
    """The task's links between pieces."""
    target, source = pieces(alignment)
    return {(int(target[t]), int(source[s])) for t, s in np.argwhere(alignment > 0)}


def linked(pattern: Array, alignment: Array) -> set[Link]:
    """The links of a head: from each target piece that has a partner to the piece on which most of its attention is.

    pattern (T, S). The attention of a piece is that of all its characters, on all characters of a piece. Of pieces with
    equal attention it is the first.
    """
    target, source = pieces(alignment)
    links = set()
    for piece in sorted({int(target[t]) for t in range(len(target)) if alignment[t].any()}):
        on = np.zeros(len(source))
        np.add.at(on, source, pattern[target == piece].sum(0, dtype=np.float64))
        links.add((piece, int(on.argmax())))
    return links


def error_rate(links: set[Link], gold: set[Link]) -> float:
    """AER = 1 − 2 |A ∩ S| / (|A| + |S|), all gold links sure (Och & Ney 2003). NaN where there are none."""
    return 1 - 2 * len(links & gold) / (len(links) + len(gold)) if gold else np.nan


def error_rates(patterns: Sequence[Array], alignments: Sequence[Array]) -> Array:
    """AER of each head over examples, (H,): links of all examples together. patterns (H, T, S) each."""
    heads = len(patterns[0])
    hits, links, gold = np.zeros(heads), np.zeros(heads), 0
    for pattern, alignment in zip(patterns, alignments, strict=True):
        right = sure(alignment)
        gold += len(right)
        for h in range(heads):
            mine = linked(pattern[h], alignment)
            hits[h] += len(mine & right)
            links[h] += len(mine)
    return 1 - 2 * hits / (links + gold) if gold else np.full(heads, np.nan)


def chance(alignments: Sequence[Array]) -> float:
    """The mean AER of a head whose links are drawn at random among the pieces of the source."""
    hits = links = gold = 0.0
    for alignment in alignments:
        target, source = pieces(alignment)
        linking = len({int(target[t]) for t in range(len(target)) if alignment[t].any()})
        right = len(sure(alignment))
        hits, links, gold = hits + right / len(set(source.tolist())), links + linking, gold + right
    return 1 - 2 * hits / (links + gold) if gold else np.nan
