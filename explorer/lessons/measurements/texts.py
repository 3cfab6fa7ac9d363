"""What a model answers: words near each other, texts, answers, classes, and how good they are."""

from __future__ import annotations

import numpy as np

from explorer.answers.records.decoding import Beams, Exposure
from explorer.answers.records.reach import Reach
from explorer.answers.records.reading.chat import Habits
from explorer.answers.records.reading.digits import Readings
from explorer.answers.records.reading.gaps import GapScore
from explorer.answers.records.reading.telling import Confusion
from explorer.answers.records.translating.answer import AlignmentHistory
from explorer.answers.records.translating.scores import Scores
from explorer.answers.records.words import Association, Nearest
from explorer.answers.records.writing import ParseHistory, Text
from explorer.lessons.measurements.registry import ANY, CHANGE, POSITIVE, SHARE, Trial, measurement


@measurement("share of kin among the nearest words", "", SHARE)
def kin(trial: Trial, at: int, pairs: str, among: int) -> float:
    """Of pairs such as `king prince, night day`, those whose second word is among the nearest of the first."""
    word_pairs = [pair.split() for pair in pairs.split(",")]
    near = [{row.word for row in trial.ask(Nearest, at, word=one, count=among).rows} for one, _ in word_pairs]
    return sum(other in words for (_, other), words in zip(word_pairs, near, strict=True)) / len(word_pairs)


@measurement("loss on sequences longer than those trained on, above that on the trained length", "nats")
def loss_beyond(trial: Trial, at: int, times: int) -> float:
    """times: the trained length."""
    by_length = {stretch.times: stretch for stretch in trial.ask(Reach, at).stretches}
    if by_length[times].refused:
        raise ValueError(by_length[times].refused)
    return by_length[times].loss - by_length[1].loss


@measurement("characters that a token stands for, on average", "", POSITIVE)
def characters_a_token(trial: Trial, at: int) -> float:
    """Of the probe."""
    task = trial.run.task
    symbols = task.vocabulary.symbols
    tokens = task.probe(64).tokens.flatten().tolist()
    return sum(len(symbols[token]) for token in tokens) / len(tokens)


@measurement("share of written pieces of eight tokens that were written before", "", SHARE)
def repeats(trial: Trial, at: int, temperature: float, length: int = 400, seed: int = 0) -> float:
    """In one text: of all runs of eight tokens in a row, those that stand in it earlier too."""
    numbers = trial.ask(Text, at, length=length, temperature=temperature, seed=seed).numbers.tolist()
    pieces = [tuple(numbers[i : i + 8]) for i in range(len(numbers) - 7)]
    return 1 - len(set(pieces)) / len(pieces)


@measurement("share right of the last tokens of an answer", "", SHARE)
def right_at_end(trial: Trial, at: int, prefix: str) -> float:
    """Of its last quarter. prefix: true, own, or wrong: the model's own after one wrong token at the first place."""
    exposure = trial.ask(Exposure, at, examples=64)
    share = {"true": exposure.true, "own": exposure.own, "wrong": exposure.wrong}[prefix]
    counted = exposure.counted > 0
    return float(share[counted][-max(1, counted.sum() // 4) :].mean())


@measurement("surprise at a hidden token", "nats", POSITIVE)
def gap_surprise(trial: Trial, at: int) -> float:
    """The mean over gaps in held-out text that are the same for every model."""
    return trial.ask(GapScore, at).nats


@measurement("share of runs of four words in replies that stand word for word in what was read", "", SHARE)
def copied(trial: Trial, at: int, replies: str) -> float:
    """Of replies to held-out speeches. replies: own, or right: those of the plays, which nobody copied."""
    habits = trial.ask(Habits, at)
    return {"own": habits.copied, "right": habits.true}[replies]


@measurement("share of held-out texts classified right, above the majority", "", CHANGE)
def above_majority(trial: Trial, at: int) -> float:
    """The majority: always saying the most frequent class."""
    confusion = trial.ask(Confusion, at)
    return confusion.right - confusion.majority


@measurement("share of held-out pictures read right", "", SHARE)
def pictures_right(trial: Trial, at: int) -> float:
    """Every letter of the word."""
    return trial.ask(Readings, at).right


@measurement("alignment error of the best head", "", SHARE)
def alignment_error(trial: Trial, at: int) -> float:
    """The least over heads, on held-out examples."""
    return float(np.nanmin(trial.ask(AlignmentHistory, at).rates[-1]))


@measurement("log probability that a beam gains over greedy writing", "nats", ANY)
def beam_gain(trial: Trial, at: int, texts: str, width: int) -> float:
    """Of whole answers, the mean over inputs. texts: these, with a semicolon between them."""
    gains = []
    for text in texts.split(";"):
        beams = trial.ask(Beams, at, text=text.strip(), width=width, budget=1)
        if beams.beam is None:
            raise ValueError(f"the beam finished no answer to {text.strip()}; use a wider one")
        gains.append(beams.beam.log_p - beams.greedy.log_p)
    return float(np.mean(gains))


@measurement("score of the answers, above copying the input", "", ANY)
def above_copying(trial: Trial, at: int, score: str) -> float:
    """score: of METRICS in measure/text/scores.py, on held-out examples, out of 1 or 100 as it is written."""
    scores = trial.ask(Scores, at).scores
    if score not in scores:
        raise ValueError(f"there is no score {score}; scores are {', '.join(scores)}")
    if (value := scores[score].value) is None or (copy := scores[score].copy) is None:
        raise ValueError(f"{score} is undefined here: {scores[score].undefined}")
    return value - copy


@measurement("score of the answers", "", ANY)
def answers_score(trial: Trial, at: int, score: str) -> float:
    """score: of METRICS in measure/text/scores.py, on held-out examples."""
    value = trial.ask(Scores, at).scores[score].value
    return float("nan") if value is None else value


@measurement("share of written texts that are Python by its grammar", "", SHARE)
def parses(trial: Trial, at: int) -> float:
    """Their whole lines, drawn from the model's own probabilities."""
    return float(trial.ask(ParseHistory, at).share[-1])


@measurement("effect size of the association of word lists", "", (-2.0, 2.0))
def association(trial: Trial, at: int, first: str, second: str, one: str, other: str) -> float:
    """WEAT's d: how much nearer `first` lies to `one` than `second` does, against `other`; each is a list of words."""
    return trial.ask(Association, at, first=first, second=second, one=one, other=other).effect


@measurement("exact p of the association of word lists", "", SHARE)
def association_p(trial: Trial, at: int, first: str, second: str, one: str, other: str) -> float:
    """The share of all equal splits of `first` and `second` together with as large a difference."""
    return trial.ask(Association, at, first=first, second=second, one=one, other=other).p
