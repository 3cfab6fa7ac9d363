"""Handwritten digits as patches: an encoder reads sixteen pieces of a picture, a decoder writes the word.

B batch, S = 16 patches, T letters of the longest word; N = 1797 pictures of 8 × 8 (scikit-learn's digits, of Alpaydin
& Kaynak 1998). A patch is a square of 2 × 2 pixels (as the 16 × 16 of Dosovitskiy et al. 2021, §3.1). Theirs are
projected to vectors; ours are tokens: a pixel has one of three shades, so there are 81 patches.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from explorer.measure.symbols import by_code
from explorer.tasks import fields as f
from explorer.tasks.answering import END, FIRST, PAD, SPECIAL, Answering, laid_out
from explorer.tasks.base import Batch, SplitTask, Vocabulary, something
from explorer.tasks.cache import Entry, cached
from models.families import kind_of

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LETTERS = tuple(sorted(set("".join(WORDS))))
LETTER = FIRST  # the number of the first letter
PATCH = LETTER + len(LETTERS)  # and of the first patch
SHADES, SIDE, CUT = 3, 8, 2  # of a pixel; pixels of a picture and of a patch, along one side
INKS = "·▒█"  # the shades as signs; a patch is written as four of them, row by row
ALONG = SIDE // CUT  # patches along one side
LONGEST = max(map(len, WORDS)) + 1  # letters, and the end
EACH = 5  # of as many pictures one is held out


@lru_cache(maxsize=1)
def pictures() -> tuple[Tensor, Tensor]:
    """Every picture's shades (N, 8, 8), 0 to 2, and its digit (N,)."""

    def make() -> Entry:
        from sklearn.datasets import load_digits  # packaged with scikit-learn

        digits = load_digits()
        shades = np.minimum(digits.images * SHADES // 17, SHADES - 1).astype(np.uint8)  # of 0 to 16
        return Entry({"shades": shades, "digits": digits.target.astype(np.int64)}, {})

    arrays = cached("digits", "scikit-learn", make).arrays
    return torch.from_numpy(arrays["shades"]), torch.from_numpy(arrays["digits"])


def patches(shades: Tensor) -> Tensor:
    """Pictures (N, 8, 8) as patches (N, 16), row by row, each the number of its four pixels to the base of 3."""
    cut = shades.long().unflatten(2, (ALONG, CUT)).unflatten(1, (ALONG, CUT)).transpose(2, 3).flatten(3).flatten(1, 2)
    return (cut * SHADES ** torch.arange(CUT * CUT)).sum(-1)


def pixels(numbers: Tensor) -> Tensor:
    """The opposite of `patches`."""
    cut = numbers[..., None] // SHADES ** torch.arange(CUT * CUT) % SHADES  # (N, 16, 4)
    return cut.unflatten(2, (CUT, CUT)).unflatten(1, (ALONG, ALONG)).transpose(2, 3).flatten(3).flatten(1, 2)


class Digits(SplitTask, Answering):
    """a picture -> seven

    patches=shuffled moves the patches of each picture into an order of its own: all its ink is there, and where it
    stands is not.
    """

    metric = "share of letters right"
    corpus = "handwritten digits, as scikit-learn has them"
    longest = LONGEST

    def __init__(self, fields: f.Digits, model: Any):
        if kind_of(model).reads != "source":
            raise ValueError(
                f"model.kind={model.kind} does not write what another part has read, which task.name=digits needs; "
                "use model.kind=encoder-decoder"
            )
        signs = [
            [INKS[number // SHADES**i % SHADES] for i in range(CUT * CUT)] for number in range(SHADES ** (CUT * CUT))
        ]
        self.vocabulary = Vocabulary((*SPECIAL, *LETTERS, *map("".join, signs)), pad=PAD)
        self.length = ALONG * ALONG
        shades, self.digits = pictures()
        generator = torch.Generator().manual_seed(0)
        order = torch.randperm(len(shades), generator=generator)
        hold = len(order) // EACH
        self.splits = {"held out": order[:hold], "trained": order[hold:]}
        self.sources = patches(shades) + PATCH  # (N, S)
        if fields.patches == "shuffled":
            moved = torch.rand(self.sources.shape, generator=generator).argsort(1)
            self.sources = self.sources.gather(1, moved)
        self.targets = torch.full((len(WORDS), LONGEST), PAD)
        for row, word in zip(self.targets, WORDS, strict=True):
            row[: len(word) + 1] = torch.tensor([*(LETTER + LETTERS.index(letter) for letter in word), END])
        often = self.targets[self.digits[self.splits["trained"]]]  # (·, T)
        counts = torch.stack([column.bincount(minlength=PATCH) for column in often.T])
        counts[:, PAD] = 0
        self.chance = float(counts.amax(1).sum() / counts.sum())

    def draw(self, split: str, size: int, generator: torch.Generator) -> Batch:
        """`size` pictures of one split."""
        among = self.splits[split]
        return self.arrange(among[torch.randint(len(among), (size,), generator=generator)])

    def arrange(self, which: Tensor) -> Batch:
        """Pictures by their numbers (B,)."""
        target = self.targets[self.digits[which]]
        target = target[:, : int((target != PAD).sum(1).max())]
        return laid_out("source", self.sources[which], target)

    def encode(self, text: str) -> Batch:
        """A picture by its number."""
        count = len(self.digits)
        something(text, str(count - 1))
        if not (text.strip().isdecimal() and int(text) < count):
            text = by_code(text[:40])
            raise ValueError(f"“{text}” is no picture; type the number of one, 0 to {count - 1}")
        return self.arrange(torch.tensor([int(text)]))

    def readable(self, tokens: Tensor | list[int]) -> str:
        """The patches of a whole picture as its rows; an answer by its signs, patches among its letters too."""
        numbers = [int(t) for t in tokens]
        if len(numbers) == self.length and min(numbers) >= PATCH:
            rows = pixels(torch.tensor(numbers)[None] - PATCH)[0].tolist()
            return "\n".join("".join(INKS[shade] for shade in row) for row in rows)
        return "".join(self.vocabulary.symbols[t] for t in numbers if t >= LETTER)

    spelled = readable
