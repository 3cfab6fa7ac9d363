"""Scores of answers: sacrebleu's own to the last digit, by plain loops, and silent where they say nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sacrebleu.metrics import BLEU, CHRF
from sacrebleu.significance import PairedTest
from scipy.stats import binomtest

from explorer.measure.text import scores
from explorer.measure.text.scores import METRICS, OF_TEXT, RESAMPLES, Resamples

REFERENCE = {"bleu": BLEU(force=True), "chrf": CHRF()}
LINE = st.text("ab 1é年", max_size=9)
LINES = st.lists(LINE, min_size=1, max_size=6)
MONTHS = ("janvier", "mars", "août", "décembre")


def dates(seed: int, wrong: float, system: int = 0) -> tuple[list[str], list[str]]:
    """Answers of a system and right answers, some with a wrong year or a word too many."""
    rng = np.random.default_rng(seed)
    right = [f"{rng.integers(1, 31)} {rng.choice(MONTHS)} {rng.integers(1900, 2060)}" for _ in range(60)]
    right = [f"mardi {text}" if rng.random() < 0.5 else text for text in right]
    said = np.random.default_rng(seed + 100 + system)
    return [text[:-2] + "77 la" if said.random() < wrong else text for text in right], right


def counted(name: str, answers: list[str], right: list[str], tokenizer: str = scores.WORDS) -> np.ndarray:
    count = METRICS[name].count
    assert count is not None
    return count(answers, right, tokenizer)


@pytest.mark.parametrize("name", REFERENCE)
@given(
    pairs=st.lists(st.tuples(st.text("ab 1é年", max_size=9), st.text("ab 1é年", max_size=9)), min_size=1, max_size=6)
)
@example(pairs=[("a b c d e", "e d c b a")])  # of three orders not one matches
@settings(max_examples=60, deadline=None)
def test_a_score_is_sacrebleus_own_whatever_is_answered(name: str, pairs: list[tuple[str, str]]):
    answers, right = ([pair[side] for pair in pairs] for side in (0, 1))
    total = counted(name, answers, right).sum(0)
    assert METRICS[name].of(total) == pytest.approx(REFERENCE[name].corpus_score(answers, [right]).score, abs=1e-9)


@pytest.mark.parametrize("tokenizer", ["13a", "zh", "char"])
def test_bleu_counts_words_as_its_tokenizer_cuts_them(tokenizer: str):
    answers, right = ["1997年3月5日星期三", "2001年"], ["1997年3月4日星期二", "2001年1月"]
    expected = BLEU(tokenize=tokenizer).corpus_score(answers, [right]).score
    assert scores.bleu(counted("bleu", answers, right, tokenizer).sum(0)) == pytest.approx(expected, abs=1e-9)


def test_frozen_values():
    """BLEU as diagnostics.md of the design has it; both and the signatures by sacrebleu 2.6.0."""
    answers, right = ["the cat sat on the mat"], ["the cat is on the mat"]
    assert round(scores.bleu(counted("bleu", answers, right).sum(0)), 2) == 37.99
    assert scores.chrf(counted("chrf", answers, right).sum(0)) == pytest.approx(64.5779420625287)
    assert scores.signature("bleu") == "nrefs:1|bs:1000|seed:12345|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0"
    assert scores.signature("chrf") == "nrefs:1|bs:1000|seed:12345|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0"


@pytest.mark.parametrize("name", REFERENCE)
def test_the_interval_is_as_wide_as_sacrebleus(name: str):
    answers, right = dates(0, 0.5)
    statistics = counted(name, answers, right)
    low, high = Resamples(len(right)).interval(METRICS[name], statistics)
    expected = REFERENCE[name].corpus_score(answers, [right], n_bootstrap=RESAMPLES)
    assert (high - low) / 2 == pytest.approx(expected._ci, abs=1e-4)  # sacrebleu's sums are float32
    assert Resamples(len(right)).scores(METRICS[name], statistics).mean() == pytest.approx(expected._mean, abs=1e-4)
    assert low < METRICS[name].of(statistics.sum(0)) < high


@pytest.mark.parametrize("name", REFERENCE)
@pytest.mark.parametrize(("wrong", "system"), [(0.2, 0), (0.45, 0), (0.9, 0), (0.5, 3)])
def test_the_paired_test_has_sacrebleus_p(name: str, wrong: float, system: int):
    first, right = dates(1, 0.5)
    second, _ = dates(1, wrong, system)
    ours = Resamples(len(right)).paired(METRICS[name], counted(name, first, right), counted(name, second, right))
    test = PairedTest(
        [("one", first), ("two", second)], {name: REFERENCE[name]}, [right], test_type="bs", n_samples=RESAMPLES
    )
    _, result = test()
    theirs = next(values for key, values in result.items() if key != "System")
    assert ours.p == pytest.approx(theirs[1].p_value, abs=2 / RESAMPLES)
    assert ours.p >= 1 / (1 + RESAMPLES), "the two themselves are one of the resamples"
    assert ours.difference == pytest.approx(theirs[1].score - theirs[0].score, abs=1e-9)
    assert ours.low <= ours.difference <= ours.high


def test_the_same_answers_differ_in_no_resample():
    answers, right = dates(2, 0.5)
    statistics = counted("exact", answers, right)
    pair = Resamples(len(right)).paired(METRICS["exact"], statistics, statistics)
    assert (pair.difference, pair.low, pair.high, pair.p) == (0, None, None, None)


def test_exact_match_and_its_interval_by_a_plain_loop():
    answers, right = dates(3, 0.3)
    assert scores.share(counted("exact", answers, right).sum(0)) == sum(map(str.__eq__, answers, right)) / len(right)
    assert counted("exact", ["4  mai", "4 mai"], ["4 mai", "4 mai"])[:, 0].tolist() == [0, 1], "letter for letter"
    both = binomtest(sum(map(str.__eq__, answers, right)), len(right)).proportion_ci(0.95, "exact")
    interval = Resamples(len(right)).interval(METRICS["exact"], counted("exact", answers, right))
    assert interval == pytest.approx((both.low, both.high))


@pytest.mark.parametrize(("answers", "ends"), [(["a b c d"] * 200, (0.025 ** (1 / 200), 1)), ([""] * 200, (0, 0.0183))])
def test_where_all_are_right_or_none_is_no_interval_is_of_no_width(answers: list[str], ends: tuple[float, float]):
    right, resamples = ["a b c d"] * 200, Resamples(200)
    low, high = resamples.interval(METRICS["exact"], counted("exact", answers, right))
    assert (low, high) == pytest.approx(ends, abs=1e-4)
    for name in ("chrf", "bleu"):
        statistics = counted(name, answers, right)
        assert resamples.interval(METRICS[name], statistics) == (None, None)
        pair = resamples.paired(METRICS[name], statistics, statistics)
        assert (pair.difference, pair.low, pair.high, pair.p) == (0, None, None, None)


def test_perplexity_is_that_of_the_sum_and_even_guessing_has_the_vocabulary():
    nats = np.array([[math.log(31) * 5, 5], [math.log(31) * 2, 2]])
    assert METRICS["token"].of(nats.sum(0)) == pytest.approx(31)
    assert math.isnan(METRICS["token"].of(np.array([math.inf, 2.0])))


@pytest.mark.parametrize("name", OF_TEXT)
@given(right=LINES.filter(lambda lines: any(line.strip() for line in lines)))
@settings(max_examples=40, deadline=None)
def test_right_answers_have_the_best_score_or_there_is_none(name: str, right: list[str]):
    best = METRICS[name].of(counted(name, right, right).sum(0))
    assert scores.undefined(name, right) or best == pytest.approx(METRICS[name].scale)


def test_bleu_of_answers_below_four_words_is_not_defined_and_not_0():
    assert scores.undefined("bleu", ["4 mars 1997", "7"]) == "BLEU is not defined for outputs this short"
    assert not scores.undefined("bleu", ["4 mars 1997", "mardi 4 mars 1997"])
    assert not scores.undefined("bleu", ["1997年3月"], "char")
    assert not scores.undefined("chrf", ["7"])
