"""The tokenizers page: BPE learned merge by merge, one text under each tokenizer, what each makes of other texts.

What is learned from is named by `source` (a key of SOURCES, "own" with the text itself, "run" with the run's path).
Tokenizers are those of the tasks: the same sample of the text, the same order of merges. M merges, V tokens, n bytes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from explorer import bpe, segmentation
from explorer.runs.answer import Answer
from explorer.runs.views.restored import opened
from explorer.segmentation import CharacterSegments, MergedSegments, Segment, Segmentation, WordSegments
from explorer.tasks import corpus
from explorer.tasks.corpus import Corpus
from explorer.tasks.tokenizer import BPE_SAMPLE, Characters, sampled, visible

SOURCES = {"shakespeare": corpus.shakespeare, "python": corpus.python}
MOST_OWN = 200_000  # characters to learn from
LONGEST_WORD = 10_000  # bytes
SHOWN = 2000  # characters of a text that is looked at
MOST_TOKENS = 4096  # of the vocabulary that lengths are followed to
OTHER = 100_000  # characters of a text that was not learned from


@dataclass(frozen=True)
class Text:
    """What is learned from. sample: the pieces of it that a BPE reads.   counts: their words."""

    title: str
    text: str
    sample: tuple[str, ...]
    counts: Counter[str]


@lru_cache(maxsize=4)
def text_of(source: str, own: str, path: str | None) -> Text:
    """The text of a source. ValueError where it is too long, or none."""
    found = corpus_of(source, own, path)
    text = found.read()
    sample = sampled(text)
    counts = bpe.counted(sample)
    longest = max(map(len, counts))
    if longest > LONGEST_WORD:
        raise ValueError(
            f"the text has a word of {longest:,} bytes without a space, too long to learn merges from here; "
            f"break it into words of at most {LONGEST_WORD:,}"
        )
    return Text(found.title, text, tuple(sample), counts)


def corpus_of(source: str, own: str, path: str | None) -> Corpus:
    """The corpus itself. ValueError where there is nothing to learn from."""
    if source == "run":
        fields = opened(str(path)).config.task
        if fields.name == "text":
            return corpus.own(fields.text)
        source = fields.name
    if source in SOURCES:
        return SOURCES[source]()
    if source != "own":
        raise ValueError(f"task.name={source} is not made of text; learn from Shakespeare, Python or your own text")
    if len(own) > MOST_OWN:
        raise ValueError(
            f"your text has {len(own):,} characters and this page learns from at most {MOST_OWN:,}; use a part of it"
        )
    if len(set(own.split())) < 2:
        raise ValueError("your text has fewer than two different words; paste or upload a longer one")
    return corpus.own(own)


@lru_cache(maxsize=6)
def learned_of(source: str, size: int, own: str, path: str | None) -> bpe.Learned:
    """The BPE of a source, kept."""
    return bpe.learn(text_of(source, own, path).counts, size)


def tokenizers_of(source: str, size: int, own: str, path: str | None) -> list[Segmentation]:
    """Characters, words and BPE of a source; words and BPE of one size."""
    text, learned = text_of(source, own, path), learned_of(source, size, own, path)
    characters = Characters.trained(text.text, 0)
    return [
        CharacterSegments(characters, Counter("".join(text.sample))),
        WordSegments(text.counts, size),
        MergedSegments(learned, text.counts),
    ]


def merging(source: str, size: int, text: str, own: str = "", path: str | None = None) -> Answer:
    """BPE step by step, and a text (its first SHOWN characters) cut after each merge.

    plain: title, text (its bytes as printable stand-ins), pieces (the same of each token), shown (of each token).
    Arrays: merges (M, 4), first, second, made and the pair's count; runners (M, R, 3), first, second and count of the
    pairs after it, −1 where there are fewer; sizes (M + 1,), of the vocabulary; gone (n,), after how many merges the
    boundary before each byte is gone, 0 where it stays.
    """
    known, learned = text_of(source, own, path), learned_of(source, size, own, path)
    words = bpe.words(text[:SHOWN])
    gone = [g for word in words for g in (0, *bpe.joins(bpe.numbered(word), learned.ranks))]
    runners = np.full((len(learned.merges), bpe.RUNNERS_UP, 3), -1)
    for i, merge in enumerate(learned.merges):
        for j, (pair, count) in enumerate(merge.runners_up):
            runners[i, j] = *pair, count
    standing = {b: c for c, b in bpe.BYTES.items()}
    plain = {
        "title": known.title,
        "characters": sum(map(len, known.sample)),
        "text": "".join(words),
        "typed": len(text[:SHOWN]),
        "pieces": ["".join(standing[b] for b in piece) for piece in learned.pieces],
        "shown": [visible(piece) for piece in learned.pieces],
    }
    rows = [(*merge.pair, merge.token, merge.count) for merge in learned.merges]
    return plain, {
        "merges": np.array(rows, dtype=np.int64).reshape(-1, 4),
        "runners": runners,
        "sizes": learned.sizes,
        "gone": np.array(gone, dtype=np.int64),
    }


def cut(source: str, size: int, text: str, own: str = "", path: str | None = None) -> Answer:
    """The same text (its first SHOWN characters) under each tokenizer.

    plain["rows"]: name, vocabulary, tokens ([shown, number, uses in the text learned from, known]), unknown (shown).
    """
    known = text_of(source, own, path)
    rows = [
        row(tokenizer.name, tokenizer.cut(text[:SHOWN]), tokenizer.used)
        for tokenizer in tokenizers_of(source, size, own, path)
    ]
    return {"rows": rows, "title": known.title, "typed": len(text[:SHOWN])}, {}


def row(name: str, segments: list[Segment], used: np.ndarray | None, vocabulary: int = 0) -> dict[str, Any]:
    """One tokenizer's cut of a text, as `cut` tells it."""
    tokens = [
        [visible(s.piece), s.token, None if used is None or s.token < 0 else int(used[s.token]), s.known]
        for s in segments
    ]
    missing = [visible(piece) for piece in segmentation.unknown(segments)]
    size = vocabulary if used is None else len(used)
    return {"name": name, "vocabulary": size, "tokens": tokens, "unknown": missing}


@lru_cache(maxsize=4)
def others(source: str, own: str, path: str | None) -> dict[str, str]:
    """Texts that nothing was learned from, by what they are: the gaps between the sample's pieces, another text."""
    text = text_of(source, own, path)
    found = {}
    if len(text.text) > 2 * BPE_SAMPLE:
        step, piece = len(text.text) // 100, BPE_SAMPLE // 100
        starts = range(piece + (step - piece) // 2, 100 * step, step)
        found["other parts of it"] = "".join(text.text[i : i + OTHER // 100] for i in starts)
    python = text.title == corpus.python().title
    foreign = corpus.shakespeare() if python else corpus.python()
    whole = foreign.read()
    middle = len(whole) // 2
    return found | {foreign.title: whole[middle : middle + OTHER]}


def lengths(source: str, size: int, own: str = "", path: str | None = None) -> Answer:
    """How long texts are against the size of the vocabulary, and what of them is unknown.

    plain["texts"]: name, characters, and for each tokenizer tokens a character and share of unknown tokens;
    plain["vocabularies"]: of characters, of all words; plain["bytes"]: how many of the 256 were never read.
    Arrays: sizes (M + 1,) and for each text i `per_character i` (M + 1,), BPE tokens a character after 0 … M merges,
    up to MOST_TOKENS whatever `size`.
    """
    text, learned = text_of(source, own, path), learned_of(source, max(size, MOST_TOKENS), own, path)
    kinds = tokenizers_of(source, size, own, path)
    arrays = {"sizes": learned.sizes}
    texts = []
    sample = "".join(text.sample)
    for i, (name, other) in enumerate([("the text learned from", sample), *others(source, own, path).items()]):
        counts = text.counts if i == 0 else bpe.counted([other])
        arrays[f"per_character {i}"] = bpe.lengths(counts, learned) / len(other)
        cuts = {kind.name: kind.cut(other[:OTHER]) for kind in kinds}
        texts.append(
            {
                "name": name,
                "characters": len(other),
                "per_character": {k: len(c) / len(other[:OTHER]) for k, c in cuts.items()},
                "unknown": {k: segmentation.unknown_share(c) for k, c in cuts.items()},
                "examples": {k: [visible(p) for p in segmentation.unknown(c, 6)] for k, c in cuts.items()},
            }
        )
    read = set(sample.encode())
    return {
        "texts": texts,
        "title": text.title,
        "vocabularies": {"characters": len(kinds[0].used), "words": len(text.counts), "kept": size},
        "words_per_character": text.counts.total() / len(sample),
        "bytes": 256 - len(read),
    }, arrays


def frequencies(source: str, size: int, own: str = "", path: str | None = None) -> Answer:
    """How often each token is used, and what a model that knows only that can reach.

    plain["kinds"]: name, vocabulary, never (tokens never used), slope or None, entropy in nats a token,
    per_character (tokens). Arrays: `rank name` and `share name`.
    """
    text = text_of(source, own, path)
    characters = sum(map(len, text.sample))
    everything = WordSegments(text.counts, len(text.counts) + 1)
    everything.used = everything.used[:-1]  # all words are known
    arrays: dict[str, np.ndarray] = {}
    kinds: list[dict[str, Any]] = []
    first, _, merged = tokenizers_of(source, size, own, path)
    for kind in (first, everything, merged):
        ranks, shares = segmentation.zipf(kind.used)
        arrays |= {f"rank {kind.name}": ranks.astype(np.float64), f"share {kind.name}": shares}
        kinds.append(
            {
                "name": kind.name,
                "vocabulary": len(kind.used),
                "never": int((kind.used == 0).sum()),
                "slope": segmentation.slope(ranks, shares),
                "entropy": segmentation.entropy(kind.used),
                "per_character": float(kind.used.sum() / characters),
            }
        )
    return {"kinds": kinds, "title": text.title, "characters": characters}, arrays
