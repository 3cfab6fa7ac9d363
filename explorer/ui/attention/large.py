"""Large grids of heads: means in the pictures, exact numbers under the pointer. H heads, Q queries, K keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from explorer.answers.records.attention import AttentionDetail, AttentionLines, AttentionMaps, Strongest
from explorer.charts import theme
from explorer.ui import feed
from explorer.ui.attention.look import Look
from explorer.ui.components.matrix_grid import Mode, Row
from explorer.ui.components.matrix_grid.coarse import Coarse, Edges, Fine, coarse_message, modes_of
from explorer.ui.components.message import pack
from explorer.ui.view import View


def detail(look: Look) -> AttentionDetail | None:
    """The chosen head more finely and its layer’s edges; None while they are computed, and of a small grid."""
    if look.maps.block is None:
        return None
    view = replace(look.view, step=look.step, place="detail")
    return view.picture(AttentionDetail, says=False, patience=feed.PATIENCE, head=look.head, **look.given)


def message(
    maps: AttentionMaps,
    detail: AttentionDetail | None,
    parts: Mapping[str, Any],
    fields: Mapping[str, str],
    mode: str,
    ask: str | None,
) -> bytes:
    """The message of a large grid.

    parts: of the message of a small one, with rows that have no numbers.   fields: a mode's kind of number by its name.
    mode: the one that is shown, the pattern where there is no such now.
    """
    assert maps.block is not None
    modes: Sequence[Mode] = parts["modes"]
    names = [mode.name for mode in modes]
    shown = names.index(mode) if mode in names else 0
    kind = fields[names[shown]]
    rows: list[Row] = [
        replace(row, matrices=[maps.attentions[path].kinds()[kind]])
        for path, row in zip(maps.paths, parts["rows"], strict=True)
    ]
    head, fine = parts["selected"], None
    if detail is not None and (detail.step, detail.head) == (maps.step, head):
        layer = maps.paths.index(head.rpartition(".")[0])
        together = [edges(one, name) for name, one in detail.together.items()]
        fine = Fine(head, layer, detail.block, detail.kinds[kind], [*map(edges, detail.edges)], together)
    return coarse_message(
        rows,
        modes_of(modes, maps.block),
        shown,
        Coarse(maps.block, kind, fine, ask),
        scope="all",
        colours=[theme.head(h) for h in range(max(len(row.heads) for row in rows))],
        mode=names[shown],
        **{name: value for name, value in parts.items() if name not in ("rows", "modes")},
    )


def edges(strongest: Strongest, name: str = "") -> Edges:
    """An answer's edges as the component takes them."""
    return Edges(strongest.places, strongest.values, strongest.count, strongest.most, name)


def line(view: View, words: Mapping[str, str], given: Mapping[str, Any]) -> bytes | None:
    """Every number of one query, or of one key, in all heads of an attention, as coarse.js asks for them.

    None while they are computed. ValueError where there are none.
    """
    place: dict[str, Any] = {"query": feed.whole(words.get("q")), "key": feed.whole(words.get("k"))}
    answer = feed.exactly(view, AttentionLines, attention=words.get("attention", ""), **place, **given)
    if answer is None:
        return None
    values = list(answer.kinds.values())
    return pack({"kinds": list(answer.kinds), "length": int(np.prod(values[0].shape))}, values)
