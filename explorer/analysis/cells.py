"""One recurrent cell at one token, worked out number by number in float64.

C cells, G gates. For each gate, the rows of one cell in W and U (G·C, C) give x = W x_t + b and u = U h_(t−1) + b.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from explorer.measure.recurrence import Line
from explorer.tasks.base import Batch
from explorer.trace import observe
from models import precisions
from models.recurrent import GRU, LSTM, Cell, Elman

Worked = Callable[[list[float], list[float], float, float], list[Line]]


def sigmoid(x: float) -> float:
    return 0.5 + 0.5 * math.tanh(x / 2)


def gate(tap: str, x: float, u: float) -> Line:
    """A gate, in (0, 1)."""
    return Line(tap, "σ(x + u)", {"x": x, "u": u}, sigmoid(x + u))


def elman(x: list[float], u: list[float], h: float, c: float) -> list[Line]:
    """h = tanh(x + u)."""
    return [Line("hidden", "tanh(x + u)", {"x": x[0], "u": u[0]}, math.tanh(x[0] + u[0]))]


def lstm(x: list[float], u: list[float], h: float, c: float) -> list[Line]:
    """c = f · c′ + i · g, h = o · tanh(c); c′ is the last token's."""
    i, f, o = (gate(tap, x[at], u[at]) for tap, at in (("input_gate", 0), ("forget_gate", 1), ("output_gate", 3)))
    g = Line("candidate", "tanh(x + u)", {"x": x[2], "u": u[2]}, math.tanh(x[2] + u[2]))
    terms = {"f": f.value, "c′": c, "i": i.value, "g": g.value}
    cell = Line("cell", "f · c′ + i · g", terms, f.value * c + i.value * g.value)
    hidden = Line("hidden", "o · tanh(c)", {"o": o.value, "c": cell.value}, o.value * math.tanh(cell.value))
    return [i, f, g, o, cell, hidden]


def gru(x: list[float], u: list[float], h: float, c: float) -> list[Line]:
    """n = tanh(x + r · u), h = (1 − z) · n + z · h′; h′ is the last token's."""
    r, z = gate("reset_gate", x[0], u[0]), gate("update_gate", x[1], u[1])
    new = math.tanh(x[2] + r.value * u[2])
    n = Line("candidate", "tanh(x + r · u)", {"x": x[2], "r": r.value, "u": u[2]}, new)
    terms = {"z": z.value, "n": new, "h′": h}
    return [r, z, n, Line("hidden", "(1 − z) · n + z · h′", terms, (1 - z.value) * new + z.value * h)]


WORKED: dict[type[Cell], Worked] = {Elman: elman, LSTM: lstm, GRU: gru}


def one_cell(model: nn.Module, batch: Batch, prefix: str, cell: int, token: int) -> list[Line]:
    """Every value of a cell at a token, each in order, from the weights and what its layer reads.

    batch: one example.   prefix: the path of the layer, with its dot.   cell, token: counted from 0.
    """
    exact = precisions.in_float64(model)
    part, (stack, number) = exact.get_submodule(prefix[:-1]), prefix[:-1].split("layers.")
    assert isinstance(part, Cell)
    reads = f"{stack}layers.{int(number) - 1}.hidden" if int(number) else f"{stack}token_embedding"
    start, source = f"{stack}start", f"{prefix}cross.out"  # of a decoder
    wanted = {reads, start, source, *(f"{prefix}{name}" for name in ("hidden", "cell"))}
    seen = observe(exact, batch.to(torch.device("cpu")), False, wanted.__contains__)
    values = {name: torch.from_numpy(np.array(value[0])) for name, value in seen.values.items()}  # (T, C)
    hidden = values[f"{prefix}hidden"]
    first = values.get(start, torch.zeros_like(hidden[0]))
    last = hidden[token - 1] if token else first
    kept = values[f"{prefix}cell"][token - 1] if token and f"{prefix}cell" in values else last
    rows = torch.arange(part.GATES) * hidden.shape[1] + cell
    x = part.input.weight[rows] @ values[reads][token] + part.input.bias[rows]
    if source in values:
        x = x + (values[source][token] if values[source].ndim > 1 else values[source])[rows]
    u = part.recurrent.weight[rows] @ last + part.recurrent.bias[rows]
    (kind,) = (kind for kind in WORKED if isinstance(part, kind))
    return WORKED[kind](x.tolist(), u.tolist(), float(last[cell]), float(kept[cell]))
