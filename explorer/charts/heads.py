"""What heads do over training: a score of every head, over steps. N snapshots, H heads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from explorer.charts import theme, timeline
from explorer.charts.timeline import Event, Guide, Panel

SCORE = Panel("Score of every head", "A score of every head over steps, from 0 to 1", "score", "share", (0, 1), 300, 4)
DASHES = ([1, 0], [4, 3], [1, 3], [9, 3, 2, 3])  # of layers, over again after the last


def panel(title: str, layers: Sequence[str]) -> Panel:
    """The panel of one score. layers: the names of the attentions, which dashes tell apart."""
    dashes = {layer: DASHES[i % len(DASHES)] for i, layer in enumerate(layers)} if len(layers) > 1 else None
    return replace(SCORE, title=title, text=f"{title} of every head over steps, from 0 to 1", dashes=dashes)


def parts(
    steps: np.ndarray,
    scores: np.ndarray,
    heads: Sequence[tuple[str, str, int]],
    *,
    guides: Sequence[Guide] = (),
    events: Iterable[Event] = (),
    cursor: int | None = None,
) -> list[dict[str, Any]]:
    """Curves of scores (N, H) at steps (N,). heads: of each its name, its layer's name and its number from 0."""
    curves: list[dict[str, Any]] = []
    for (name, layer, number), values in zip(heads, np.asarray(scores).T, strict=True):
        look = {"series": f"head {number + 1}", "tensor": name, "part": layer, "color": theme.head(number)}
        curves += timeline.curve("train", steps, values, **look)
    levels = [timeline.rows("guide", value=guide.value, label=guide.label) for guide in guides]
    return [*curves, *levels, *timeline.marks(events, cursor)]
