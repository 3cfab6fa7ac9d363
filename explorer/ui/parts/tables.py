"""Tables: words and numbers in rows, as HTML in which every cell is escaped."""

from __future__ import annotations

import math
from collections.abc import Container, Sequence
from html import escape

from explorer.measure.names import number

UNTRANSLATED = ' translate="no"'


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str | float]],
    chosen: int | None = None,
    style: str = "scores",
    foreign: Container[int] = (),
) -> str:
    """Rows under a head, each with its name first. A number that is not finite is red.

    chosen: the row that is set off.   style: classes of the style sheet; with "words" cells are read from the left.
    foreign: the columns of what a model or somebody says, which no language of the page translates.
    """
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    body = "".join(row(name, cells, i == chosen, foreign) for i, (name, *cells) in enumerate(rows))
    whole = f'<table class="{style}"><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="wide">{whole}</div>'


def row(name: str | float, cells: Sequence[str | float], chosen: bool, foreign: Container[int]) -> str:
    """One row."""
    marked = ' class="chosen"' if chosen else ""
    values = "".join(cell(value, i in foreign) for i, value in enumerate(cells, 1))
    return f"<tr{marked}><th{UNTRANSLATED if 0 in foreign else ''}>{escape(str(name))}</th>{values}</tr>"


def cell(value: str | float, foreign: bool = False) -> str:
    """One cell; a number has all its digits on hover."""
    if isinstance(value, str):
        return f"<td{UNTRANSLATED if foreign else ''}>{escape(value)}</td>"
    lost = "" if math.isfinite(value) else ' style="color: var(--st-red-color); font-weight: 600"'
    return f'<td{lost} title="{escape(repr(value))}">{number(value)}</td>'
