"""A recurrent encoder-decoder, and the attention that began it all.

B batch, T position, S source position, C width, V vocabulary.

    source (B, S) -> embedding -> two GRUs, one from each end -> annotations h (B, S, 2C)
    tokens (B, T) -> embedding -> a GRU that also reads a context of h at each step -> unembedding -> logits (B, T, V)

Without attention the context is the same at every step: the two states in which the encoder ends, and the whole source
has to pass through them (Cho et al. 2014; Sutskever et al. 2014). With attention each step has its own, chosen by its
last state (Bahdanau, Cho & Bengio 2015, §3 and appendix A). How we differ: both kinds read the source from both ends,
so that they differ by the attention alone; the logits come from the state alone, without a maxout layer.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.cache import Cache
from models.config import RecurrentConfig, TranslatorConfig
from models.layers import Dropout, Embedding, Linear
from models.recurrent import GRU
from models.tap import Tap


class Source(NamedTuple):
    """What the decoder has of the source: annotations (B, S, 2C), the ends (B, 2C), and mask (B, S), −inf on pads."""

    annotations: Tensor
    ends: Tensor
    mask: Tensor


class BothWays(nn.Module):
    """Two GRUs, one from the first token on and one from the last: (B, S, C) -> (B, S, 2C).

    The taps of `back` have the positions in the order in which it reads them.
    """

    def __init__(self, config: RecurrentConfig, generator: torch.Generator):
        super().__init__()
        self.ahead, self.back = GRU(config, generator), GRU(config, generator)
        self.annotations = Tap()  # (B, S, 2C)

    def forward(self, x: Tensor, hidden: Tensor) -> Source:
        """hidden (B, S): where padding stands, which only follows the source."""
        B, S, C = x.shape
        length = (~hidden).sum(1, keepdim=True)  # (B, 1)
        place = torch.arange(S, device=x.device).expand(B, S)
        mirror = torch.where(place < length, length - 1 - place, place)[..., None].expand(B, S, C)  # its own inverse
        ahead, back = self.ahead(x), self.back(x.gather(1, mirror))
        last = (length - 1)[..., None].expand(B, 1, C)
        ends = torch.cat([ahead.gather(1, last), back.gather(1, last)], 2)[:, 0]
        annotations = self.annotations(torch.cat([ahead, back.gather(1, mirror)], 2))
        return Source(annotations, ends, x.new_zeros(B, S).masked_fill(hidden, float("-inf")))


class Summary(nn.Module):
    """No attention: the cells read the same two ends of the source at every step."""

    def __init__(self, width: int, generator: torch.Generator):
        super().__init__()
        self.output = Linear(2 * width, GRU.GATES * width, generator, (6 * width) ** -0.5)
        self.out = Tap()  # (B, 3C)

    def prepare(self, source: Source) -> tuple[Tensor, ...]:
        """What is the same at every step."""
        return (self.out(self.output(source.ends)),)

    def forward(self, state: Tensor, read: Tensor) -> Tensor:
        """What the cells read of the source, (B, 3C)."""
        return read


class Alignment(nn.Module):
    """Which tokens of the source the next one is about: a small network scores each by the last state.

    e_tj = v · tanh(W s_(t−1) + U h_j), α_t = softmax of e_t over j, c_t = Σ_j α_tj h_j. The cells read C c_t.
    """

    def __init__(self, width: int, generator: torch.Generator):
        super().__init__()
        std = (3 * width) ** -0.5  # the variance of torch's uniform ±1/√C
        self.query, self.key = Linear(width, width, generator, std), Linear(2 * width, width, generator, std / 2**0.5)
        self.v = nn.Parameter(torch.empty(width).normal_(0, std, generator=generator))
        self.output = Linear(2 * width, GRU.GATES * width, generator, std / 2**0.5)
        self.values = Tap()  # (B, 1, S, 2C): one head, as attention of several has them
        self.scores, self.pattern = Tap(each=True), Tap(each=True)  # (B, 1, S) at each position
        self.head_out, self.out = Tap(each=True), Tap(each=True)  # (B, 1, 2C), (B, 3C) at each position

    def prepare(self, source: Source) -> tuple[Tensor, ...]:
        """What is the same at every step: keys (B, S, C), values (B, S, 2C), mask (B, S)."""
        return self.key(source.annotations), self.values(source.annotations[:, None])[:, 0], source.mask

    def forward(self, state: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
        """What the cells read of the source after the state (B, C), (B, 3C)."""
        scores = torch.tanh(keys + self.query(state)[:, None]) @ self.v + mask
        pattern = self.pattern(self.scores(scores[:, None]).softmax(-1))
        context = self.head_out(pattern @ values)
        return self.out(self.output(context[:, 0]))


CONTEXTS: dict[str, type[Alignment] | type[Summary]] = {"gru-encoder-decoder": Summary, "gru-attention": Alignment}


class ReadingGRU(GRU):
    """A GRU that reads a context of the source beside its input, and begins in a state that the source gives."""

    def __init__(self, config: RecurrentConfig, cross: Alignment | Summary, generator: torch.Generator):
        super().__init__(config, generator)
        self.cross = cross

    def decode(self, x: Tensor, start: Tensor, source: Source, cache: Cache | None) -> Tensor:
        """Hidden states (B, T, C) of inputs (B, T, C), from the state `start` (B, C) or the cached one."""
        prepared = (
            self.cross.prepare(source) if cache is None else cache.once(self.cross, lambda: self.cross.prepare(source))
        )
        state, hidden = start if cache is None else cache.once(self, lambda: (start,))[0], []
        for read in self.input(x).unbind(1):
            (state,) = self.step(read + self.cross(state, *prepared), state)
            hidden.append(state)
        if cache is not None:
            cache.kept[self] = (state,)
        return torch.stack(hidden, 1)


class Encoder(nn.Module):
    """source (B, S) -> what the decoder has of it."""

    def __init__(self, config: RecurrentConfig, vocabulary: int, generator: torch.Generator):
        super().__init__()
        self.embedding = Embedding(vocabulary, config.width, generator, std=1.0)
        self.dropout = Dropout(config.dropout)
        self.layers = nn.ModuleList([BothWays(config, generator)])
        self.token_embedding = Tap()  # (B, S, C)

    def forward(self, source: Tensor, hidden: Tensor) -> Source:
        x = self.dropout(self.token_embedding(self.embedding(source)))
        read: Source = self.layers[0](x, hidden)
        return read


class Decoder(nn.Module):
    """tokens (B, T) and what there is of the source -> states (B, T, C)."""

    def __init__(
        self, config: RecurrentConfig, cross: Alignment | Summary, vocabulary: int, generator: torch.Generator
    ):
        super().__init__()
        self.embedding = Embedding(vocabulary, config.width, generator, std=1.0)
        self.begin = Linear(config.width, config.width, generator, (3 * config.width) ** -0.5)
        self.dropout = Dropout(config.dropout)
        self.layers = nn.ModuleList([ReadingGRU(config, cross, generator)])
        self.token_embedding, self.start = Tap(), Tap()  # (B, T, C), (B, C)

    def forward(self, tokens: Tensor, source: Source, cache: Cache | None) -> Tensor:
        x = self.dropout(self.token_embedding(self.embedding(tokens)))
        start = self.start(torch.tanh(self.begin(source.ends.chunk(2, 1)[1])))  # the end of the GRU that reads back
        cell = self.layers[0]
        assert isinstance(cell, ReadingGRU)
        return self.dropout(cell.decode(x, start, source, cache))


class Translator(nn.Module):
    """tokens (B, T) and source (B, S) -> logits (B, T, V)."""

    onward = True  # no position of the answer sees what comes after it

    def __init__(self, config: TranslatorConfig, vocabulary: int, generator: torch.Generator, pad: int | None):
        super().__init__()
        self.pad = pad
        cells = RecurrentConfig(kind="gru", width=config.width, dropout=config.dropout, forget_bias=config.forget_bias)
        self.encoder = Encoder(cells, vocabulary, generator)
        cross = CONTEXTS[config.kind](config.width, generator)
        self.decoder = Decoder(cells, cross, vocabulary, generator)
        self.unembedding = Linear(config.width, vocabulary, generator, (3 * config.width) ** -0.5)
        self.logits = Tap()

    def forward(self, tokens: Tensor, source: Tensor, cache: Cache | None = None) -> Tensor:
        read = self.read(source) if cache is None else Source(*cache.once(self, lambda: self.read(source)))
        x = self.decoder(tokens, read, cache)
        if cache is not None:
            cache.length += tokens.shape[1]
        return self.logits(self.unembedding(x))

    def read(self, source: Tensor) -> Source:
        """What the encoder makes of a source."""
        hidden = source == self.pad if self.pad is not None else torch.zeros_like(source, dtype=torch.bool)
        result: Source = self.encoder(source, hidden)
        return result


def build(config: TranslatorConfig, vocabulary: int, generator: torch.Generator, pad: int | None = None) -> nn.Module:
    """The model a config describes, initialised from `generator` alone, called as `model(tokens, source)`."""
    return Translator(config, vocabulary, generator, pad)
