"""Matrix grid: every head of every layer as a small picture, repainted from raw bytes in the browser.

H heads, Q queries, K keys, T = Q = K where a row attends to itself. One update is one message of bytes: what
the pictures show, their colours and order, hovering, the head view's edges and saving need no server. Only
the chosen head and query come back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from explorer.charts import theme
from explorer.ui.components.message import pack
from explorer.ui.components.source import Source

KINDS = ("probability", "signed", "magnitude")
SCOPES = ("cell", "row", "all")

SOURCE = Source(
    "explorer_matrix_grid",
    scripts=(
        "palette.js",
        "hot.js",
        "moving.js",
        "numbers.js",
        "saving.js",
        "loupe.js",
        "tools.js",
        "pointing.js",
        "edges.js",
        "coarse.js",
        "head_view.js",
        "matrix_grid.js",
    ),
    styles=("elements.css", "matrix_grid.css", "head_view.css"),
)
mount = SOURCE.component()


@dataclass(frozen=True)
class Head:
    """One picture of the grid. `note` says in plain words what the head does; `good` colours it green."""

    id: str  # what selecting it reports, such as "blocks.1.attention.2"
    caption: str
    note: str = ""
    good: bool = False


@dataclass(frozen=True)
class Mode:
    """One kind of numbers that the pictures can show.

    kind: "probability" (colours fixed on [0, 1]), "signed" (centred on zero) or "magnitude" (from zero).
    """

    name: str  # on its button, such as "pattern"
    title: str  # in words, such as "attention probability, 0 to 1"
    kind: str
    masked: bool = False  # a key that a causal row hides is −∞, not 0
    product: tuple[int, int] | None = None  # two earlier modes by number: multiplied in the browser


@dataclass(frozen=True)
class Row:
    """One attention of the model. `matrices` holds (H, Q, K) for each mode that is no product, in order.

    `causal`: no query sees a later key, and only what it sees is sent. `scores` has a number a head under
    each name that heads can be ordered by. `gold` lists (query, key) cells to outline. `aggregates` are
    (Q, K) matrices for all heads together, by name.
    """

    name: str
    matrices: Sequence[np.ndarray]
    heads: Sequence[Head]
    queries: Sequence[str]
    keys: Sequence[str]
    causal: bool = False
    scores: Mapping[str, Sequence[float]] = field(default_factory=dict)
    gold: Sequence[tuple[int, int]] = ()
    aggregates: Mapping[str, np.ndarray] = field(default_factory=dict)


def describe(rows: Sequence[Row], modes: Sequence[Mode], **more: Any) -> dict[str, Any]:
    """The header of the message: what the numbers are. Raises ValueError where sizes disagree."""
    stored = [number for number, mode in enumerate(modes) if mode.product is None]
    for number, mode in enumerate(modes):
        if mode.kind not in KINDS:
            raise ValueError(f"mode {mode.name}: kind={mode.kind!r} is not known; use one of {', '.join(KINDS)}")
        if mode.product and not all(0 <= factor < number for factor in mode.product):
            raise ValueError(f"mode {mode.name}: product={mode.product} has to name two modes before it, from 0")
    if more["scope"] not in SCOPES:
        raise ValueError(f"scale scope={more['scope']!r} is not known; use one of {', '.join(SCOPES)}")
    for row in rows:
        check(row, len(stored))
    return {
        "rows": [header_of(row) for row in rows],
        "modes": [asdict(mode) | {"label": mode.name} for mode in modes],
        **more,
    }


def header_of(row: Row) -> dict[str, Any]:
    """A row in the header: all but its numbers."""
    return {
        "name": row.name,
        "shape": [len(row.heads), len(row.queries), len(row.keys)],
        "heads": [asdict(head) for head in row.heads],
        "q": list(row.queries),
        "k": list(row.keys),
        "causal": row.causal,
        "scores": {name: [finite(score) for score in scores] for name, scores in row.scores.items()},
        "gold": [[int(q), int(k)] for q, k in row.gold],
        "aggregates": list(row.aggregates),
    }


def finite(score: float) -> float | None:
    """The score; None where there is none: JSON has no NaN."""
    return float(score) if math.isfinite(score) else None


def check(row: Row, modes: int) -> None:
    """Raises ValueError where a row's sizes disagree."""
    shape = (len(row.heads), len(row.queries), len(row.keys))
    if len(row.matrices) != modes:
        raise ValueError(f"{row.name}: {len(row.matrices)} matrices for {modes} modes; give one for each that is sent")
    for matrix in row.matrices:
        if matrix.shape != shape:
            raise ValueError(
                f"{row.name}: matrix of shape {matrix.shape} does not fit {shape[0]} heads, {shape[1]} query and "
                f"{shape[2]} key tokens; give one label a head and one token a position"
            )
    if row.causal and shape[1] != shape[2]:
        raise ValueError(f"{row.name}: causal with {shape[1]} queries and {shape[2]} keys; it needs as many of both")
    for name, scores in row.scores.items():
        if len(scores) != shape[0]:
            raise ValueError(f"{row.name}: {len(scores)} scores {name!r} for {shape[0]} heads; give one a head")
    for name, matrix in row.aggregates.items():
        if matrix.shape != shape[1:]:
            raise ValueError(f"{row.name}: {name} of shape {matrix.shape} has to be {shape[1:]}, queries by keys")
    for q, k in row.gold:
        if not (0 <= q < shape[1] and 0 <= k < shape[2]):
            raise ValueError(f"{row.name}: gold cell {(q, k)} lies outside {shape[1]} queries by {shape[2]} keys")


def sent(rows: Sequence[Row]) -> list[np.ndarray]:
    """What the message holds, in order: a mode's rows for every mode, then every row's aggregates."""
    by_mode = zip(*(row.matrices for row in rows), strict=True)
    matrices = [seen(matrix, row) for matrices in by_mode for matrix, row in zip(matrices, rows, strict=True)]
    return matrices + [seen(matrix, row) for row in rows for matrix in row.aggregates.values()]


def seen(matrix: np.ndarray, row: Row) -> np.ndarray:
    """A causal row's matrix (…, T, T) without what it hides, (…, T (T + 1) / 2); another as it is."""
    return matrix[..., *np.tril_indices(len(row.queries))] if row.causal else matrix


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
    "all"} (centred on zero, up to the largest size in that scope until the visitor chooses another).
    `selected` is outlined. `height` in pixels makes the pictures small enough for it. `step` goes into the
    names of saved files. `on_change` is called before the page runs again. Raises ValueError where sizes
    disagree.
    """
    described = [
        Row(name, [matrix], heads, q, k)
        for matrix, name, heads, q, k in zip(matrices, rows, labels, tokens_q, tokens_k, strict=True)
    ]
    header = describe(
        described,
        [Mode("values", "", scale["kind"])],
        scope=scale.get("scope", "all"),
        colours=[],
        selected=selected,
        query=None,
        height=height,
        step=step,
    )
    return mount(key=key, data=pack(header, sent(described)), on_selected_change=on_change).selected


def attention_message(
    rows: Sequence[Row],
    modes: Sequence[Mode],
    *,
    selected: str | None,
    query: int | None,
    height: int | None = None,
    step: int | None = None,
    sentence: str | None = None,
    moment: Mapping[str, Any] | None = None,
    mode: str | None = None,
) -> bytes:
    """The grid with the head view beside it.

    The first mode is the attention pattern: its weights are the edges of the head view. `selected`, `query` (a
    position) and `mode` (by its name) are shown as chosen; `sentence` stands under the pictures; `moment`: of what it
    tells, see feed.py; the rest is as for `matrix_grid`. Raises ValueError where sizes disagree or the first mode is
    no probability.
    """
    if not modes or modes[0].kind != "probability":
        raise ValueError("the first of the modes has to be the attention pattern, of kind probability")
    header = describe(
        rows,
        modes,
        scope="all",
        colours=[theme.head(h) for h in range(max(len(row.heads) for row in rows))],
        selected=selected,
        query=query,
        height=height,
        step=step,
        sentence=sentence,
        moment=moment,
        mode=mode,
    )
    return pack(header, sent(rows))


def attention_map(
    rows: Sequence[Row],
    modes: Sequence[Mode],
    *,
    key: str,
    on_head: Callable[[], None],
    on_query: Callable[[], None],
    on_mode: Callable[[], None] = lambda: None,
    **arguments: Any,
) -> tuple[str | None, int | None]:
    """Draws what `attention_message` tells; gives back the chosen head's id and the chosen query.

    `on_head`, `on_query` and `on_mode` are called before the page runs again. Raises ValueError as
    `attention_message` does.
    """
    data = attention_message(rows, modes, **arguments)
    chosen = mount(key=key, data=data, on_selected_change=on_head, on_query_change=on_query, on_mode_change=on_mode)
    return chosen.selected, chosen.query
