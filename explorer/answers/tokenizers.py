"""The tokenizers page: BPE learned merge by merge, one text under each tokenizer, and each tokenizer on other texts.

`source` names the training text (a key of SOURCES, "own" with the text itself, "run" with the run's path). Tokenizers
are those of the tasks: the same sample of the text, the same order of merges. M merges, V tokens, n bytes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from explorer.answers.records.tokenizers import Cut, Frequencies, Frequency, Length, Lengths, Merging, Row, Token
from explorer.config.quoting import quoted
from explorer.runs.restored import opened
from explorer.tasks import bpe, corpus, segmentation
from explorer.tasks.corpus import Corpus
from explorer.tasks.fields import TASKS
from explorer.tasks.segmentation import CharacterSegments, MergedSegments, Segment, Segmentation, WordSegments
from explorer.tasks.tokenizer import BPE_SAMPLE, Characters, check_words, sampled, visible

SOURCES = {"shakespeare": corpus.shakespeare, "python": corpus.python}
MOST_OWN = 200_000  # characters to learn from
SHOWN = 2000  # characters shown of a text
MOST_TOKENS = 4096  # the largest vocabulary for which lengths are shown
OTHER = 100_000  # characters of a text that was not trained on


@dataclass(frozen=True)
class Text:
    """A training text. sample: its pieces that a BPE reads.   counts: their words."""

    title: str
    text: str
    sample: tuple[str, ...]
    counts: Counter[str]


@lru_cache(maxsize=4)
def text_of(source: str, own_text: str, path: str | None) -> Text:
    """The text of a source. ValueError if it is too long, or there is none."""
    source_corpus = corpus_of(source, own_text, path)
    text = source_corpus.read()
    check_words(text)
    sample = sampled(text)
    counts = bpe.counted(sample)
    return Text(source_corpus.title, text, tuple(sample), counts)


def corpus_of(source: str, own_text: str, path: str | None) -> Corpus:
    """The corpus itself. ValueError if there is nothing to learn from."""
    if source == "run":
        fields = opened(str(path)).config.task
        of_fields = TASKS[fields.name].corpus
        if of_fields is None:
            raise ValueError(
                f"task.name={fields.name} is not made of text; learn from Shakespeare, Python or your own text"
            )
        return of_fields(fields)
    if source in SOURCES:
        return SOURCES[source]()
    if source != "own":
        raise ValueError(f"there is no text {quoted(source)}; learn from {', '.join(SOURCES)}, own or run")
    if len(own_text) > MOST_OWN:
        raise ValueError(
            f"your text has {len(own_text):,} characters and this page learns from at most {MOST_OWN:,}; "
            "use a part of it"
        )
    if len(set(own_text.split())) < 2:
        raise ValueError("your text has fewer than two different words; paste or upload a longer one")
    return corpus.from_visitor(own_text)


@lru_cache(maxsize=6)
def learned_of(source: str, size: int, own_text: str, path: str | None) -> bpe.Learned:
    """The BPE of a source, kept."""
    return bpe.learn(text_of(source, own_text, path).counts, size)


def tokenizers_of(source: str, size: int, own_text: str, path: str | None) -> list[Segmentation]:
    """Characters, words and BPE of a source; words and BPE of one size."""
    text, learned = text_of(source, own_text, path), learned_of(source, size, own_text, path)
    characters = Characters.trained(text.text, 0)
    return [
        CharacterSegments(characters, Counter("".join(text.sample))),
        WordSegments(text.counts, size),
        MergedSegments(learned, text.counts),
    ]


def merging(source: str, size: int, text: str, own_text: str = "", path: str | None = None) -> Merging:
    """BPE step by step, and a text (its first SHOWN characters) cut after each merge."""
    source_text, learned = text_of(source, own_text, path), learned_of(source, size, own_text, path)
    words = bpe.words(text[:SHOWN])
    gone = [g for word in words for g in (0, *bpe.joins(bpe.numbered(word), learned.ranks))]
    runners = np.full((len(learned.merges), bpe.RUNNERS_UP, 3), -1)
    for i, merge in enumerate(learned.merges):
        for j, (pair, count) in enumerate(merge.runners_up):
            runners[i, j] = *pair, count
    standing = {b: c for c, b in bpe.BYTES.items()}
    rows = [(*merge.pair, merge.token, merge.count) for merge in learned.merges]
    return Merging(
        title=source_text.title,
        characters=sum(map(len, source_text.sample)),
        text="".join(words),
        typed=len(text[:SHOWN]),
        pieces=["".join(standing[b] for b in piece) for piece in learned.pieces],
        shown=[visible(piece) for piece in learned.pieces],
        merges=np.array(rows, dtype=np.int64).reshape(-1, 4),
        runners=runners,
        sizes=learned.sizes,
        gone=np.array(gone, dtype=np.int64),
    )


def cut(source: str, size: int, text: str, own_text: str = "", path: str | None = None) -> Cut:
    """The same text (its first SHOWN characters) under each tokenizer."""
    rows = [
        row(tokenizer.name, tokenizer.cut(text[:SHOWN]), tokenizer.used)
        for tokenizer in tokenizers_of(source, size, own_text, path)
    ]
    return Cut(rows, text_of(source, own_text, path).title, len(text[:SHOWN]))


def row(name: str, segments: list[Segment], used: np.ndarray | None, vocabulary: int = 0) -> Row:
    """One tokenizer's cut of a text. vocabulary: its size if `used` has no count of each token."""
    tokens = [
        Token(visible(s.piece), int(s.token), None if used is None or s.token < 0 else int(used[s.token]), s.known)
        for s in segments
    ]
    missing = [visible(piece) for piece in segmentation.unknown(segments)]
    return Row(name, vocabulary if used is None else len(used), tokens, missing)


@lru_cache(maxsize=4)
def others(source: str, own_text: str, path: str | None) -> dict[str, str]:
    """Texts that were not trained on, by description: the gaps between the sample's pieces, another text."""
    text = text_of(source, own_text, path)
    texts = {}
    if len(text.text) > 2 * BPE_SAMPLE:
        step, piece = len(text.text) // 100, BPE_SAMPLE // 100
        starts = range(piece + (step - piece) // 2, 100 * step, step)
        texts["other parts of it"] = "".join(text.text[i : i + OTHER // 100] for i in starts)
    python = text.title == corpus.python().title
    foreign = corpus.shakespeare() if python else corpus.python()
    whole = foreign.read()
    middle = len(whole) // 2
    return texts | {foreign.title: whole[middle : middle + OTHER]}


def lengths(source: str, size: int, own_text: str = "", path: str | None = None) -> Lengths:
    """The length of texts over the size of the vocabulary, up to MOST_TOKENS whatever `size`, and the unknown share."""
    text, learned = text_of(source, own_text, path), learned_of(source, max(size, MOST_TOKENS), own_text, path)
    kinds = tokenizers_of(source, size, own_text, path)
    texts = []
    sample = "".join(text.sample)
    for i, (name, other) in enumerate([("the text learned from", sample), *others(source, own_text, path).items()]):
        counts = text.counts if i == 0 else bpe.counted([other])
        cuts = {kind.name: kind.cut(other[:OTHER]) for kind in kinds}
        texts.append(
            Length(
                name=name,
                characters=len(other),
                curve=bpe.lengths(counts, learned) / len(other),
                per_character={k: len(c) / len(other[:OTHER]) for k, c in cuts.items()},
                unknown={k: segmentation.unknown_share(c) for k, c in cuts.items()},
                examples={k: [visible(p) for p in segmentation.unknown(c, 6)] for k, c in cuts.items()},
            )
        )
    return Lengths(
        texts=texts,
        title=text.title,
        sizes=learned.sizes,
        characters=len(kinds[0].used),
        words=len(text.counts),
        kept=size,
        words_per_character=text.counts.total() / len(sample),
        unread=256 - len(set(sample.encode())),
    )


def frequencies(source: str, size: int, own_text: str = "", path: str | None = None) -> Frequencies:
    """How often each token is used, and the best loss from these frequencies alone."""
    text = text_of(source, own_text, path)
    characters = sum(map(len, text.sample))
    everything = WordSegments(text.counts, len(text.counts) + 1)
    everything.used = everything.used[:-1]  # all words have a token here
    kinds = []
    first, _, merged = tokenizers_of(source, size, own_text, path)
    for kind in (first, everything, merged):
        ranks, shares = segmentation.zipf(kind.used)
        kinds.append(
            Frequency(
                name=kind.name,
                vocabulary=len(kind.used),
                never=int((kind.used == 0).sum()),
                slope=segmentation.slope(ranks, shares),
                entropy=segmentation.entropy(kind.used),
                per_character=float(kind.used.sum() / characters),
                ranks=ranks.astype(np.float64),
                shares=shares,
            )
        )
    return Frequencies(kinds, text.title, characters)
