"""Tokenizers: BPE merge by merge, one text under each of them, what each makes of other texts.

M merges, R runners-up of each, V tokens, n bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record


@dataclass(frozen=True)
class Merging(Record, of="tokenizers.merging"):
    """BPE step by step, and a text cut after each merge.

    title: of what is learned from.   characters: of it that are read.   text: its bytes as printable stand-ins.
    typed: characters of the text.   pieces: each token's bytes as the same stand-ins.   shown: each token as read.
    merges (M, 4): first, second, made and the pair's count.   runners (M, R, 3): first, second and count of the pairs
    after it, −1 where there are fewer.   sizes (M + 1,): of the vocabulary.   gone (n,): after how many merges the
    boundary before each byte is gone, 0 if it stays.
    """

    title: str
    characters: int
    text: str
    typed: int
    pieces: list[str]
    shown: list[str]
    merges: Array
    runners: Array
    sizes: Array
    gone: Array


@dataclass(frozen=True)
class Token:
    """A token of a text. uses: in the text learned from, None if nothing counts it.   known: whether it has one."""

    shown: str
    number: int
    uses: int | None
    known: bool


@dataclass(frozen=True)
class Row:
    """A text under one tokenizer. vocabulary: how many tokens it has.   unknown: pieces without a token, as read."""

    name: str
    vocabulary: int
    tokens: list[Token]
    unknown: list[str]


@dataclass(frozen=True)
class Cut(Record, of="tokenizers.cut"):
    """The same text under each tokenizer. title: of what was learned from.   typed: characters of the text."""

    rows: list[Row]
    title: str
    typed: int


@dataclass(frozen=True)
class Length:
    """How long a text is. curve (M + 1,): BPE tokens a character after 0 … M merges.

    By the tokenizer's name: per_character: tokens.   unknown: share of tokens.   examples: unknown pieces, as read.
    """

    name: str
    characters: int
    curve: Array
    per_character: dict[str, float]
    unknown: dict[str, float]
    examples: dict[str, list[str]]


@dataclass(frozen=True)
class Lengths(Record, of="tokenizers.lengths"):
    """How long texts are against the size of the vocabulary, the text learned from first.

    sizes (M + 1,): of BPE's vocabulary.   characters, words: different ones.   kept: words
    with a token.   words_per_character: of the text learned from.   unread: bytes of the 256 that it never has.
    """

    texts: list[Length]
    title: str
    sizes: Array
    characters: int
    words: int
    kept: int
    words_per_character: float
    unread: int


@dataclass(frozen=True)
class Frequency:
    """How often a tokenizer's tokens are used. ranks, shares (points,): of the text, both for a logarithmic axis.

    never: tokens never used.   slope: of the shares over the ranks, None of too few.   entropy: in nats a token.
    per_character: tokens.
    """

    name: str
    vocabulary: int
    never: int
    slope: float | None
    entropy: float
    per_character: float
    ranks: Array
    shares: Array


@dataclass(frozen=True)
class Frequencies(Record, of="tokenizers.frequencies"):
    """How often each token is used, and what a model that knows only that can reach: characters, words, BPE."""

    kinds: list[Frequency]
    title: str
    characters: int


@dataclass(frozen=True)
class RunTokenizer(Record, of="run_tokenizer.of_run"):
    """A run's own tokenizer and its cut of a text.

    row: None if it cannot read the text, for the reason `refused`.   per_character: tokens a character of the text
    held out, None if the task is not made of text.   kind: characters, BPE or symbols.   symbols: the first of them.
    """

    row: Row | None
    refused: str
    per_character: float | None
    kind: str
    vocabulary: int
    symbols: list[str]
