"""Word vectors: skip-gram and CBOW with negative sampling, and GloVe.

B batch, J words that a pair is scored with (the true one first, then noise), C width, V vocabulary.

    tokens (B, I) -> vector v (B, 1, C)  ┐
    source (B, J) -> vectors u (B, J, C) ┴-> scores u · v (B, J)

Every word has two vectors: a row of `embedding`, which is the word's when it is looked at, and a row of `context`,
which is the word's when it stands beside another. Only the first is used as the word's vector afterwards.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.config import WordVectorConfig
from models.tap import Tap


class Table(nn.Module):
    """A row of `weight` (V, C) for each word. Drawn evenly from ±1/2C, or all zeros (Mikolov's word2vec.c)."""

    def __init__(self, vocabulary: int, width: int, generator: torch.Generator | None):
        super().__init__()
        weight = torch.zeros(vocabulary, width)
        if generator is not None:
            weight.uniform_(-0.5 / width, 0.5 / width, generator=generator)
        self.weight = nn.Parameter(weight)

    def forward(self, words: Tensor) -> Tensor:
        return F.embedding(words, self.weight)


class SkipGram(nn.Module):
    """A word and those that may stand beside it (Mikolov et al. 2013b): the chance that they do is σ(u · v)."""

    def __init__(self, config: WordVectorConfig, vocabulary: int, generator: torch.Generator):
        super().__init__()
        self.embedding = Table(vocabulary, config.width, generator)
        self.context = Table(vocabulary, config.width, None)
        self.vector, self.contexts, self.scores = Tap(), Tap(), Tap()  # (B, 1, C), (B, J, C), (B, J)

    def forward(self, tokens: Tensor, source: Tensor) -> Tensor:
        v = self.vector(self.looked_at(tokens))  # (B, 1, C)
        u = self.contexts(self.context(source))  # (B, J, C)
        return self.scores((u @ v.mT)[..., 0])

    def looked_at(self, tokens: Tensor) -> Tensor:
        """The vector that is scored: (B, I) -> (B, 1, C)."""
        return self.embedding(tokens)


class Cbow(SkipGram):
    """The mean of the words around a gap, and those that may stand in it (Mikolov et al. 2013a).

    tokens (B, 2w) are those at distances −w to −1 and 1 to w. word2vec.c draws each time how far it looks, 1 to w;
    here a word at distance d counts (w + 1 − d) / w, the chance that it would be seen, and nothing is drawn.
    """

    def looked_at(self, tokens: Tensor) -> Tensor:
        weights = nearness(tokens.shape[1] // 2).to(self.embedding.weight)
        return weights[None] @ self.embedding(tokens)  # (1, 2w) @ (B, 2w, C)


class Glove(nn.Module):
    """log of how often two words stand near each other, as u · v + b + c (Pennington et al. 2014)."""

    def __init__(self, config: WordVectorConfig, vocabulary: int, generator: torch.Generator):
        super().__init__()
        self.embedding = Table(vocabulary, config.width, generator)
        self.context = Table(vocabulary, config.width, generator)
        self.bias = nn.Parameter(torch.zeros(vocabulary))
        self.context_bias = nn.Parameter(torch.zeros(vocabulary))
        self.vector, self.contexts, self.scores = Tap(), Tap(), Tap()  # (B, 1, C), (B, J, C), (B, J)

    def forward(self, tokens: Tensor, source: Tensor) -> Tensor:
        v = self.vector(self.embedding(tokens))  # (B, 1, C)
        u = self.contexts(self.context(source))  # (B, J, C)
        return self.scores((u @ v.mT)[..., 0] + self.bias[tokens] + self.context_bias[source])


def nearness(window: int) -> Tensor:
    """What the words at distances −w to −1 and 1 to w weigh, (2w,): falling with distance, 1 in all."""
    weights = torch.cat([torch.arange(1.0, window + 1), torch.arange(window, 0.0, -1)])
    return weights / weights.sum()


MODELS: dict[str, Callable[[WordVectorConfig, int, torch.Generator], nn.Module]] = {
    "skip-gram": SkipGram,
    "cbow": Cbow,
    "glove": Glove,
}


def build(config: WordVectorConfig, vocabulary: int, generator: torch.Generator, pad: int | None = None) -> nn.Module:
    """The model a config describes, initialised from `generator` alone, called as `model(tokens, source)`."""
    return MODELS[config.kind](config, vocabulary, generator)
