"""Recurrent networks: a state goes from token to token, and all that is known of the past has to pass through it.

B batch, T position, C width, G gates, V vocabulary.

    tokens (B, T) -> embedding -> layers of cells, one position after the other -> unembedding -> logits (B, T, V)

Every cell is written out, with a tap on each value. A tap in a cell is passed once at every position, (B, C), so its
gradient is the whole one: through the logits of its own position and through everything that comes later. When nobody
looks, torch's own loop over the positions computes the same numbers faster.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor, nn

from models.cache import Cache
from models.config import RecurrentConfig
from models.layers import Dropout, Embedding, Linear
from models.tap import Tap

State = tuple[Tensor, ...]  # (B, C) each, the hidden state first


class Cell(nn.Module):
    """One layer: reads x (B, C) and its own state, and gives the next state.

    `input` and `recurrent` hold the weights of all gates above one another, (G·C, C), in torch's order.
    """

    GATES: ClassVar[int]  # G, the blocks of rows
    KEEPS: ClassVar[int | None] = None  # the block of the gate that keeps the state, whose bias is forget_bias
    KEEPING: ClassVar[str | None] = None  # that gate's tap
    STATES: ClassVar[int] = 1
    fused: ClassVar[Callable[..., tuple[Tensor, ...]]]  # torch's loop over all positions

    def __init__(self, config: RecurrentConfig, generator: torch.Generator):
        super().__init__()
        C, std = config.width, (3 * config.width) ** -0.5  # the variance of torch's uniform ±1/√C
        self.input = Linear(C, self.GATES * C, generator, std)
        self.recurrent = Linear(C, self.GATES * C, generator, std * config.gain)
        if self.KEEPS is not None:
            with torch.no_grad():
                self.input.bias.unflatten(0, (self.GATES, C))[self.KEEPS] = config.forget_bias
        self.hidden = Tap(each=True)  # (B, C) at each position, as all taps of a cell

    def step(self, read: Tensor, *state: Tensor) -> State:
        """The next state, from W x + b (B, G·C) and the last one."""
        raise NotImplementedError

    def forward(self, x: Tensor, cache: Cache | None = None) -> Tensor:
        """Hidden states (B, T, C) of inputs (B, T, C), from a state of zeros or the cached one."""
        start = (x.new_zeros(len(x), x.shape[2]),) * self.STATES
        if cache is not None or self.watched():
            state: State = start if cache is None else cache.kept.get(self, start)
            hidden = []
            for read in self.input(x).unbind(1):
                state = self.step(read, *state)
                hidden.append(state[0])
            if cache is not None:
                cache.kept[self] = state
            return torch.stack(hidden, 1)
        first = [zeros[None] for zeros in start]  # (1, B, C): torch counts layers
        weights = [self.input.weight, self.recurrent.weight, self.input.bias, self.recurrent.bias]
        return type(self).fused(x, first if self.STATES > 1 else first[0], weights, True, 1, 0.0, False, False, True)[0]

    def watched(self) -> bool:
        """Whether it has to be written out: somebody looks or takes second derivatives, or products are not plain."""
        looking = any(module._forward_hooks for module in self.modules())
        plain = self.input.multiply is Linear.multiply
        return looking or not plain or (torch.is_grad_enabled() and not self.training)


class Elman(Cell):
    """h = tanh(W x + U h) (Elman 1990)."""

    GATES = 1
    fused = staticmethod(torch.rnn_tanh)

    def step(self, read: Tensor, *state: Tensor) -> State:
        return (self.hidden(torch.tanh(read + self.recurrent(state[0]))),)


class LSTM(Cell):
    """A cell state that is kept or forgotten, and shown or hidden, by gates in (0, 1).

    c = f · c + i · g, h = o · tanh(c) (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000).
    """

    GATES, KEEPS, KEEPING, STATES = 4, 1, "forget_gate", 2
    fused = staticmethod(torch.lstm)

    def __init__(self, config: RecurrentConfig, generator: torch.Generator):
        super().__init__(config, generator)
        self.input_gate, self.forget_gate, self.output_gate = Tap(each=True), Tap(each=True), Tap(each=True)
        self.candidate, self.cell = Tap(each=True), Tap(each=True)

    def step(self, read: Tensor, *state: Tensor) -> State:
        hidden, cell = state
        i, f, g, o = (read + self.recurrent(hidden)).chunk(4, dim=1)
        i, f = self.input_gate(i.sigmoid()), self.forget_gate(f.sigmoid())
        g, o = self.candidate(g.tanh()), self.output_gate(o.sigmoid())
        cell = self.cell(f * cell + i * g)
        return self.hidden(o * cell.tanh()), cell


class GRU(Cell):
    """One gate decides between the old state and a new one.

    n = tanh(W x + r · (U h + b)), h = (1 − z) · n + z · h (Cho et al. 2014, the reset after the product as in torch).
    """

    GATES, KEEPS, KEEPING = 3, 1, "update_gate"
    fused = staticmethod(torch.gru)

    def __init__(self, config: RecurrentConfig, generator: torch.Generator):
        super().__init__(config, generator)
        self.reset_gate, self.update_gate, self.candidate = Tap(each=True), Tap(each=True), Tap(each=True)

    def step(self, read: Tensor, *state: Tensor) -> State:
        (hidden,) = state
        r, z, n = read.chunk(3, dim=1)
        of_r, of_z, of_n = self.recurrent(hidden).chunk(3, dim=1)
        r, z = self.reset_gate((r + of_r).sigmoid()), self.update_gate((z + of_z).sigmoid())
        n = self.candidate((n + r * of_n).tanh())
        return (self.hidden((1 - z) * n + z * hidden),)


CELLS: dict[str, type[Cell]] = {"rnn": Elman, "lstm": LSTM, "gru": GRU}


class RecurrentModel(nn.Module):
    """tokens (B, T) -> logits (B, T, V), each position from those before it and itself alone."""

    onward = True  # no position sees what comes after it

    def __init__(self, config: RecurrentConfig, vocabulary: int, generator: torch.Generator):
        super().__init__()
        self.embedding = Embedding(vocabulary, config.width, generator, std=1.0)
        self.layers = nn.ModuleList(CELLS[config.kind](config, generator) for _ in range(config.layers))
        self.dropout = Dropout(config.dropout)
        self.unembedding = Linear(config.width, vocabulary, generator, (3 * config.width) ** -0.5)
        self.token_embedding, self.logits = Tap(), Tap()  # (B, T, C), (B, T, V)

    def forward(self, tokens: Tensor, source: Tensor | None = None, cache: Cache | None = None) -> Tensor:
        x = self.token_embedding(self.embedding(tokens))
        for layer in self.layers:
            x = layer(self.dropout(x), cache)
        if cache is not None:
            cache.length += tokens.shape[1]
        return self.logits(self.unembedding(self.dropout(x)))


def build(config: RecurrentConfig, vocabulary: int, generator: torch.Generator, pad: int | None = None) -> nn.Module:
    """The model a config describes, initialised from `generator` alone, called as `model(tokens, source)`."""
    return RecurrentModel(config, vocabulary, generator)
