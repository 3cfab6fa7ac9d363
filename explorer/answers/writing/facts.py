"""Facts: what a model answers rightly of what was said and what was not, and a fact edited with its neighbours watched.

N questions, T target position, C width.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from explorer.analysis import answering
from explorer.answers.records.reading.facts import (
    ANY,
    ITSELF,
    ON_IT,
    RELATION,
    SUBJECT,
    EditedFact,
    Group,
    Knowledge,
    Near,
)
from explorer.answers.translating.states import tap
from explorer.runs.restored import Progress, training_at
from explorer.tasks import facts
from explorer.tasks.base import IGNORE
from explorer.tasks.facts import Fact, Facts
from explorer.trace import observe
from explorer.training.device import numerics
from explorer.training.editing import edit
from explorer.training.loop import Training
from explorer.training.randomness import stream

NEEDS = ("logits", "states")  # parts of the model
QUESTIONS = 200  # questions of a group, at most
NEAREST, AT_RANDOM, THROUGH = 4, 4, 4  # neighbours of a kind


def knower(path: str, step: int, progress: Progress) -> tuple[Training, Facts]:
    """The training at a step and its task. ValueError if that has no facts."""
    training = training_at(path, step, progress, needs=NEEDS)
    if not isinstance(training.task, Facts):
        raise ValueError("this run learned no facts; look at the preset facts")
    return training, training.task


def replies(training: Training, task: Facts, which: Sequence[int]) -> list[str]:
    """What the model answers to questions by their numbers, the likeliest word each time."""
    texts: list[str] = []
    batch = task.arrange(torch.tensor(list(which))).to(training.device)
    with numerics(training.config):
        for part in answering.parts(batch):
            tokens = answering.greedy(training.model, task, part, training.config.model.context)
            texts += map(task.readable, tokens)
    return texts


def some(among: Tensor, count: int) -> list[int]:
    """At most this many of these, drawn alike at every call, in order."""
    order = torch.randperm(len(among), generator=stream(0, "facts that are asked"))[:count]
    numbers: list[int] = among[order.sort().values].tolist()
    return numbers


def right_of(training: Training, task: Facts, which: Sequence[int]) -> np.ndarray:
    """Whether each of these questions is answered rightly, (N,)."""
    texts = replies(training, task, which)
    return np.array([answer == task.facts[n].answer for answer, n in zip(texts, which, strict=True)])


def knowledge(path: str, step: int, progress: Progress = None) -> Knowledge:
    """The share of each group of questions that is answered word for word."""
    training, task = knower(path, step, progress)
    most = majorities(task)
    groups = []
    for done, (name, among) in enumerate(task.splits.items(), 1):
        which = some(among, QUESTIONS)
        right = right_of(training, task, which)
        often = float(np.mean([task.facts[n].answer == most[task.facts[n].relation] for n in which]))
        groups.append(Group(name, len(among), len(which), float(right.mean()), often))
        if progress is not None:
            progress(done, len(task.splits))
    return Knowledge(step, groups)


def majorities(task: Facts) -> dict[str, str]:
    """The answer that is most frequent in training, by relation."""
    counts: dict[str, Counter[str]] = {}
    for n in task.trained.tolist():
        counts.setdefault(task.facts[n].relation, Counter())[task.facts[n].answer] += 1
    return {relation: count.most_common(1)[0][0] for relation, count in counts.items()}


def edited(
    path: str, step: int, question: str, answer: str, steps: int = 5, rate: float = 1e-3, progress: Progress = None
) -> EditedFact:
    """Teaches a fact anew to the weights of a step, asks it and its neighbours before and after, and forgets it again.

    question, answer, steps, rate: of the edit, see `Edit`. ValueError names what the model never saw.
    """
    training, task = knower(path, step, progress)
    number = task.question(question)
    new = task.readable([t for t in task.taught(question, answer).targets[0].tolist() if t != IGNORE])
    groups = neighbours(training, task, number)
    names = {n: name for name, numbers in groups.items() for n in numbers}
    watch = {n: follows(name, task.facts[n], task.facts[number], new) for n, name in names.items()}
    others = [n for n in some(task.splits[facts.SEEN], QUESTIONS) if n != number]
    before, p_before = answers_to(training, task, watch)
    kept = right_of(training, task, others)
    detail = {"question": question, "answer": answer, "steps": steps, "rate": rate}
    with taught(training, detail) as (losses, moved):
        after, p_after = answers_to(training, task, watch)
        kept_after = right_of(training, task, others)
    return EditedFact(
        step=step,
        question=task.facts[number].question,
        answer=new,
        losses=losses,
        rows=[
            Near(name, task.facts[n].question, watch[n], before[i], after[i], p_before[i], p_after[i])
            for i, (n, name) in enumerate(names.items())
        ],
        others=len(others),
        kept=float(kept.mean()),
        kept_after=float(kept_after.mean()),
        moved=moved,
    )


@contextmanager
def taught(training: Training, detail: dict) -> Iterator[tuple[list[float], float]]:
    """Inside, the weights are edited; afterwards they are restored bit for bit. Gives the losses and ‖Δθ‖/‖θ‖."""
    values, saved = training.flat.values, training.flat.values.clone()
    try:
        losses = edit(training, detail)
        yield losses, float((values - saved).norm() / saved.norm())
    finally:
        values.copy_(saved)


def answers_to(training: Training, task: Facts, watch: dict[int, str]) -> tuple[list[str], list[float]]:
    """What is answered to each question, and the probability of the answer that is watched, all its words together."""
    p = []
    with numerics(training.config):
        for n, watched in watch.items():
            batch = task.taught(task.facts[n].question, watched).to(training.device)
            p.append(float((-answering.losses(training.model, batch)).exp()))
    return replies(training, task, list(watch)), p


def follows(name: str, other: Fact, fact: Fact, new: str) -> str:
    """The answer that is watched of a neighbour: what follows from the edit, or babel's where nothing does."""
    if name == ITSELF or (name == ON_IT and fact.relation != facts.BRIDGE):
        return new
    about, _ = facts.every()
    return about[other.relation].get(new, other.answer) if name == ON_IT else other.answer


def neighbours(training: Training, task: Facts, number: int) -> dict[str, list[int]]:
    """The questions that are watched, by how they are near to question `number`: their numbers."""
    fact, trained = task.facts[number], set(task.trained.tolist())
    every = list(enumerate(task.facts))
    on_it = [n for n, other in every if n != number and passes(task, other, fact)]
    subject = [n for n, other in every if n != number and other.subject == fact.subject and n not in on_it]
    alike = [
        n for n in sorted(trained) if task.facts[n].relation == fact.relation and n not in {number, *on_it, *subject}
    ]
    alike = [n for n in alike if task.facts[n].two_steps == fact.two_steps]
    taken = {number, *on_it, *subject}
    order = torch.randperm(len(task.trained), generator=stream(0, "facts at random")).tolist()
    near = nearest(training, task, number, alike)
    free = [n for n in task.trained[order].tolist() if n not in taken | set(near)]
    return {
        ITSELF: [number],
        ON_IT: on_it[:THROUGH],
        SUBJECT: subject[:THROUGH],
        RELATION: near,
        ANY: free[:AT_RANDOM],
    }


def passes(task: Facts, other: Fact, fact: Fact) -> bool:
    """Whether a question in two steps has a fact as one of its steps, so that it ought to change with it."""
    if not other.two_steps or fact.two_steps:
        return False
    if fact.relation == facts.BRIDGE:
        return other.subject == fact.subject
    _, cities = facts.every()
    return other.relation == fact.relation and cities[other.subject] == fact.subject


def nearest(training: Training, task: Facts, number: int, among: Sequence[int]) -> list[int]:
    """Those of these questions in which the model is in the most similar state as it begins to answer, by cosine."""
    which = torch.tensor([number, *among])
    batch, name = task.arrange(which), tap(training)
    with numerics(training.config):
        trace = observe(training.model, batch.to(training.device), gradients=False, wanted=name.__eq__)
    first = (batch.targets != IGNORE).int().argmax(1).numpy()
    states = trace.values[name][np.arange(len(which)), first].astype(np.float64)  # (N, C)
    states /= np.maximum(np.linalg.norm(states, axis=1, keepdims=True), 1e-30)
    order = np.argsort(-(states[1:] @ states[0]), kind="stable")[:NEAREST]
    return [among[n] for n in order]
