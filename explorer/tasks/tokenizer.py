"""Text as tokens: one token per character, or byte-level BPE.

A tokenizer is its `saved` string: it is trained once, and rebuilt from that.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from typing import Protocol, Self

import numpy as np

from explorer.measure.symbols import SIGNS, by_code, written

MOST_CHARACTERS = 1024  # different characters kept of one text
WORD = re.compile(r"\S+|\s+")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"  # what the others become
LONGEST_WORD = 10_000  # bytes that a BPE merges inside of: learning takes the square of a word's length
BPE_SAMPLE = 1_000_000  # characters that a BPE is trained on, evenly spread pieces of the text
VISIBLE = str.maketrans(SIGNS)


class Tokenizer(Protocol):
    """pieces[i]: the UTF-8 bytes of token i; joined, they are the text again."""

    saved: str
    pieces: tuple[bytes, ...]

    @classmethod
    def trained(cls, text: str, size: int) -> Self:
        """The tokenizer of a text; `size` tokens if that is a choice."""

    def tokens(self, text: str) -> np.ndarray:
        """The text's tokens, int16."""

    def unknown(self, text: str) -> list[str]:
        """The characters without a token of their own."""


class Characters:
    """One token per character, the most frequent first.

    Characters rarer than one in a million, and those past MOST_CHARACTERS, share one token: `�`.
    """

    def __init__(self, saved: str):
        self.saved = saved
        self.pieces = tuple(c.encode() for c in saved)

    @classmethod
    def trained(cls, text: str, size: int) -> Self:
        counts = Counter(text)
        often = sorted((c for c in counts if counts[c] * 1e6 >= len(text)), key=lambda c: (-counts[c], c))
        if len(counts) == len(often) <= MOST_CHARACTERS:
            return cls("".join(often))
        return cls("".join(c for c in often if c != REPLACEMENT)[: MOST_CHARACTERS - 1] + REPLACEMENT)

    @cached_property
    def table(self) -> np.ndarray:
        """Token by code point."""
        table = np.full(0x110000, self.saved.find(REPLACEMENT), dtype=np.int16)
        table[[ord(c) for c in self.saved]] = np.arange(len(self.saved))
        return table

    def tokens(self, text: str) -> np.ndarray:
        return self.table[np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)]

    def unknown(self, text: str) -> list[str]:
        return sorted(set(text) - set(self.saved))


class Bpe:
    """Byte-level byte pair encoding (Sennrich et al. 2016; on bytes since GPT-2, Radford et al. 2019).

    Trained and applied by the library tokenizers. Every text can be written in it.
    """

    def __init__(self, saved: str):
        import tokenizers

        self.saved = saved
        self.bpe = tokenizers.Tokenizer.from_str(saved)
        names = sorted(self.bpe.get_vocab().items(), key=lambda item: item[1])
        self.pieces = tuple(bytes(BYTES[c] for c in name) for name, _ in names)

    @classmethod
    def trained(cls, text: str, size: int) -> Self:
        from tokenizers import Tokenizer, models, pre_tokenizers, trainers

        bpe = Tokenizer(models.BPE())
        bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
        bpe.train_from_iterator(sampled(text), trainer)
        return cls(bpe.to_str())

    def tokens(self, text: str) -> np.ndarray:
        # in parts: one call for a whole corpus keeps 200 bytes a token. Parts end where lines do.
        parts = self.bpe.encode_batch_fast(list(lines(text, 100_000)))
        return np.concatenate([np.array(part.ids, dtype=np.int16) for part in parts])

    def each(self, texts: list[str]) -> list[list[int]]:
        """The tokens of every text, at once: twenty times faster than one by one where they are short."""
        return [part.ids for part in self.bpe.encode_batch_fast(texts)]

    def unknown(self, text: str) -> list[str]:
        return []


def check_words(text: str) -> None:
    """ValueError if the text has a word too long to learn merges from (it is split at spaces alone)."""
    longest = max((len(word.encode()) for word in WORD.findall(text) if 4 * len(word) > LONGEST_WORD), default=0)
    if longest > LONGEST_WORD:
        raise ValueError(
            f"the text has a word of {longest:,} bytes without a space, too long to learn merges from; "
            f"break it into words of at most {LONGEST_WORD:,}, or train on characters (task.tokenizer=characters)"
        )


def sampled(text: str, pieces: int = 100) -> list[str]:
    """BPE_SAMPLE characters of a longer text, as evenly spread pieces."""
    if len(text) <= BPE_SAMPLE:
        return [text]
    step = len(text) // pieces
    return [text[i : i + BPE_SAMPLE // pieces] for i in range(0, step * pieces, step)]


def lines(text: str, size: int) -> list[str]:
    """The text in parts of at least `size` characters, each ending with a line."""
    parts, start = [], 0
    while start < len(text):
        end = text.find("\n", start + size) + 1 or len(text)
        parts.append(text[start:end])
        start = end
    return parts


def byte_of_character() -> dict[str, int]:
    """GPT-2's printable stand-in for each byte (`bytes_to_unicode` in its encoder.py), the other way."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [b for b in range(256) if b not in printable]
    return {chr(b): b for b in printable} | {chr(256 + i): b for i, b in enumerate(rest)}


BYTES = byte_of_character()
TOKENIZERS: dict[str, type[Characters] | type[Bpe]] = {"characters": Characters, "bpe": Bpe}


def visible(piece: bytes) -> str:
    """A token as shown: spaces and line ends as signs, partial characters as bytes."""
    try:
        shown = written(piece.decode()).translate(VISIBLE)
    except UnicodeDecodeError:
        return f"‹{piece.hex(' ')}›"
    return by_code(shown)
