"""A family of models that the house does not know: the mean of the embeddings so far."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor, nn

from models.config import Means
from models.families import Family, Kind
from models.layers import Embedding, Linear
from models.tap import Tap

TOKENS = frozenset({"token embedding", "logits"})


@dataclass(frozen=True, kw_only=True)
class BagConfig:
    """The settings of a bag of words."""

    kind: Literal["bag"] = "bag"
    width: Annotated[int, Means("numbers of a token", limits=(2, 64))] = 8
    context: Annotated[int, Means("the longest sequence that it can read", limits=(4, 64))] = 16

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


class Mix(nn.Module):
    """A layer of no name that the house knows."""

    def __init__(self, width: int, generator: torch.Generator):
        super().__init__()
        self.mixing = Linear(width, width, generator)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.mixing(x).tanh()


class Bag(nn.Module):
    """The mean of the embeddings so far: tokens (B, T) -> logits (B, T, V)."""

    def __init__(self, config: BagConfig, vocabulary: int, generator: torch.Generator):
        super().__init__()
        self.embedding = Embedding(vocabulary, config.width, generator)
        self.blocks = nn.ModuleList([Mix(config.width, generator)])
        self.unembedding = Linear(config.width, vocabulary, generator)
        self.token_embedding, self.logits = Tap(), Tap()

    def forward(self, tokens: Tensor, source: Tensor | None = None) -> Tensor:
        x = self.token_embedding(self.embedding(tokens)).cumsum(1)
        x = x / torch.arange(1, tokens.shape[1] + 1, device=x.device)[:, None]
        return self.logits(self.unembedding(self.blocks[0](x)))


BAG = ModuleType("models.bag")


BAG.build = lambda config, vocabulary, generator, pad: Bag(config, vocabulary, generator)  # type: ignore[attr-defined]


RECORD = Family(
    spoken="is a bag of words",
    config=BagConfig,
    build="bag:build",
    kinds={"bag": Kind(reads="onward", parts=TOKENS)},
)
