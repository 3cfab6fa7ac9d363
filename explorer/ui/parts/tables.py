"""Tables: words and numbers in rows, as HTML in which every cell is escaped."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from explorer.measure.names import number


def table(
    head: Sequence[str], rows: Sequence[Sequence[str | float]], chosen: int | None = None, style: str = "scores"
) -> str:
    """Rows under a head, each with its name first. A number that is not finite is red.

    chosen: the row that is set off.   style: classes of the style sheet; with "words" cells are read from the left.
    """
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    body = "".join(row(name, cells, i == chosen) for i, (name, *cells) in enumerate(rows))
    whole = f'<table class="{style}"><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="wide">{whole}</div>'


def row(name: str | float, cells: Sequence[str | float], chosen: bool) -> str:
    """One row."""
    marked = ' class="chosen"' if chosen else ""
    return f"<tr{marked}><th>{escape(str(name))}</th>{''.join(map(cell, cells))}</tr>"


def cell(value: str | float) -> str:
    """One cell; a number has all its digits on hover."""
    if isinstance(value, str):
        return f"<td>{escape(value)}</td>"
    lost = "" if math.isfinite(value) else ' style="color: var(--st-red-color); font-weight: 600"'
    return f'<td{lost} title="{escape(repr(value))}">{number(value)}</td>'
