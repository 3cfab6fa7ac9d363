"""Measurements: what a lesson's claim is about, one number of a training at a step."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from explorer.answers.records.backward import Split
from explorer.answers.records.heads import HeadHistory
from explorer.answers.records.interventions import Ablations
from explorer.answers.records.numerics import Softmax
from explorer.answers.records.reach import Reach
from explorer.answers.records.record import R
from explorer.answers.records.task import About
from explorer.answers.records.weight import Proof
from explorer.answers.records.words import Nearest
from explorer.runs.run import Run

Arguments = dict[str, str | int | float]
WINDOW = 20  # steps that a training's loss is the mean of
ANY = (-math.inf, math.inf)
POSITIVE = (0.0, math.inf)
SHARE = (0.0, 1.0)


class Trial(Protocol):
    """A recorded training of which answers can be asked, and what differs of it."""

    @property
    def run(self) -> Run: ...

    def ask(self, kind: type[R], at: int, /, **arguments: object) -> R:
        """The answer of this kind at a step."""
        ...


@dataclass(frozen=True)
class Measurement:
    """limits: between which every value lies, these included.   function: trial, step, arguments -> value."""

    title: str
    unit: str
    limits: tuple[float, float]
    function: Callable[..., float]


MEASUREMENTS: dict[str, Measurement] = {}


def measurement(title: str, unit: str = "", limits: tuple[float, float] = ANY) -> Callable:
    """Registers a function under its name."""

    def register(function: Callable[..., float]) -> Callable[..., float]:
        MEASUREMENTS[function.__name__] = Measurement(title, unit, limits, function)
        return function

    return register


def recent(trial: Trial, column: str, at: int) -> float:
    """A column's mean over the WINDOW steps before a step; at step 0, of that step."""
    values = trial.run.steps[column][max(0, at - WINDOW) : max(at, 1)]
    if not len(values) or at > trial.run.last:
        raise ValueError(f"this training ended at step {trial.run.last} and not {at}: {trial.run.status.reason}")
    return float(np.mean(values))


@measurement("training loss", "nats", POSITIVE)
def loss(trial: Trial, at: int) -> float:
    """Of the batches trained on."""
    return recent(trial, "loss", at)


@measurement("choices that the model hesitates among", "tokens", (1.0, math.inf))
def perplexity(trial: Trial, at: int) -> float:
    """e to the training loss."""
    return math.exp(recent(trial, "loss", at))


@measurement("distance of the training loss from ln V", "nats", POSITIVE)
def off_guessing(trial: Trial, at: int) -> float:
    """ln V is the loss of equal probabilities for all V tokens."""
    return abs(recent(trial, "loss", at) - math.log(trial.ask(About, 0).vocabulary))


@measurement("share of tokens predicted right", "", SHARE)
def right(trial: Trial, at: int) -> float:
    """On the batches trained on."""
    return recent(trial, "metric", at)


@measurement("score of the best head", "", SHARE)
def head_score(trial: Trial, at: int, kind: str) -> float:
    """The largest score of this kind that a head has at a step."""
    history = trial.ask(HeadHistory, at)
    if kind not in history.scores:
        raise ValueError(f"heads have no score {kind} here; scores are {', '.join(history.scores)}")
    return float(history.scores[kind][-1].max())


@measurement("entropy of attention, mean over heads", "", SHARE)
def attention_entropy(trial: Trial, at: int) -> float:
    """1: spread evenly over all that a query sees, 0: on one key."""
    return float(trial.ask(HeadHistory, at).scores["entropy"][-1].mean())


@measurement("share of right answers lost without a head", "", (-1.0, 1.0))
def lost_without_head(trial: Trial, at: int, rank: int) -> float:
    """With the mean of its attention's output in its place. rank: 1 is the head without which most is lost."""
    ablations = trial.ask(Ablations, at, kind="mean")
    if not 1 <= rank <= len(ablations.heads):
        raise ValueError(f"there is no head of rank {rank}; this model has {len(ablations.heads)}")
    return float(-np.sort(ablations.rights)[rank - 1])


@measurement("gradient that reaches the first block, against the last", "powers of ten")
def gradient_reach(trial: Trial, at: int) -> float:
    """log10 of ‖∂L/∂x‖ where the stream enters the first block over that where it enters the last, on the probe."""
    forks = trial.ask(Split, at).forks
    first, last = forks[0].whole, forks[-1].whole
    return math.log10(first / last) if first and last else -math.inf


@measurement("difference of backpropagation from a nudge of the weight", "", POSITIVE)
def off_nudge(trial: Trial, at: int, tensor: str, row: int, column: int, sign: int = 1) -> float:
    """|finite difference − sign × backpropagation| / |finite difference|, in float64."""
    proof = trial.ask(Proof, at, name=tensor, row=row, column=column)
    return abs(proof.difference - sign * proof.exact) / abs(proof.difference)


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


@measurement("largest error of a probability", "", SHARE)
def softmax_error(trial: Trial, at: int, format: str, way: str, scale: float) -> float:
    """Of the model's logits × scale, against float64; 1 where the softmax is no number.   way: plain or stable."""
    softmax = trial.ask(Softmax, at, scale=scale)
    error = float(softmax.errors[softmax.rows.index((format, way)) - 1])
    return error if math.isfinite(error) else 1.0


@measurement("characters that a token stands for, on average", "", (0.0, math.inf))
def characters_a_token(trial: Trial, at: int) -> float:
    """Of the probe."""
    task = trial.run.task
    symbols = task.vocabulary.symbols
    tokens = task.probe(64).tokens.flatten().tolist()
    return sum(len(symbols[token]) for token in tokens) / len(tokens)
