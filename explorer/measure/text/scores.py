"""Scores of answers: exact match, chrF2, BLEU and perplexity, each with an interval and a paired test.

    answers, references -> statistics (N, k), a row an answer -> their sum (k,) -> the score of all together

N answers, k numbers that are counted of each. Every score here is one of a sum, so a resample costs one more sum.
BLEU and chrF2 count as sacrebleu does and equal its scores; its signature says which version and which settings.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from explorer.measure.chance import exact_interval

Array = np.ndarray
Interval = tuple[float | None, float | None]  # both or neither
RESAMPLES, SEED = 1000, 12345  # sacrebleu's own
ORDER = {"bleu": 4, "chrf": 6}  # longest n-grams, of words and of characters
BETA = 2  # chrF2 weighs recall twice as much as precision
WORDS = "13a"  # sacrebleu's usual tokenizer


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A score. of: the sum (k,) of what was counted -> the score.   up: whether more is better.

    count: answers, references and sacrebleu's tokenizer -> (N, k); None of what a model's probabilities give.
    scale: of the best answer; None if there is none.   exactly: the sum -> its 95 % interval; None: by resamples.
    """

    title: str
    meaning: str
    source: str
    of: Callable[[Array], float]
    count: Callable[[Sequence[str], Sequence[str], str], Array] | None = None
    up: bool = True
    scale: float | None = None
    exactly: Callable[[Array], tuple[float, float]] | None = None


def count_exact(answers: Sequence[str], references: Sequence[str], tokenizer: str) -> Array:
    """(N, 2): whether each answer is its reference, and 1."""
    pairs = zip(answers, references, strict=True)
    return np.array([[float(answer == reference), 1.0] for answer, reference in pairs])


def count_bleu(answers: Sequence[str], references: Sequence[str], tokenizer: str) -> Array:
    """(N, 10): words of the answer, of the reference, the n-grams that match, and those of the answer, n = 1 to 4."""
    metric = bleu_metric(tokenizer)
    rows = []
    for answer, reference in zip(answers, references, strict=True):
        one = metric.corpus_score([answer], [[reference]])
        rows.append([one.sys_len, one.ref_len, *one.counts, *one.totals])
    return np.array(rows, dtype=np.float64)


def count_chrf(answers: Sequence[str], references: Sequence[str], tokenizer: str) -> Array:
    """(N, 18): for n = 1 to 6 the character n-grams of the answer, of the reference, and those that match.

    White space is left out. Those of the answer count as 0 where the reference has none, as in sacrebleu.
    """
    from sacrebleu.metrics.helpers import extract_all_char_ngrams

    def grams(text: str) -> list:
        return extract_all_char_ngrams(text, ORDER["chrf"], include_whitespace=False)

    rows = [
        [
            number
            for mine, right in zip(grams(answer), grams(reference), strict=True)
            for number in (mine.total() if right else 0, right.total(), (mine & right).total())
        ]
        for answer, reference in zip(answers, references, strict=True)
    ]
    return np.array(rows, dtype=np.float64)


def share(total: Array) -> float:
    """Of (right, all)."""
    return float(total[0] / total[1])


def bleu(total: Array) -> float:
    """BLEU of sums (10,) (Papineni et al. 2002), 0 to 100; an order without a match is smoothed by halves (mteval)."""
    answer, reference, matches, grams = total[0], total[1], total[2:6], total[6:10]
    if not matches.any() or not grams.all():
        return 0.0
    halves = np.cumsum(matches == 0)
    precision = np.where(matches > 0, matches, 0.5**halves) / grams
    brevity = min(0.0, 1 - reference / answer)
    return float(100 * math.exp(brevity + np.log(precision).mean()))


def chrf(total: Array) -> float:
    """chrF2 of sums (18,) (Popović 2015), 0 to 100; orders that one of the two sides has none of are left out."""
    answer, reference, matches = total.reshape(-1, 3).T
    there = (answer > 0) & (reference > 0)
    if not matches[there].any():
        return 0.0
    precision, recall = (matches[there] / answer[there]).mean(), (matches[there] / reference[there]).mean()
    return float(100 * (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall))


def perplexity(total: Array) -> float:
    """exp of the mean, of (nats, how many)."""
    return math.exp(min(total[0] / total[1], 700.0)) if math.isfinite(total[0]) else math.nan


METRICS: dict[str, Metric] = {
    "exact": Metric(
        title="Exact match",
        meaning="the share of answers that are the right one, letter for letter",
        source="",
        of=share,
        count=count_exact,
        scale=1.0,
        exactly=lambda total: exact_interval(*total),
    ),
    "chrf": Metric(
        title="chrF2",
        meaning="how many sequences of one to six characters an answer shares with the right one, 0 to 100",
        source="Popović 2015",
        of=chrf,
        count=count_chrf,
        scale=100.0,
    ),
    "bleu": Metric(
        title="BLEU",
        meaning="how many sequences of one to four words all answers share with the right ones, 0 to 100",
        source="Papineni et al. 2002",
        of=bleu,
        count=count_bleu,
        scale=100.0,
    ),
    "token": Metric(
        title="Perplexity per token",
        meaning="as unsure as of so many equally likely tokens, after the right ones; its own end is one of them",
        source="",
        of=perplexity,
        up=False,
    ),
    "character": Metric(
        title="Perplexity per character",
        meaning="the same likelihood shared among the characters of the right answers",
        source="",
        of=perplexity,
        up=False,
    ),
    "byte": Metric(
        title="Perplexity per byte",
        meaning="the same likelihood shared among the bytes of the right answers in UTF-8",
        source="",
        of=perplexity,
        up=False,
    ),
}
OF_TEXT = tuple(name for name, metric in METRICS.items() if metric.count)  # those of answers beside right ones
OF_LIKELIHOOD = tuple(name for name, metric in METRICS.items() if not metric.count)


def bleu_metric(tokenizer: str):  # type: ignore[no-untyped-def]  # sacrebleu has no types of its own
    """sacrebleu's BLEU. It is imported here alone: pages do without."""
    from sacrebleu.metrics import BLEU

    return BLEU(tokenize=tokenizer, force=True)


def signature(name: str, tokenizer: str = WORDS) -> str:
    """sacrebleu's signature of `bleu` and `chrf` with an interval: all that is needed to compute them again."""
    from sacrebleu.metrics import CHRF

    metric = bleu_metric(tokenizer) if name == "bleu" else CHRF()
    metric.corpus_score(["a"], [["a"]], n_bootstrap=2)
    metric.n_bootstrap = RESAMPLES
    return str(metric.get_signature())


def undefined(name: str, references: Sequence[str], tokenizer: str = WORDS) -> str:
    """Why a score says nothing of answers such as these; "" if it is defined.

    Where no right answer has four words, BLEU is 0 even of the right answers themselves.
    """
    if name == "bleu" and not count_bleu(references, references, tokenizer)[:, 9].any():
        return "BLEU is not defined for outputs this short"
    return ""


@dataclass(frozen=True)
class Paired:
    """Two systems on the same examples. difference: of the second to the first, with its 95 % interval.

    low, high: None where the difference is the same in every resample.   p: how often resamples differ from their mean
    by more than the two systems do; None where the two differ in no resample.
    """

    difference: float
    low: float | None
    high: float | None
    p: float | None


@dataclass(frozen=True)
class Resamples:
    """Which examples each resample draws, with replacement: counts (R, N) for N examples."""

    examples: int
    seed: int = SEED
    counts: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        chosen = np.random.default_rng(self.seed).choice(self.examples, size=(RESAMPLES, self.examples), replace=True)
        counts = np.stack([np.bincount(row, minlength=self.examples) for row in chosen])
        object.__setattr__(self, "counts", counts.astype(np.float64))

    def scores(self, metric: Metric, statistics: Array) -> Array:
        """The score of each resample, (R,), from statistics (N, k)."""
        return np.array([metric.of(total) for total in self.counts @ statistics])

    def interval(self, metric: Metric, statistics: Array) -> Interval:
        """A score's 95 % interval: exact, or by resamples (Efron & Tibshirani 1993, ch. 13; Koehn 2004)."""
        return metric.exactly(statistics.sum(0)) if metric.exactly else middle(self.scores(metric, statistics))

    def paired(self, metric: Metric, first: Array, second: Array) -> Paired:
        """The same examples drawn for both, statistics (N, k) each: Koehn's paired bootstrap (2004), by sacrebleu."""
        one, other = self.scores(metric, first), self.scores(metric, second)
        difference = metric.of(second.sum(0)) - metric.of(first.sum(0))
        apart = np.abs(other - one)
        p = float((1 + (apart - apart.mean() > abs(difference)).sum()) / (1 + len(apart))) if apart.any() else None
        return Paired(difference, *middle(other - one), p)


def middle(values: Array) -> Interval:
    """The ends of the middle 95 %, with sacrebleu's places; None where all are equal.

    Examples that are all answered alike, as where all are right, give equal resamples: these say nothing of the next.
    """
    ordered = np.sort(values)
    if np.isclose(ordered[0], ordered[-1], rtol=1e-12, atol=0):
        return None, None
    outside = len(ordered) // 40
    return float(ordered[outside]), float(ordered[-1 - outside])
