"""Tasks for word vectors: pairs of words that stand near each other in a text, and noise.

B batch, w window, k noise words, J = 1 + k, M words of the thinned text, V vocabulary, P pairs of words.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from explorer.objective import NegativeSampling, Objective, WeightedSquares
from explorer.tasks import corpus, lexicon
from explorer.tasks import fields as f
from explorer.tasks.base import IGNORE, Batch, Task, Vocabulary
from models.config import ModelConfig, WordVectorConfig

BEGIN_WITH = ("king", "man", "woman", "father", "love", "night", "thou", "sword")
BLOCK = 1000  # words
NOISE_POWER = 0.75  # of a word's frequency (Mikolov et al. 2013b, §2.2)


class WordTask(Task):
    """What all three ways share: the words, and how often each is there."""

    length = 1
    metric = "share of true words scored above all their noise"

    def __init__(self, fields: f.Words, model: WordVectorConfig):
        self.source = corpus.shakespeare() if fields.text is None else corpus.own(fields.text)
        self.window, self.negatives, self.corpus = fields.window, fields.negatives, self.source.title
        self.known = lexicon.lexicon(self.source, fields.vocabulary)
        self.fingerprint = self.known.fingerprint
        if len(self.known.words) < 8:
            raise ValueError(f"the text has {len(self.known.words)} different words only; use one of at least 8")
        self.vocabulary = Vocabulary(self.known.words)

    @property
    def examples(self) -> list[str]:
        """Words to begin with: some that most English texts have, then the most frequent long ones."""
        known = self.vocabulary.symbols
        long = [word for word in known if len(word) > 3][:8]
        return list(dict.fromkeys([word for word in BEGIN_WITH if word in known] + long + list(known)))[:8]

    def encode(self, text: str) -> Batch:
        raise ValueError("a model of word vectors reads single words; look at them on the Words page")

    def readable(self, tokens: Tensor | list[int]) -> str:
        return " ".join(self.vocabulary.show(tokens))


class SampledTask(WordTask):
    """A place in the thinned text, what stands there and near it, and k words drawn as noise.

    Of the thinned text every tenth block of BLOCK words is held out, so that both parts know the same words; each part
    is read as one text. A noise word that is the true word is not asked for.
    """

    objective: Objective = NegativeSampling()

    def __init__(self, fields: f.Words, model: WordVectorConfig):
        super().__init__(fields, model)
        text = torch.from_numpy(lexicon.thinned(self.known, fields.subsample))  # (M,)
        least = 2 * self.window + 2
        if len(text) // 10 < least:
            raise ValueError(
                f"the text has {self.known.read} words, of which task.subsample={fields.subsample:g} leaves "
                f"{len(text)}, too few to hold a tenth out; use a text of at least {10 * least} words, a smaller "
                "task.window or task.subsample=1"
            )
        held = torch.arange(len(text)) // min(BLOCK, len(text) // 10) % 10 == 9
        self.data = torch.cat([text[~held], text[held]])
        cut = len(text) - int(held.sum())
        self.splits = {"trained": (0, cut), "held out": (cut, len(text))}
        w = self.window  # a word at distance d is drawn w + 1 − d times as often as one at distance w
        near = [side * d for d in range(1, w + 1) for side in (-1, 1) for _ in range(w + 1 - d)]
        self.offsets = torch.tensor(near)
        powered = self.known.counts.astype(np.float64) ** NOISE_POWER
        self.noise = powered / powered.sum()  # (V,)
        self._cumulated = torch.from_numpy(np.cumsum(self.noise))
        self.chance = 1 / (1 + self.negatives)

    @property
    def guessing(self) -> tuple[float, str]:
        p = self.chance
        loss = -p * math.log(p) - (1 - p) * math.log(1 - p)
        return loss, f"always {p:.0%}: {loss:.3f}"

    def batch(self, size: int, generator: torch.Generator) -> Batch:
        return self.at(*self.places("trained", size, generator))

    def held_out(self, size: int, generator: torch.Generator) -> Batch:
        return self.at(*self.places("held out", size, generator))

    def places(self, split: str, size: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Drawn places in the thinned text (B,), distances (B,) and noise (B, k)."""
        low, high = self.splits[split]
        places = torch.randint(low + self.window, high - self.window, (size,), generator=generator)
        distances = self.offsets[torch.randint(len(self.offsets), (size,), generator=generator)]
        drawn = torch.rand(size, self.negatives, generator=generator, dtype=torch.float64)
        noise = torch.searchsorted(self._cumulated, drawn * self._cumulated[-1])
        return places, distances, noise

    def at(self, places: Tensor, distances: Tensor, noise: Tensor) -> Batch:
        """The batch that these places make."""
        raise NotImplementedError

    def given(self, words: list[int]) -> np.ndarray:
        """The chance (n, V) that the true word is this one where each of `words` is read, by counting all places.

        NaN of words that are not read anywhere.
        """
        low, high = self.splits["trained"]
        text, w = self.data[low:high].numpy(), self.window
        middle = text[w : len(text) - w]
        row = np.full(len(self.vocabulary), -1)
        row[words] = np.arange(len(words))
        there = row[middle] >= 0
        rows = row[middle][there] * len(self.vocabulary)
        found = np.zeros((len(words), len(self.vocabulary)))
        for distance in self.offsets.unique().tolist():
            beside = text[w + distance : len(text) - w + distance][there]
            met = np.bincount(rows + beside, minlength=found.size).reshape(found.shape)
            found += (w + 1 - abs(distance)) * met
        total = found.sum(1, keepdims=True)
        return np.divide(found, total, out=np.full_like(found, np.nan), where=total > 0)

    def scored(self, true: Tensor, noise: Tensor, read: Tensor) -> Batch:
        """True words (B,) beside noise (B, k), for what is read (B, I)."""
        source = torch.cat([true[:, None], noise], 1)
        targets = torch.zeros_like(source)
        targets[:, 0] = 1
        targets[:, 1:].masked_fill_(noise == true[:, None], IGNORE)
        return Batch(read, targets, source)

    def sample(self, batch: Batch, row: int = 0) -> str:
        assert batch.source is not None
        true, *noise = self.vocabulary.show(batch.source[row])
        return f"{self.readable(batch.tokens[row])} → {true}, not {', '.join(noise)}"


class SkipGram(SampledTask):
    """A word of the text, and one near it: the nearer, the more often (Mikolov's window of random size)."""

    def at(self, places: Tensor, distances: Tensor, noise: Tensor) -> Batch:
        read, true = self.data[places].long(), self.data[places + distances].long()
        return self.scored(true, noise, read[:, None])


class Cbow(SampledTask):
    """All words near a place, and the one that stands there."""

    def at(self, places: Tensor, distances: Tensor, noise: Tensor) -> Batch:
        around = torch.cat([torch.arange(-self.window, 0), torch.arange(1, self.window + 1)])
        return self.scored(self.data[places].long(), noise, self.data[places[:, None] + around].long())


class Glove(WordTask):
    """A pair of words that stand near each other somewhere, and how often: all such pairs are drawn alike."""

    metric = "share of counts told within a factor of two"

    def __init__(self, fields: f.Words, model: WordVectorConfig):
        super().__init__(fields, model)
        found = lexicon.pairs(self.source, len(self.known.words), self.window)
        self.first, self.second, self.x = (torch.from_numpy(a) for a in (found.first, found.second, found.x))
        if len(self.x) < 2:
            raise ValueError("the text has no two known words near each other; use a longer text")
        self.objective: Objective = WeightedSquares(model.x_max, model.alpha)
        logs = np.sort(np.log(found.x.astype(np.float64)))
        inside = np.searchsorted(logs, logs + 2 * math.log(2), "left") - np.arange(len(logs))
        self.chance = float(inside.max() / len(logs))

    @property
    def guessing(self) -> tuple[float, str]:
        x = self.x.double()
        assert isinstance(self.objective, WeightedSquares)
        weight, logs = self.objective.weight(x), x.log()
        mean = (weight * logs).sum() / weight.sum()
        loss = float((weight * (logs - mean) ** 2).mean())
        return loss, f"always {mean.exp():.2g}: {loss:.3f}"

    def batch(self, size: int, generator: torch.Generator) -> Batch:
        return self.at(self.places(size, generator))

    def places(self, size: int, generator: torch.Generator) -> Tensor:
        """Drawn pairs by number, (B,)."""
        return torch.randint(len(self.x), (size,), generator=generator)

    def at(self, places: Tensor) -> Batch:
        """The batch that these pairs make: both words, and how often they are near as the target."""
        first, second = self.first[places].long(), self.second[places].long()
        return Batch(first[:, None], self.x[places][:, None], second[:, None])

    def sample(self, batch: Batch, row: int = 0) -> str:
        assert batch.source is not None
        pair = f"{self.readable(batch.tokens[row])}, {self.readable(batch.source[row])}"
        return f"{pair} → {batch.targets[row].item():.1f}"


KINDS: dict[str, Callable[[f.Words, WordVectorConfig], WordTask]] = {
    "skip-gram": SkipGram,
    "cbow": Cbow,
    "glove": Glove,
}


def words(fields: f.Words, model: ModelConfig | WordVectorConfig) -> WordTask:
    """The task for one kind of model. ValueError where it is none of word vectors."""
    if not isinstance(model, WordVectorConfig):
        raise ValueError(
            f"model.kind={model.kind} reads sequences, and task.name=words learns single words; "
            f"use model.kind={' or '.join(KINDS)}"
        )
    return KINDS[model.kind](fields, model)
