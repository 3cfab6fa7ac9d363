"""Look: what the attention page's sections are about. H heads, Q query, K key."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from explorer.answers.records.attention import AttentionLines, AttentionMaps
from explorer.measure.names import head_name
from explorer.ui.view import View


@dataclass(frozen=True)
class Look:
    """A run at a step, an input, every attention on it, and the chosen head and query.

    given: which input, as answers take it.   maps: every attention on it.
    head: the chosen one by name, such as blocks.1.attention.2.   query: its position, from 0.
    """

    view: View
    given: dict[str, Any]
    maps: AttentionMaps
    head: str
    query: int

    @property
    def step(self) -> int:
        """The step of the numbers, which may be a moment behind the newest."""
        return self.maps.step

    @property
    def path(self) -> str:
        """The chosen head's attention, such as blocks.1.attention."""
        return self.head.rpartition(".")[0]

    @property
    def number(self) -> int:
        """The chosen head's number in its attention, from 0."""
        return int(self.head.rpartition(".")[2])

    @property
    def name(self) -> str:
        """The chosen head as people count: head 2.3."""
        return head_name(self.head)

    def row(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The chosen head's attention at the chosen query and the scores before the softmax, (K,) each.

        None while they are computed, where the maps hold means.
        """
        if self.maps.block is None:
            one = self.maps.attentions[self.path]
            return one.pattern[self.number, self.query], one.logits[self.number, self.query]
        view = replace(self.view, step=self.step, place="row")
        lines = view.picture(AttentionLines, attention=self.path, query=self.query, **self.given)
        return None if lines is None else (lines.kinds["pattern"][self.number], lines.kinds["logits"][self.number])

    @property
    def queries(self) -> list[str]:
        """The tokens of the chosen head's queries."""
        return self.maps.queries(self.path)

    @property
    def keys(self) -> list[str]:
        """The tokens of the chosen head's keys."""
        return self.maps.keys(self.path)
