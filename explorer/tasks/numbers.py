"""Numbers in words, as package num2words writes them, letter by letter, with which digit each letter comes from.

N number, T target position, S source position. A token is a digit or a letter.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from torch import Tensor

from explorer.measure.symbols import by_code
from explorer.tasks import corpus
from explorer.tasks import fields as f
from explorer.tasks.answering import END, FIRST, PAD, SPECIAL, Listed
from explorer.tasks.base import Batch, Vocabulary, something
from explorer.tasks.cache import Entry, cached

DIGITS = "0123456789"
EACH = 10  # of as many numbers one is held out


def in_words(number: int, language: str) -> str:
    """A number as it is written out, in one line."""
    from num2words import num2words

    return " ".join(str(num2words(number, lang=language)).split())


def alike(one: str, other: str) -> int:
    """How many letters both begin with."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def links(words: dict[int, str], number: int) -> np.ndarray:
    """Which letters come from which digit, (T, S): those that most other digits in its place would make others.

    words: of every number with as many digits. Against each other number the letters that change are those between
    the longest common beginning and the longest common end. “hundred” says where a digit stands and not which it is:
    it comes from none.
    """
    digits, text = str(number), words[number]
    result = np.zeros((len(text), len(digits)), dtype=bool)
    for place, digit in enumerate(digits):
        changed, others = np.zeros(len(text)), 0
        for other in DIGITS:
            if other == digit or (other == "0" and place == 0):
                continue
            new = words[int(digits[:place] + other + digits[place + 1 :])]
            first = alike(text, new)
            last = alike(text[first:][::-1], new[first:][::-1])
            changed[first : len(text) - last] += 1
            others += 1
        result[:, place] = changed > others / 2
    return result


@lru_cache(maxsize=4)
def written(language: str, digits: int) -> tuple[list[str], Tensor]:
    """All numbers of at most `digits` digits in words, and their links (N, T, S). ValueError without the package."""
    corpus.optional("numbers", "num2words", "dates")

    def make() -> Entry:
        words = {number: in_words(number, language) for number in range(10**digits)}
        longest = max(map(len, words.values()))
        every = np.zeros((len(words), longest + 1, digits), dtype=bool)
        for number in words:
            of_one = links(words, number)
            every[number, : of_one.shape[0], : of_one.shape[1]] = of_one
        return Entry({"links": every}, {"words": list(words.values())})

    entry = cached("numbers", f"{language} {digits} num2words {version('num2words')}", make)
    return entry.about["words"], torch.from_numpy(entry.arrays["links"])


class Numbers(Listed):
    """345 -> trois cent quarante-cinq

    Every number of at most `digits` digits: each count of digits is as likely as any other, and each number among those
    with as many. A tenth of the numbers is held out.
    """

    metric = "share of letters right"

    def __init__(self, fields: f.Numbers, model: Any):
        super().__init__(model, "numbers", "whose answers have several letters")
        words, self.alignment = written(fields.language, fields.digits)
        self.corpus = f"numbers in words, as num2words {version('num2words')} writes them"
        self.fingerprint = corpus.fingerprint("\n".join(words))
        self.words = "char" if fields.language == "ja" else self.words
        letters = sorted(set("".join(words)) - set(DIGITS))
        self.vocabulary = Vocabulary((*SPECIAL, *DIGITS, *letters), pad=PAD)
        number = {symbol: n for n, symbol in enumerate(self.vocabulary.symbols)}
        self.sources = torch.full((len(words), fields.digits), PAD)
        self.targets = torch.full((len(words), self.alignment.shape[1]), PAD)
        for n, text in enumerate(words):
            digits = str(n)
            self.sources[n, : len(digits)] = torch.tensor([number[digit] for digit in digits])
            self.targets[n, : len(text) + 1] = torch.tensor([*(number[letter] for letter in text), END])
        self.fit(fields.digits, self.targets.shape[1])
        order = torch.randperm(len(words), generator=torch.Generator().manual_seed(0))
        hold = len(order) // EACH
        self.splits = {"held out": order[:hold], "trained": order[hold:]}
        trained = self.splits["trained"]
        self.chance = self.most_frequent(trained, self.likelihood(trained))

    def likelihood(self, among: Tensor) -> Tensor:
        """How likely each of these numbers is to be drawn, (B,), float64."""
        digits = (self.sources[among] != PAD).sum(1)
        counts = digits.bincount(minlength=self.sources.shape[1] + 1)
        return 1 / (counts[digits] * (counts > 0).sum()).double()

    def draw(self, among: Tensor, size: int, generator: torch.Generator) -> Batch:
        which = torch.multinomial(self.likelihood(among), size, replacement=True, generator=generator)
        return self.arrange(among[which])

    def encode(self, text: str) -> Batch:
        """A number in digits. ValueError of anything else."""
        digits, most = text.strip(), self.sources.shape[1]
        something(text, str(10**most // 3))
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= most):
            text = by_code(text.strip()[:60])
            raise ValueError(
                f"“{text}” is no number of this task, which has those of 1 to {most} digits; type one "
                f"such as {10**most // 3}"
            )
        return self.arrange(torch.tensor([int(digits)]))

    def readable(self, tokens: Tensor | list[int]) -> str:
        return "".join(self.vocabulary.symbols[int(t)] for t in tokens if int(t) >= FIRST)
