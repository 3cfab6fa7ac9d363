"""The message of a large grid: one kind of number as means over blocks, with the strongest weights of one layer.

H heads, Q queries, K keys, n pairs on a side of a block. The header is that of a small grid with one entry more,
`coarse`; coarse.js reads it. Behind the means of all heads stand those of the chosen head, finer, and the places and
values of edges, all as float32: a place q · K + k is exact there up to 4096 tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from explorer.ui.components.matrix_grid import SCOPES, Mode, Row, header_of
from explorer.ui.components.message import pack


@dataclass(frozen=True)
class Edges:
    """The strongest entries of a matrix: places q · K + k, values, how many there are, what is full strength."""

    places: np.ndarray
    values: np.ndarray
    count: int
    most: float = 1.0
    name: str = ""


@dataclass(frozen=True)
class Fine:
    """The chosen head: means over blocks of n × n pairs, (⌈Q/n⌉, ⌈K/n⌉), and the edges of its layer.

    head: its id.   layer: its row's number, from 0.   edges: of each head of the row.   together: of matrices for all
    its heads, with their names.
    """

    head: str
    layer: int
    n: int
    means: np.ndarray
    edges: Sequence[Edges]
    together: Sequence[Edges]


@dataclass(frozen=True)
class Coarse:
    """What a large grid shows. kind: of numbers, as `ask` is answered.   block: n.   ask: an address, see coarse.js."""

    block: int
    kind: str = ""
    fine: Fine | None = None
    ask: str | None = None


def coarse_message(rows: Sequence[Row], modes: Sequence[Mode], shown: int, coarse: Coarse, **more: Any) -> bytes:
    """The message. rows: `matrices` holds the means of the one mode `shown`, (H, ⌈Q/n⌉, ⌈K/n⌉).

    ValueError where sizes disagree.
    """
    n, fine = coarse.block, coarse.fine
    if more["scope"] not in SCOPES:
        raise ValueError(f"scale scope={more['scope']!r} is not known; use one of {', '.join(SCOPES)}")
    values = [below(means_of(row, n), row) for row in rows]
    about: dict[str, Any] = {"mode": shown, "block": n, "kind": coarse.kind, "ask": coarse.ask, "fine": None}
    about |= {"head": None, "layer": None, "edges": [], "together": []}
    if fine is not None:
        row = rows[fine.layer]
        shape = tuple(-(-len(tokens) // fine.n) for tokens in (row.queries, row.keys))
        if fine.means.shape != shape or len(fine.edges) != len(row.heads):
            raise ValueError(
                f"{row.name}: {len(fine.edges)} heads with edges and a head of {fine.means.shape} blocks; it has "
                f"{len(row.heads)} heads and {shape} blocks of {fine.n} × {fine.n} pairs"
            )
        about |= {"fine": fine.n, "head": fine.head, "layer": fine.layer}
        about |= {
            "edges": [header_of_edges(one) for one in fine.edges],
            "together": [header_of_edges(one) for one in fine.together],
        }
        values.append(below(fine.means, row))
        values += [array for one in (*fine.edges, *fine.together) for array in (one.places, one.values)]
    header = {
        "rows": [header_of(row) for row in rows],
        "modes": [asdict(mode) | {"label": mode.name} for mode in modes],
        "coarse": about,
    } | more
    return pack(header, values)


def header_of_edges(edges: Edges) -> dict[str, Any]:
    """Edges in the header."""
    return {"name": edges.name, "length": len(edges.places), "count": edges.count, "most": edges.most}


def means_of(row: Row, n: int) -> np.ndarray:
    """A row's only matrix. ValueError where it does not fit its heads and tokens."""
    shape = (len(row.heads), *(-(-len(tokens) // n) for tokens in (row.queries, row.keys)))
    if len(row.matrices) != 1 or row.matrices[0].shape != shape:
        raise ValueError(
            f"{row.name}: matrices of shapes {[matrix.shape for matrix in row.matrices]} do not fit {shape}, the heads "
            f"and the blocks of {n} × {n} pairs; give one"
        )
    if row.causal and len(row.queries) != len(row.keys):
        raise ValueError(f"{row.name}: causal with {len(row.queries)} queries and {len(row.keys)} keys")
    return row.matrices[0]


def below(means: np.ndarray, row: Row) -> np.ndarray:
    """Of a causal row the blocks on the diagonal and below it, in reading order; of another all."""
    return means[..., *np.tril_indices(means.shape[-1])] if row.causal else means


def modes_of(modes: Sequence[Mode], n: int) -> list[Mode]:
    """The same kinds of number as means: of probabilities too the largest that is shown ends the scale."""
    if n == 1:
        return [replace(mode, product=None) for mode in modes]
    kinds: Mapping[str, str] = {"probability": "magnitude"}
    words = f" · each cell the mean of {n} × {n} pairs"
    return [
        replace(mode, title=mode.title + words, kind=kinds.get(mode.kind, mode.kind), product=None) for mode in modes
    ]
