"""Tasks for word vectors: pairs of words that stand near each other in a text, and noise.

B batch, w window, k noise words, J = 1 + k, M words of the thinned text, V vocabulary, P pairs of words.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from explorer.measure.names import plural
from explorer.tasks import corpus, lexicon
from explorer.tasks import fields as f
from explorer.tasks.base import IGNORE, Batch, SplitTask, Task, Vocabulary
from explorer.tasks.objective import NegativeSampling, Objective, WeightedSquares
from models.config import WordVectorConfig

BEGIN_WITH = ("king", "man", "woman", "father", "love", "night", "thou", "sword")
BLOCK = 1000  # words
NOISE_POWER = 0.75  # of a word's frequency (Mikolov et al. 2013b, §2.2)


class WordTask(Task):
    """What all three ways share: the words and their counts."""

    length = 1
    metric = "share of true words scored above all their noise"

    def __init__(self, fields: f.Words, model: WordVectorConfig):
        self.source = corpus.shakespeare() if fields.text is None else corpus.from_visitor(fields.text)
        self.window, self.negatives, self.corpus = fields.window, fields.negatives, self.source.title
        self.lexicon = lexicon.lexicon(self.source, fields.vocabulary)
        self.fingerprint = self.lexicon.fingerprint
        if len(self.lexicon.words) < 8:
            raise ValueError(
                f"the text has {len(self.lexicon.words)} different word{plural(len(self.lexicon.words))} only; "
                "use one of at least 8"
            )
        self.vocabulary = Vocabulary(self.lexicon.words)

    @property
    def examples(self) -> list[str]:
        """Words to begin with: some that occur in most English texts, then the most frequent long ones."""
        words = self.vocabulary.symbols
        long = [word for word in words if len(word) > 3][:8]
        return list(dict.fromkeys([word for word in BEGIN_WITH if word in words] + long + list(words)))[:8]

    def encode(self, text: str) -> Batch:
        raise ValueError("a model of word vectors reads single words; look at them on the Words page")

    def readable(self, tokens: Tensor | list[int]) -> str:
        return " ".join(self.vocabulary.show(tokens))


class SampledTask(SplitTask, WordTask):
    """A place in the thinned text, the words at it and near it, and k words drawn as noise.

    Every tenth block of BLOCK words of the thinned text is held out, so that both parts know the same words; each part
    is read as one text. A noise word equal to the true word is not scored.
    """

    objective: Objective = NegativeSampling()

    def __init__(self, fields: f.Words, model: WordVectorConfig):
        super().__init__(fields, model)
        text = torch.from_numpy(lexicon.thinned(self.lexicon, fields.subsample))  # (M,)
        least = 2 * self.window + 2
        if len(text) // 10 < least:
            raise ValueError(
                f"the text has {self.lexicon.read} word{plural(self.lexicon.read)}, of which "
                f"task.subsample={fields.subsample:g} leaves "
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
        powered = self.lexicon.counts.astype(np.float64) ** NOISE_POWER
        self.noise = powered / powered.sum()  # (V,)
        self._cumulated = torch.from_numpy(np.cumsum(self.noise))
        self.chance = 1 / (1 + self.negatives)

    @property
    def guessing(self) -> tuple[float, str]:
        p = self.chance
        loss = -p * math.log(p) - (1 - p) * math.log(1 - p)
        return loss, f"always {p:.0%}: {loss:.3f}"

    def draw(self, split: str, size: int, generator: torch.Generator) -> Batch:
        return self.at(*self.places(split, size, generator))

    def places(self, split: str, size: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Drawn places in the thinned text (B,), distances (B,) and noise (B, k)."""
        low, high = self.splits[split]
        places = torch.randint(low + self.window, high - self.window, (size,), generator=generator)
        distances = self.offsets[torch.randint(len(self.offsets), (size,), generator=generator)]
        chances = torch.rand(size, self.negatives, generator=generator, dtype=torch.float64)
        noise = torch.searchsorted(self._cumulated, chances * self._cumulated[-1])
        return places, distances, noise

    def at(self, places: Tensor, distances: Tensor, noise: Tensor) -> Batch:
        """The batch at these places."""
        raise NotImplementedError

    def given(self, words: list[int]) -> np.ndarray:
        """The chance (n, V) of each true word given that each of `words` is read, by counting all places.

        NaN for words that are never read.
        """
        low, high = self.splits["trained"]
        text, w = self.data[low:high].numpy(), self.window
        middle = text[w : len(text) - w]
        row = np.full(len(self.vocabulary), -1)
        row[words] = np.arange(len(words))
        there = row[middle] >= 0
        rows = row[middle][there] * len(self.vocabulary)
        counts = np.zeros((len(words), len(self.vocabulary)))
        for distance in self.offsets.unique().tolist():
            beside = text[w + distance : len(text) - w + distance][there]
            met = np.bincount(rows + beside, minlength=counts.size).reshape(counts.shape)
            counts += (w + 1 - abs(distance)) * met
        total = counts.sum(1, keepdims=True)
        return np.divide(counts, total, out=np.full_like(counts, np.nan), where=total > 0)

    def scored(self, true: Tensor, noise: Tensor, read: Tensor) -> Batch:
        """True words (B,) with noise (B, k), for what is read (B, I)."""
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
    """All words near a place, and the word at it."""

    def at(self, places: Tensor, distances: Tensor, noise: Tensor) -> Batch:
        around = torch.cat([torch.arange(-self.window, 0), torch.arange(1, self.window + 1)])
        return self.scored(self.data[places].long(), noise, self.data[places[:, None] + around].long())


class Glove(WordTask):
    """A pair of words that stand near each other somewhere, and how often: all such pairs are equally likely."""

    metric = "share of counts told within a factor of two"

    def __init__(self, fields: f.Words, model: WordVectorConfig):
        super().__init__(fields, model)
        pairs = lexicon.pairs(self.source, len(self.lexicon.words), self.window)
        self.first, self.second, self.x = (torch.from_numpy(a) for a in (pairs.first, pairs.second, pairs.x))
        if len(self.x) < 2:
            raise ValueError("the text has no two known words near each other; use a longer text")
        self.objective: Objective = WeightedSquares(model.x_max, model.alpha)
        logs = np.sort(np.log(pairs.x.astype(np.float64)))
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
        """The batch of these pairs: both words, with their count as the target."""
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


def words(fields: f.Words, model: WordVectorConfig) -> WordTask:
    """The task for one kind of model."""
    return KINDS[model.kind](fields, model)
