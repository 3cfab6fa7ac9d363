"""Answering: a source and an answer of any lengths, as the two kinds of models that write read them.

B batch, T target position, S source position. An encoder-decoder has the source before its encoder and writes after ⊢;
a decoder reads `source ⊢ answer` in one sequence. ⊣ ends an answer, ∅ fills what is shorter than the longest.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from explorer.measure.names import plural
from explorer.measure.symbols import by_code
from explorer.tasks.base import IGNORE, Batch, Opening, Task
from models.families import kind_of

PAD, START, END = range(3)
SPECIAL = ("∅", "⊢", "⊣")
FIRST = len(SPECIAL)  # the number of the first token that is part of a text


def laid_out(reads: str, source: Tensor, target: Tensor, alignment: Tensor | None = None) -> Batch:
    """Examples as a kind of model reads them.

    reads: of the model's kind, "source" or "onward".   source (B, S), target (B, T): with ∅ after their ends, each
    target with its ⊣.   alignment (B, T, S): 1 where a token of the target comes from one of the source.
    """
    start = torch.full((len(source), 1), START)
    decoder_input = torch.cat([start, target[:, :-1].masked_fill(target[:, :-1] == END, PAD)], 1)  # (B, T)
    targets = target.masked_fill(target == PAD, IGNORE)
    if reads == "source":
        return Batch(decoder_input, targets, source, alignment)
    # `source ⊢ target` without the source's padding: column j is source j, or target j − length
    length = (source != PAD).sum(1, keepdim=True)  # (B, 1)
    S, width = source.shape[1], source.shape[1] + target.shape[1]
    j = torch.arange(width)
    column = torch.where(j < length, j, S + j - length).clamp_max(width)  # (B, S + T)

    def joined(left: Tensor, right: Tensor, filler: int) -> Tensor:
        last = torch.full((len(left), 1), filler)
        return torch.cat([left, right, last], 1).gather(1, column)

    targets = joined(torch.full_like(source, IGNORE), targets, IGNORE)
    tokens = joined(source, decoder_input, PAD)
    longest = int((targets != IGNORE).cumsum(1).argmax(1).max()) + 1
    if alignment is not None:
        rows = torch.arange(len(source))[:, None]
        whole = alignment.new_zeros(len(source), width, width)
        whole[rows, length + torch.arange(target.shape[1]), :S] = alignment
        alignment = whole[:, :longest, :longest]
    return Batch(tokens[:, :longest], targets[:, :longest], alignment=alignment)


def padded(rows: list[list[int]]) -> Tensor:
    """Rows of tokens as one tensor, (N, longest), ∅ after their ends."""
    width = max(map(len, rows))
    return torch.tensor([[*row, *[PAD] * (width - len(row))] for row in rows])


class Answering(Task):
    """A task whose answer is a text of its own. start, end: the tokens around an answer.

    longest: tokens of the longest answer, with its end. Its tokens are words; what has other ones says how they read.
    """

    start, end = START, END
    longest: int

    def opening(self, text: str | None = None) -> Opening:
        """An answer is as long as the model makes it, up to the longest there is."""
        return replace(super().opening(text), length=self.longest, end=END)

    def readable(self, tokens: Tensor | list[int]) -> str:
        return " ".join(self.vocabulary.symbols[int(t)] for t in tokens if int(t) >= FIRST)

    def spelled(self, tokens: Tensor | list[int]) -> str:
        """The spaces between words are part of the text."""
        return self.readable(tokens)

    def sample(self, batch: Batch, row: int = 0) -> str:
        predicted = batch.targets[row] != IGNORE
        read = batch.tokens[row][: int(predicted.long().argmax())] if batch.source is None else batch.source[row]
        return f"{self.readable(read)} → {self.readable(batch.targets[row][predicted])}"

    def words_of(self, text: str, most: int, example: str) -> list[int]:
        """The tokens of the words of a text. ValueError names those never seen, and how many are read."""
        numbers = {symbol: number for number, symbol in enumerate(self.vocabulary.symbols) if number >= FIRST}
        words = text.split()
        unknown = list(dict.fromkeys(word[:40] for word in words if word not in numbers))
        if unknown:
            names = by_code(", ".join(unknown[:12]))
            raise ValueError(f"the model never saw {names}; type something such as {example}")
        if not 1 <= len(words) <= most:
            raise ValueError(
                f"the input has {len(words)} word{plural(len(words))} and this model reads 1 to {most}; type {example}"
            )
        return [numbers[word] for word in words]


class Listed(Answering):
    """A task whose examples are all listed: sources (N, S) and targets (N, T), ∅ after their ends, each target with ⊣.

    splits: the numbers of those that are "trained" on and "held out".   alignment (N, T, S): as in `laid_out`. chance:
    the share of tokens right by what stands most often at each place of an answer that is trained on.
    """

    sources: Tensor
    targets: Tensor
    alignment: Tensor | None = None
    splits: dict[str, Tensor]

    def __init__(self, model: Any, name: str, why: str):
        """why: what of its answers a model that answers in place cannot give."""
        if kind_of(model).reads == "in place":
            raise ValueError(
                f"model.kind={model.kind} cannot do task.name={name}, {why}; use model.kind=decoder or encoder-decoder"
            )
        self.reads = kind_of(model).reads

    def fit(self, source: int, target: int) -> None:
        """Takes the lengths, in tokens, of the longest source and the longest answer with its end."""
        self.longest = target
        self.length = source + target if self.reads == "onward" else max(source, target)

    def most_frequent(self, which: Tensor, weights: Tensor | None = None) -> float:
        """`chance`, by the answers with these numbers; weights (B,): how often each is drawn, where not all alike."""
        size = len(self.vocabulary)
        counts = torch.stack([column.bincount(weights, size) for column in self.targets[which].T])
        counts[:, PAD] = 0
        return float(counts.amax(1).sum() / counts.sum())

    def batch(self, size: int, generator: torch.Generator) -> Batch:
        return self.draw(self.splits["trained"], size, generator)

    def held_out(self, size: int, generator: torch.Generator) -> Batch:
        return self.draw(self.splits["held out"], size, generator)

    def draw(self, among: Tensor, size: int, generator: torch.Generator) -> Batch:
        """`size` of these examples."""
        return self.arrange(among[torch.randint(len(among), (size,), generator=generator)])

    def arrange(self, which: Tensor) -> Batch:
        """Examples by their numbers (B,)."""
        return self.posed(
            self.sources[which], self.targets[which], None if self.alignment is None else self.alignment[which]
        )

    def posed(self, source: Tensor, target: Tensor, alignment: Tensor | None = None) -> Batch:
        """Sources (B, S) and answers (B, T), no wider than the longest of them."""
        S, T = (int((rows != PAD).sum(1).max()) for rows in (source, target))
        links = None if alignment is None else alignment[:, :T, :S].float()
        return laid_out(self.reads, source[:, :S], target[:, :T], links)
