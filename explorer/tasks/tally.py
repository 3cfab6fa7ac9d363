"""Tally: how often each word of a list stands in it.

B batch, T target position, S source position, W different words, L words in the longest list. A token is a word or a
number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from explorer.tasks import fields as f
from explorer.tasks.answering import END, FIRST, PAD, SPECIAL, Answering, laid_out
from explorer.tasks.base import Batch, SplitTask, Vocabulary
from models.families import kind_of

WORDS = ("pear", "fig", "plum", "lime", "kiwi", "nut", "leek", "bean", "corn", "rice", "oat", "rye")
EACH = 10  # of as many answers one is held out
MIX = 1_000_003  # the prime by which answers are numbered


class Tally(SplitTask, Answering):
    """pear fig pear -> 2 pear 1 fig

    The answer has each different word of the list once, in the order of their first appearance, and before each the
    number of its places in the list. A list has 1 to `length` words, each length as likely as any other; each word is
    drawn from `words` of them, each as likely. A tenth of the answers is held out, with all lists that have them, so
    that a held-out list is not one that was trained on in another order.

    A number and its word come from all the places of that word: these are the links. chance: of the share of tokens
    right, by saying at each place of an answer what is likeliest there, over all lists.
    """

    metric = "share of numbers and words right"

    def __init__(self, fields: f.Tally, model: Any):
        if kind_of(model).reads == "in place":
            raise ValueError(
                f"model.kind={model.kind} cannot do task.name=tally, an answer is longer or shorter than its list; "
                "use model.kind=encoder-decoder or decoder"
            )
        self.reads, self.n, self.kinds = kind_of(model).reads, fields.length, fields.words
        self.word = FIRST + self.n  # the number of the first word; those of numbers begin at FIRST
        self.vocabulary = Vocabulary((*SPECIAL, *map(str, range(1, self.n + 1)), *WORDS[: self.kinds]), pad=PAD)
        self.longest = 2 * min(self.n, self.kinds) + 1
        self.length = self.n + self.longest if self.reads == "onward" else max(self.n, self.longest)
        self.chance = likeliest(self.n, self.kinds)

    def draw(self, split: str, size: int, generator: torch.Generator) -> Batch:
        return self.arrange(self.lists(split, size, generator))

    def lists(self, split: str, size: int, generator: torch.Generator) -> Tensor:
        """`size` lists of one split, (B, S)."""
        parts, lacking = [torch.empty(0, self.n, dtype=torch.long)], size
        while lacking > 0:
            count = 2 * size if split == "trained" else 2 * EACH * size
            words = self.word + torch.randint(self.kinds, (count, self.n), generator=generator)
            length = torch.randint(1, self.n + 1, (count, 1), generator=generator)
            lists = words.masked_fill(torch.arange(self.n) >= length, PAD)
            parts.append(lists[self.is_held_out(lists) == (split == "held out")][:lacking])
            lacking -= len(parts[-1])
        lists = torch.cat(parts)
        return lists[:, : int((lists != PAD).sum(1).max())]

    def is_held_out(self, lists: Tensor) -> Tensor:
        """Whether the answer to each list is never trained on, (B,): by the remainder of a number of its tokens."""
        number = torch.zeros(len(lists), dtype=torch.long)
        for token in self.answers(lists)[0].T:
            number = (number * 31 + token) % MIX
        return number * 7919 % MIX % EACH == 0

    def answers(self, lists: Tensor) -> tuple[Tensor, Tensor]:
        """The answers (B, T), each with its end, and their links (B, T, S) to the lists (B, S)."""
        real = lists != PAD
        same = (lists[:, :, None] == lists[:, None]) & real[:, :, None]  # (B, S, S)
        first = real & (same.int().argmax(2) == torch.arange(lists.shape[1]))  # (B, S): its word's first place
        place = (first.cumsum(1) - 1).masked_fill(~first, self.longest // 2)  # its word's place in the answer
        target = torch.full((len(lists), self.longest + 1), PAD)
        target.scatter_(1, 2 * place, FIRST - 1 + same.sum(2))
        target.scatter_(1, 2 * place + 1, lists)
        kinds = first.sum(1, keepdim=True)
        target = target[:, : self.longest].masked_fill(torch.arange(self.longest) >= 2 * kinds, PAD)
        target.scatter_(1, 2 * kinds, END)
        says = target[:, :, None].roll(-1, 1)  # a number stands for the word after it
        says = torch.where(target[:, :, None] >= self.word, target[:, :, None], says)
        links = (says == lists[:, None]) & (target >= FIRST)[:, :, None] & real[:, None]
        return target, links.float()

    def arrange(self, lists: Tensor) -> Batch:
        """Lists (B, S), ∅ after their ends, with their answers."""
        target, links = self.answers(lists)
        width = int((target != PAD).sum(1).max())
        return laid_out(self.reads, lists, target[:, :width], links[:, :width])

    def encode(self, text: str) -> Batch:
        words = self.vocabulary.symbols[self.word :]
        numbers = self.words_of(text.lower(), self.n, f"{words[0]} {words[1]} {words[0]}")
        if min(numbers) < self.word:
            raise ValueError(
                f"a list has words and no numbers; type something such as {words[0]} {words[1]} {words[0]}"
            )
        return self.arrange(torch.tensor([numbers]))


def likeliest(longest: int, kinds: int) -> float:
    """The share of tokens right by always saying what is likeliest at each place of an answer, held out or not.

    Exact, by what is known after each word of a list: how many different ones came, and how often the k-th of them.
    """
    right = total = 0.0
    most = min(longest, kinds)
    ends = np.zeros(most + 1)  # by the number of different words, over lengths
    for k in range(most):  # the k-th different word, from 0
        counts = np.zeros(longest + 1)  # how often it came at the end of a list; 0: it is not there
        chance = np.zeros((most + 1, longest + 1))  # (different words, how often the k-th)
        chance[0, 0] = 1
        for _ in range(longest):
            after = np.zeros_like(chance)
            for d in range(most + 1):
                for c in range(longest):
                    p = chance[d, c]
                    if not p:
                        continue
                    if c:
                        after[d, c + 1] += p / kinds
                    after[d, c] += p * (d - bool(c)) / kinds
                    if d < most:
                        after[d + 1, c + (d == k)] += p * (kinds - d) / kinds
            chance = after
            counts += chance.sum(0) / longest
            if k == 0:
                ends += chance.sum(1) / longest
        # a number, or the end of an answer of k different words; then a word, each as likely as any other
        right += max(counts[1:].max(), ends[k]) + counts[1:].sum() / kinds
        total += 2 * counts[1:].sum() + ends[k]
    return (right + ends[most]) / (total + ends[most])
