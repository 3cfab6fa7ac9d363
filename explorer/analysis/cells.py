"""One recurrent cell at one token, worked out number by number in float64.

C cells, G gates. For each gate, the rows of one cell in W and U (G·C, C) give x = W x_t + b and u = U h_(t−1) + b.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from explorer.measure.recurrence import Line
from explorer.tasks.base import Batch
from explorer.trace import copied, observe
from models import precisions
from models.recurrent import GRU, LSTM, Cell, Elman
from models.tap import Tap

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


@dataclass(frozen=True)
class Seen:
    """What a layer of cells stands between at one token.

    read, last (C,): what it reads, and its hidden state at the token before.   kept (C,): its cell state there, of a
    kind without the hidden one.   source (G·C,): what a decoder adds to W x of the source, or None.   states: by tap
    (C,), what stands in the layer at the token.
    """

    read: Tensor
    last: Tensor
    kept: Tensor
    source: Tensor | None
    states: dict[str, Tensor]


def layer_at(model: nn.Module, prefix: str) -> Cell:
    """The layer of cells at a path with its dot."""
    part = model.get_submodule(prefix[:-1])
    assert isinstance(part, Cell)
    return part


def seen_at(model: nn.Module, batch: Batch, prefix: str, token: int) -> Seen:
    """One pass over an example, looked at in the layer `prefix` at a token."""
    stack, number = prefix[:-1].split("layers.")
    reads = f"{stack}layers.{int(number) - 1}.hidden" if int(number) else f"{stack}token_embedding"
    start, source = f"{stack}start", f"{prefix}cross.out"  # of a decoder
    taps = {
        f"{prefix}{name}": name for name, child in layer_at(model, prefix).named_children() if isinstance(child, Tap)
    }
    wanted = {reads, start, source, *taps}
    seen = observe(model, batch, False, wanted.__contains__)
    values = {name: torch.from_numpy(np.array(value[0])) for name, value in seen.values.items()}  # (T, C)
    hidden = values[f"{prefix}hidden"]
    last = hidden[token - 1] if token else values.get(start, torch.zeros_like(hidden[0]))
    kept = last
    if f"{prefix}cell" in values:
        kept = values[f"{prefix}cell"][token - 1] if token else torch.zeros_like(last)
    adds = values.get(source)
    if adds is not None and adds.ndim > 1:
        adds = adds[token]
    return Seen(values[reads][token], last, kept, adds, {name: values[tap][token] for tap, name in taps.items()})


def around(
    model: nn.Module, batch: Batch, prefix: str, cell: int, token: int
) -> tuple[dict[str, float], dict[str, Any]]:
    """The model's own values of a cell at a token by tap, and the numbers they are made of, as `OneCell` names them.

    x and u have no tap: the layer's own modules compute them from what it read, in the model's own precision.
    """
    part, seen = layer_at(model, prefix), seen_at(model, batch, prefix, token)
    rows = torch.arange(part.GATES) * len(seen.last) + cell
    device = next(model.parameters()).device
    x = part.input(seen.read[None].to(device))[0].cpu()
    u = part.recurrent(seen.last[None].to(device))[0].cpu()
    if seen.source is not None:
        x = x + seen.source
    numbers = {
        "read": seen.read,
        "w": part.input.weight[rows],
        "b": part.input.bias[rows],
        "x": x[rows],
        "last": seen.last,
        "u_w": part.recurrent.weight[rows],
        "u_b": part.recurrent.bias[rows],
        "u": u[rows],
        "source": None if seen.source is None else seen.source[rows],
        "kept": seen.kept[[cell]] if "cell" in seen.states else None,
    }
    values = {name: float(value[cell]) for name, value in seen.states.items()}
    return values, {name: None if value is None else copied(value) for name, value in numbers.items()}


def one_cell(model: nn.Module, batch: Batch, prefix: str, cell: int, token: int) -> list[Line]:
    """Every value of a cell at a token, each in order, from the weights and what its layer reads.

    batch: one example.   prefix: the path of the layer, with its dot.   cell, token: counted from 0.
    """
    exact = precisions.in_float64(model)
    part, seen = layer_at(exact, prefix), seen_at(exact, batch.to(torch.device("cpu")), prefix, token)
    rows = torch.arange(part.GATES) * len(seen.last) + cell
    x = part.input.weight[rows] @ seen.read + part.input.bias[rows]
    if seen.source is not None:
        x = x + seen.source[rows]
    u = part.recurrent.weight[rows] @ seen.last + part.recurrent.bias[rows]
    (kind,) = (kind for kind in WORKED if isinstance(part, kind))
    return WORKED[kind](x.tolist(), u.tolist(), float(seen.last[cell]), float(seen.kept[cell]))
