"""Chat: what a run that answers says to a visitor, and how much of what it says it has read word for word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import torch

from explorer.answers.records.reading.chat import Habits, Reply
from explorer.answers.writing.text import text as written
from explorer.answers.writing.text import writer
from explorer.runs.restored import Progress
from explorer.tasks import dialogue
from explorer.tasks.dialogue import Dialogue
from explorer.tasks.facts import Facts
from explorer.training.randomness import stream

SIZE = 4  # words of a run that is looked for
EXAMPLES = 24  # held-out speeches replied to
WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def words(text: str) -> list[str]:
    """The words of a text in small letters, without what stands between them."""
    return WORD.findall(text.lower())


@lru_cache(maxsize=2)
def read(size: int, length: int) -> tuple[str, frozenset[str]]:
    """What a dialogue is trained on: speeches and replies as far as it reads them, words between spaces, a line each.

    And the words of it. size, length: of the task's settings.
    """
    lines = [f" {' '.join(words(text))} " for text in sorted(dialogue.read(size, length))]
    return "\n".join(lines), frozenset(word for line in lines for word in line.split())


def reply(path: str, step: int, text: str, temperature: float = 0.0, seed: int = 0, progress: Progress = None) -> Reply:
    """What a run says to a text. ValueError if it answers nothing, and with the words that facts never have."""
    training = writer(path, step, progress)
    if not isinstance(training.task, Dialogue | Facts):
        raise ValueError("this run has learned to answer nobody; look at the presets dialogue and facts")
    answer = written(path, step, text, training.task.longest, temperature=temperature, seed=seed)
    ended = bool(len(answer.numbers)) and int(answer.numbers[-1]) == training.task.end
    run, unseen = "", []
    if isinstance(training.task, Dialogue):
        corpus, vocabulary = read(training.task.size, training.task.most)
        run = longest(words(answer.text), corpus)
        unseen = list(dict.fromkeys(word for word in words(text) if word not in vocabulary))
    return Reply(step, answer.text, ended, unseen, len(words(answer.text)), run)


def longest(spoken: Sequence[str], corpus: str) -> str:
    """The longest run of words that stands in a line of the corpus; "" if none does. The first of equally long ones."""
    best: Sequence[str] = ()
    for start in range(len(spoken)):
        while start + len(best) < len(spoken) and f" {' '.join(spoken[start : start + len(best) + 1])} " in corpus:
            best = spoken[start : start + len(best) + 1]
    return " ".join(best)


def runs(texts: Iterable[str], size: int = SIZE) -> list[str]:
    """Every run of `size` words in texts."""
    spoken = [words(text) for text in texts]
    return [" ".join(one[start : start + size]) for one in spoken for start in range(len(one) - size + 1)]


def habits(path: str, step: int, temperature: float = 0.0, progress: Progress = None) -> Habits:
    """The share of runs of four words in replies to held-out speeches that the texts trained on have word for word.

    Beside it the same of the right replies, which nobody copied. ValueError if the run holds no dialogue.
    """
    training = writer(path, step, progress)
    task = training.task
    if not isinstance(task, Dialogue):
        raise ValueError("this run learned no dialogue; look at the preset dialogue")
    held_out = task.splits["held out"]
    which = held_out[torch.randperm(len(held_out), generator=stream(0, "speeches replied to"))[:EXAMPLES]]
    replies = []
    for number, n in enumerate(which.tolist(), 1):
        replies.append(written(path, step, task.pairs.speeches[n], task.longest, temperature=temperature).text)
        if progress is not None:
            progress(number, len(which))
    right = [task.readable(row) for row in task.targets[which]]
    corpus, _ = read(task.size, task.most)
    mine, theirs = runs(replies), runs(right)
    return Habits(
        step=step,
        examples=len(which),
        size=SIZE,
        runs=len(mine),
        copied=share(mine, corpus),
        true=share(theirs, corpus),
    )


def share(every: list[str], corpus: str) -> float:
    """The share of runs of words that stand in a line of the corpus; 0 of none."""
    return sum(f" {run} " in corpus for run in every) / max(len(every), 1)
