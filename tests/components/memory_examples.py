"""Examples of what the Memory page draws: a span that is brushed, and the arithmetic of a recurrent cell."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from tiny_runs import TINY, recorded

from components.examples_of_writing import LONG
from explorer.answers import recurrence
from explorer.ui.components import brush, cell_arithmetic


def of_brush() -> None:
    for tokens, span, on in (
        ("ab(c)", (0, 3), None),
        ("dc(b)", (1, 1), np.arange(5) > 2),
        ([*"a⏎", LONG], (2, 2), None),
    ):
        legend = "" if on is None else f"Blue: where {LONG} is on."
        brush.brush(brush.message(list(tokens), *span, on, legend), key="c", on_span=print)


def of_cell_arithmetic() -> None:
    folder = Path(tempfile.mkdtemp())
    for kind, at in (("lstm", 0), ("lstm", 3), ("gru", 5)):
        path = folder / f"{kind}{at}.run"
        recorded(path, 1, TINY.replace({"model.kind": kind, "model.width": 8, "model.layers": 2})).close()
        answer = recurrence.one_cell(str(path), 1, layer=int(at > 3), cell=at, at=at)
        cell_arithmetic.cell_arithmetic(answer, key="c")
