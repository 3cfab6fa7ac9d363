"""A task: where batches come from, what the model predicts, how good an answer is.

B batch, T position, S source position, V vocabulary.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.tasks.objective import CROSS_ENTROPY, IGNORE, Objective

__all__ = ["IGNORE", "Batch", "Opening", "Task", "Vocabulary"]


@dataclass(frozen=True)
class Batch:
    """What a model reads and what it should predict.

    tokens (B, T): the model's input.   targets (B, T): the right token at each position, or IGNORE. source (B, S): the
    encoder's input, None without an encoder-decoder. alignment (B, T, S): 1 if target t is a translation of source s,
    None if unknown. Without a source, s counts positions of tokens.
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
    def predicted(self) -> int:
        """The number of tokens that are predicted and scored."""
        return int((self.targets != IGNORE).sum())


@dataclass(frozen=True)
class Opening:
    """What a model writes on from: tokens (1, T), the encoder's source (1, S) if it has one.

    length: of the longest answer, in tokens; None if a text goes on for ever.   end: the token that ends an answer
    before that; None if all are equally long.   answer: the right one; empty if there is none.
    """

    tokens: Tensor
    source: Tensor | None = None
    length: int | None = None
    end: int | None = None
    answer: tuple[int, ...] = ()


@dataclass(frozen=True)
class Vocabulary:
    """The tokens, by number. `symbols[i]` is how token i is shown."""

    symbols: tuple[str, ...]
    pad: int | None = None

    def __len__(self) -> int:
        return len(self.symbols)

    def show(self, tokens: Tensor | list[int]) -> list[str]:
        """Each token as text."""
        return [self.symbols[int(t)] for t in tokens]


def something(text: str, example: str) -> None:
    """ValueError where nothing is typed but what cannot be seen, which no sentence could quote."""
    if not any(sign.isprintable() and not sign.isspace() for sign in text):
        raise ValueError(f"nothing is typed; type something such as {example}")


class Task(ABC):
    """A task, built from its fields for one kind of model. `batch` is a pure function of its generator.

    vocabulary: the tokens.   length: its longest sequence, in tokens. chance: the metric of guessing without reading
    the input, in [0, 1]. metric: what the share of right answers counts, in words. corpus, fingerprint: the data in
    words, and its hash; "" if the data follows from the fields alone. objective: the loss, and which answers count as
    right.   words: how BLEU cuts its answers into words, a tokenizer of sacrebleu.
    """

    vocabulary: Vocabulary
    length: int
    chance: float
    metric: str = "share of tokens predicted right"
    corpus: str = ""
    fingerprint: str = ""
    words: str = "13a"
    objective: Objective = CROSS_ENTROPY

    @abstractmethod
    def batch(self, size: int, generator: torch.Generator) -> Batch:
        """`size` training examples."""

    def held_out(self, size: int, generator: torch.Generator) -> Batch | None:
        """`size` examples never trained on; None if every batch is new anyway."""
        return None

    @property
    def guessing(self) -> tuple[float, str]:
        """The loss of guessing without reading the input, and what that guess is, in words."""
        symbols = len(self.vocabulary)
        return math.log(symbols), f"ln {symbols} = {math.log(symbols):.2f}"

    @property
    def prompt(self) -> Tensor | None:
        """The start from which a model generates, (1, t); None if it answers an input instead."""
        return None

    def opening(self, text: str | None = None) -> Opening:
        """What a model writes on from: a visitor's input, or the probe.

        ValueError names what it does not know, and a task whose answers are not read again, so that none is a text.
        """
        batch = self.probe() if text is None else self.encode(text)
        places = (batch.targets[0] != IGNORE).nonzero()[:, 0]
        answer = tuple(batch.targets[0, places].tolist())
        read = batch.tokens[0, int(places[0]) + 1 : int(places[-1]) + 1]
        if tuple(read.tolist()) != answer[:-1]:
            raise ValueError(
                "this task asks about each token that is read, and its answers are no text; look at one that writes, "
                "such as reverse or shakespeare"
            )
        return Opening(batch.tokens[:, : int(places[0]) + 1], batch.source, len(answer), answer=answer)

    @abstractmethod
    def encode(self, text: str) -> Batch:
        """A visitor's own input as a batch of one. ValueError names what the model does not know."""

    def probe(self, size: int = 1) -> Batch:
        """The same examples at every call, for every run: the input of the pictures."""
        generator = torch.Generator().manual_seed(20_17)
        held_out = self.held_out(size, generator)
        return self.batch(size, generator) if held_out is None else held_out

    def links(self, batch: Batch) -> Tensor | None:
        """What of the input each target comes from, as `Batch.alignment` has it; None if the task does not say."""
        return batch.alignment

    @property
    def examples(self) -> list[str]:
        """Some of its words, to begin with; none if it is not about words."""
        return []

    def readable(self, tokens: Tensor | list[int]) -> str:
        """Tokens as readable text."""
        return " ".join(self.vocabulary.show(tokens))

    def spelled(self, tokens: Tensor | list[int]) -> str:
        """The characters that tokens stand for, without the spaces by which `readable` sets symbols apart."""
        return "".join(self.vocabulary.show(tokens))

    def verdict(self, text: str) -> str:
        """A sentence about a text that the model wrote; "" if there is nothing to say."""
        return ""

    def sample(self, batch: Batch, row: int = 0) -> str:
        """One example as readable text."""
        read = self.readable((batch.tokens if batch.source is None else batch.source)[row])
        return f"{read} → {self.readable(batch.targets[row][batch.targets[row] != IGNORE])}"


class SplitTask(Task):
    """A task whose examples are of two splits: those trained on, and those held out of the training."""

    @abstractmethod
    def draw(self, split: str, size: int, generator: torch.Generator) -> Batch:
        """`size` examples of the split `trained` or `held out`."""

    def batch(self, size: int, generator: torch.Generator) -> Batch:
        return self.draw("trained", size, generator)

    def held_out(self, size: int, generator: torch.Generator) -> Batch:
        return self.draw("held out", size, generator)
