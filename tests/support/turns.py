"""Pairs of which the suite takes some in turn, so that it meets every row and every column; all are a slow proof."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest


def in_turn(rows: Sequence[Any], columns: Sequence[Any], slow: Sequence[Any] = ()) -> list[Any]:
    """Every row with every column, as parameters. In the suite a row has one column that is not slow, in turn."""
    quick = [column for column in columns if column not in slow]
    pairs = []
    for number, row in enumerate(rows):
        values = row if isinstance(row, tuple) else (row,)
        for column in columns:
            marks = () if column == quick[number % len(quick)] else pytest.mark.prove
            pairs.append(pytest.param(*values, column, marks=marks))
    return pairs
