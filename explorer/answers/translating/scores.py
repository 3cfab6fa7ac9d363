"""Scores of a run's answers to examples that it never trained on: at a step, two compared, and over training.

N examples, k numbers that are counted of each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from explorer.analysis import answering
from explorer.answers.records.translating.scores import Comparison, Difference, Exchange, Score, ScoreHistory, Scores
from explorer.measure.decoding import within
from explorer.measure.text.scores import METRICS, OF_LIKELIHOOD, OF_TEXT, Resamples, signature, undefined
from explorer.runs import snapshots
from explorer.runs.restored import Progress, opened, playback, training_at
from explorer.tasks.base import Task
from explorer.tasks.fields import TASKS
from explorer.training.device import numerics
from explorer.training.loop import Training
from models.families import kind_of

Array = np.ndarray
NEEDS = ("logits",)  # parts of the model
EXAMPLES, MOST = 200, 2000
SHOWN = 24
OVER_TRAINING, SNAPSHOTS = 64, 24  # examples of a curve, and its points at most


@dataclass(frozen=True)
class Answered:
    """What a model answers. read, right, answers: texts (N), none where the task has no right answer.

    statistics: of each score by name, (N, k).   sizes: tokens, characters and bytes of the right answers.
    """

    task: Task
    read: list[str]
    right: list[str]
    answers: list[str]
    statistics: dict[str, Array]
    sizes: tuple[int, int, int]

    def copies(self, name: str) -> Array | None:
        """The statistics of an answer that copies the input."""
        count = METRICS[name].count
        return None if count is None else count(self.read, self.right, self.task.words)


def answered(training: Training, examples: int, progress: Progress = None) -> Answered:
    """A model's answers to this many of the task's examples, the same at every step of every run of the task."""
    task, model, config = training.task, training.model, training.config
    batch = task.probe(examples).to(training.device)
    in_place = kind_of(config.model).reads == "in place"
    has_answers = TASKS[config.task.name].corpus is None
    nats: list[torch.Tensor] = []
    outputs: list[list[int]] = []
    with numerics(config):
        for part in answering.parts(batch):
            nats.append(answering.losses(model, part))
            if has_answers and config.reads_its_answer:
                outputs += answering.greedy(model, task, part, config.model.context)
            elif has_answers:
                outputs += answering.in_place(model, part)
            if progress is not None:
                progress(min(len(nats) * answering.AT_ONCE, examples), examples)
    right = answering.right_answers(batch)
    spelled = [task.spelled(tokens) for tokens in right]
    loss = torch.cat(nats).cpu().numpy()
    sizes = ([len(tokens) for tokens in right], [len(text) for text in spelled], [len(t.encode()) for t in spelled])
    statistics = {
        name: np.stack([loss, np.array(size, dtype=np.float64)], 1)
        for name, size in zip(OF_LIKELIHOOD, sizes, strict=True)
    }
    if not has_answers:
        return Answered(task, [], [], [], statistics, tuple(map(sum, sizes)))  # type: ignore[arg-type]
    texts = [task.readable(tokens) for tokens in right]
    answers = [task.readable(tokens) for tokens in outputs]
    for name in OF_TEXT:
        count = METRICS[name].count
        assert count is not None
        statistics[name] = count(answers, texts, task.words)
    read = [task.readable(tokens) for tokens in answering.inputs(batch, in_place)]
    return Answered(task, read, texts, answers, statistics, tuple(map(sum, sizes)))  # type: ignore[arg-type]


def scores(path: str, step: int, examples: int = EXAMPLES, progress: Progress = None) -> Scores:
    """Every score of a run's answers at a step, with its interval and beside copying the input."""
    within(examples=(examples, 2, MOST))
    training = training_at(path, step, progress, needs=NEEDS)
    result = answered(training, examples, progress)
    finite(result, step)
    resamples, task = Resamples(examples), result.task
    return Scores(
        step=step,
        examples=examples,
        held_out=task.held_out(1, torch.Generator().manual_seed(0)) is not None,
        tokens=result.sizes[0],
        characters=result.sizes[1],
        bytes=result.sizes[2],
        tokenizer=tokenizer(task, training),
        scores={name: score(result, name, resamples) for name in METRICS if name in result.statistics},
        rows=rows(result),
    )


def finite(result: Answered, step: int) -> None:
    """ValueError if the model has diverged."""
    if not np.isfinite(result.statistics["token"]).all():
        raise ValueError(f"at step {step:,} the model's numbers are not finite any more; choose an earlier step")


def score(result: Answered, name: str, resamples: Resamples) -> Score:
    """One score."""
    if why := undefined(name, result.right, result.task.words):
        return Score(None, None, None, undefined=why)
    metric, statistics, copied = METRICS[name], result.statistics[name], result.copies(name)
    return Score(
        metric.of(statistics.sum(0)),
        *resamples.interval(metric, statistics),
        copy=None if copied is None else metric.of(copied.sum(0)),
        signature=signature(name, result.task.words) if name in ("bleu", "chrf") else "",
    )


def rows(result: Answered) -> list[Exchange]:
    """Some examples, wrong answers first."""
    every = [Exchange(*texts) for texts in zip(result.read, result.right, result.answers, strict=True)]
    return sorted(every, key=lambda one: one.answer == one.right)[:SHOWN]


def tokenizer(task: Task, training: Training) -> str:
    """What a token is, in words."""
    kind = getattr(training.config.task, "tokenizer", None)
    if kind is not None:
        return "byte-level BPE" if kind == "bpe" else "a character"
    longest = max(len(symbol) for symbol in task.vocabulary.symbols)
    return "a character" if longest == 1 else "a symbol"


def against(
    path: str,
    step: int,
    other: int = 0,
    other_path: str | None = None,
    examples: int = EXAMPLES,
    progress: Progress = None,
) -> Comparison:
    """The answers of two models to the same examples, compared by the paired bootstrap.

    other: the step of the second.   other_path: its run, of the same task; None: the same run. ValueError if their
    tasks differ.
    """
    within(examples=(examples, 2, MOST))
    first = training_at(path, step, progress, needs=NEEDS)
    second = training_at(other_path or path, other, progress, needs=NEEDS)
    if first.config.task != second.config.task:
        raise ValueError("these two runs have different tasks, so their scores do not compare; choose one of this task")
    one, two = answered(first, examples, progress), answered(second, examples, progress)
    if one.sizes != two.sizes or one.right != two.right:
        raise ValueError("these two runs cut the task's examples otherwise, so they cannot be paired; choose another")
    finite(one, step)
    finite(two, other)
    resamples = Resamples(examples)
    return Comparison(
        step=step,
        other=other,
        examples=examples,
        scores={name: difference(one, two, name, resamples) for name in METRICS if name in one.statistics},
    )


def difference(one: Answered, two: Answered, name: str, resamples: Resamples) -> Difference:
    """One score of both."""
    if why := undefined(name, one.right, one.task.words):
        return Difference(None, None, None, None, None, None, why)
    metric, first, second = METRICS[name], one.statistics[name], two.statistics[name]
    paired = resamples.paired(metric, first, second)
    return Difference(
        metric.of(first.sum(0)),
        metric.of(second.sum(0)),
        paired.difference,
        paired.low,
        paired.high,
        paired.p,
    )


def history(path: str, step: int, progress: Progress = None) -> ScoreHistory:
    """Every score at up to 24 of the snapshots until `step`, of 64 examples; a diverged model's are NaN."""
    opened(path).config.need(*NEEDS)
    first = answered(playback(path).training, OVER_TRAINING)
    names = [
        name for name in METRICS if name in first.statistics and not undefined(name, first.right, first.task.words)
    ]

    def measure(at: int) -> Array | None:
        training = playback(path).at(at)
        if training is None:
            return None
        result = answered(training, OVER_TRAINING)
        return np.array([METRICS[name].of(result.statistics[name].sum(0)) for name in names])

    steps, values = snapshots.history(path, step, "scores", measure, progress, SNAPSHOTS)
    values = values.reshape(len(steps), len(names))
    copies = {name: METRICS[name].of(copied.sum(0)) for name in names if (copied := first.copies(name)) is not None}
    return ScoreHistory(step, steps, dict(zip(names, values.T, strict=True)), copies, OVER_TRAINING)
