"""Cell arithmetic: one recurrent cell at one token as numbers, from what its layer reads to its hidden state.

C cells, G gates. It is the arithmetic of a head with other numbers: hovering, formulas and lights need no server.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from explorer.answers.records.recurrence import OneCell
from explorer.measure.names import of_a_cell
from explorer.ui.components.message import pack
from explorer.ui.components.source import Source

SOURCE = Source(
    "explorer_cell_arithmetic",
    scripts=(
        *("palette.js", "arithmetic_sheet.js", "arithmetic_sums.js"),
        *("cell_stages.js", "cell_formulas.js", "arithmetic.js"),
    ),
    styles=("arithmetic.css",),
)
mount = SOURCE.component()
SYMBOLS = {  # of a line by its tap
    "input_gate": "i",
    "forget_gate": "f",
    "output_gate": "o",
    "reset_gate": "r",
    "update_gate": "z",
    "cell": "c",
    "hidden": "h",
}
ROW, REST = 18, 400  # pixels: of a gate, twice, and of all else


def symbol(answer: OneCell, tap: str) -> str:
    """How the formulas of this kind of cell write what stands in a tap."""
    candidate = "g" if any(line.tap == "cell" for line in answer.lines) else "n"
    return SYMBOLS.get(tap, candidate)


def describe(answer: OneCell) -> dict[str, Any]:
    """The header of the message; the arrays follow in its order."""
    gates = [line.tap for line in answer.lines if "x" in line.terms]  # in the order of the weights' rows
    taps = {symbol(answer, line.tap): line.tap for line in answer.lines}
    lines = []
    for line in answer.lines:
        places: dict[str, list[Any]] = {}
        for name in line.terms:
            if name in "xu":
                places[name] = [name, gates.index(line.tap), 0]
            else:
                places[name] = ["last", 0, answer.cell] if name == "h′" else [taps.get(name, "kept"), 0, 0]
        named = {"tap": line.tap, "symbol": symbol(answer, line.tap), "name": of_a_cell(line.tap)}
        lines.append(named | {"formula": line.formula, "terms": places})
    C, G = answer.read.size, len(gates)
    return {
        "arrays": [[name, array.size] for name, array in arrays(answer).items()],
        "sizes": {"C": C, "G": G},
        "shape": f"{answer.layer} {answer.cell} {answer.at} {C} {G}",  # another one lets go of what is held
        "lines": lines,
        "gates": [of_a_cell(tap) for tap in gates],
        "cell": answer.cell,
        "token": answer.token,
        "before": answer.before,
        "below": answer.layer > 0,
        "precision": answer.precision,
        "height": REST + 2 * ROW * G,
        "label": f"The arithmetic of cell {answer.cell} at “{answer.token}”. Arrow keys move, Enter holds.",
    }


def arrays(answer: OneCell) -> dict[str, np.ndarray]:
    """The numbers by the name of their block."""
    names = ("read", "w", "b", "source", "x", "last", "u_w", "u_b", "u", "kept")
    whole = {name: value for name in names if (value := getattr(answer, name)) is not None}
    return whole | {line.tap: np.array([value]) for line, value in zip(answer.lines, answer.own, strict=True)}


def message(answer: OneCell) -> bytes:
    """What is drawn."""
    return pack(describe(answer), list(arrays(answer).values()))


def cell_arithmetic(answer: OneCell, *, key: str) -> None:
    """Draws the arithmetic of a cell."""
    mount(key=key, data=message(answer), on_cell_change=lambda: None)
