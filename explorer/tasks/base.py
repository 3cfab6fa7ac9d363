"""What a task is: where batches come from, what is asked, how good an answer is.

B batch, T position, S source position, V vocabulary.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.objective import CROSS_ENTROPY, IGNORE, Objective

__all__ = ["IGNORE", "Batch", "Task", "Vocabulary"]


@dataclass(frozen=True)
class Batch:
    """What a model reads and what it should say.

    tokens (B, T): the model's input.   targets (B, T): the right token at each position, or IGNORE.
    source (B, S): the encoder's input, None where there is no encoder beside a decoder.
    alignment (B, T, S): 1 where target t is a translation of source s, None where nothing is known. Without
    a source of its own, s counts positions of tokens.
    """

    tokens: Tensor
    targets: Tensor
    source: Tensor | None = None
    alignment: Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device."""
        source, alignment = (None if t is None else t.to(device) for t in (self.source, self.alignment))
        return Batch(self.tokens.to(device), self.targets.to(device), source, alignment)

    @property
    def asked(self) -> int:
        """How many tokens are predicted and scored."""
        return int((self.targets != IGNORE).sum())


@dataclass(frozen=True)
class Vocabulary:
    """The tokens, by number. `symbols[i]` is what token i looks like on a screen."""

    symbols: tuple[str, ...]
    pad: int | None = None

    def __len__(self) -> int:
        return len(self.symbols)

    def show(self, tokens: Tensor | list[int]) -> list[str]:
        """Each token as text."""
        return [self.symbols[int(t)] for t in tokens]


class Task(ABC):
    """A task, built from its fields for one kind of model. `batch` is a pure function of its generator.

    vocabulary: the tokens.   length: the longest sequence it gives, in tokens.
    chance: the metric of guessing without having read the input, in [0, 1].
    metric: what the share of right answers counts, in words.
    corpus, fingerprint: the body of data in words, and what tells it from any other; "" where the data is
    made from the fields alone.
    objective: what training makes small, and what counts as right.
    """

    vocabulary: Vocabulary
    length: int
    chance: float
    metric: str = "share of tokens predicted right"
    corpus: str = ""
    fingerprint: str = ""
    objective: Objective = CROSS_ENTROPY

    @abstractmethod
    def batch(self, size: int, generator: torch.Generator) -> Batch:
        """`size` training examples."""

    def held_out(self, size: int, generator: torch.Generator) -> Batch | None:
        """`size` examples never trained on; None where every batch is new anyway."""
        return None

    @property
    def guessing(self) -> tuple[float, str]:
        """The loss of who knows nothing of the input, and what that one says, in words."""
        symbols = len(self.vocabulary)
        return math.log(symbols), f"ln {symbols} = {math.log(symbols):.2f}"

    @property
    def prompt(self) -> Tensor | None:
        """What a model writes on from by itself, (1, t); None where it answers an input instead."""
        return None

    @abstractmethod
    def encode(self, text: str) -> Batch:
        """A visitor's own input as a batch of one. ValueError names what the model does not know."""

    def probe(self, size: int = 1) -> Batch:
        """The same examples at every call, of every run: what pictures look at."""
        generator = torch.Generator().manual_seed(20_17)
        held_out = self.held_out(size, generator)
        return self.batch(size, generator) if held_out is None else held_out

    def readable(self, tokens: Tensor | list[int]) -> str:
        """Tokens as a person reads them in a row."""
        return " ".join(self.vocabulary.show(tokens))

    def verdict(self, text: str) -> str:
        """What can be said of a text that the model wrote, in a sentence; "" where nothing can."""
        return ""

    def sample(self, batch: Batch, row: int = 0) -> str:
        """One example as a person reads it."""
        read = self.readable((batch.tokens if batch.source is None else batch.source)[row])
        return f"{read} → {self.readable(batch.targets[row][batch.targets[row] != IGNORE])}"
