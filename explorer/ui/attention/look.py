"""Look: what the attention page's sections are about. H heads, Q query, K key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.runs.run import head_name
from explorer.ui.view import View


@dataclass(frozen=True)
class Look:
    """A run at a step, an input, every attention on it, and the chosen head and query.

    given: which input, as views take it.   plain, arrays: the answer of views/attention.patterns.
    head: the chosen one by name, such as blocks.1.attention.2.   query: its position, from 0.
    """

    view: View
    given: dict[str, Any]
    plain: dict[str, Any]
    arrays: dict[str, np.ndarray]
    head: str
    query: int

    @property
    def step(self) -> int:
        """The step of the numbers, which may be a moment behind the newest."""
        return self.plain["step"]

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

    @property
    def pattern(self) -> np.ndarray:
        """The chosen head's attention, (Q, K)."""
        return self.arrays[f"{self.path}.pattern"][self.number]

    @property
    def queries(self) -> list[str]:
        """The tokens that ask in the chosen head."""
        return queries(self.plain, self.path)

    @property
    def keys(self) -> list[str]:
        """The tokens that answer in the chosen head."""
        return keys(self.plain, self.path)


def queries(plain: dict[str, Any], path: str) -> list[str]:
    """The tokens that ask in an attention."""
    return plain["source"] if path.startswith("encoder.") else plain["tokens"]


def keys(plain: dict[str, Any], path: str) -> list[str]:
    """The tokens that answer in an attention."""
    return plain["source"] if path.endswith(".cross") else queries(plain, path)


def causal(path: str, kind: str) -> bool:
    """Whether an attention of a model of this kind never looks ahead."""
    return kind == "decoder" or (path.startswith("decoder.") and not path.endswith(".cross"))
