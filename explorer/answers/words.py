"""Word vectors of a run at a step: neighbours, analogies, associations, and which words stand near which.

V words, C width, n words chosen. pair.py explains one training pair.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Literal

import numpy as np

from explorer.answers.records.words import (
    Analogy,
    Association,
    Example,
    Examples,
    Matrix,
    Nearest,
    Neighbour,
    Question,
    Questions,
)
from explorer.measure import words as measure
from explorer.measure.text import association as weat
from explorer.runs.restored import Progress, training_at
from explorer.tasks import lexicon
from explorer.tasks.words import Cbow, Glove, SampledTask, WordTask
from explorer.trace import copied
from explorer.training.loop import Training

Table = Literal["word", "context", "both"]
TABLES = ("word", "context", "both")
MOST = 40  # words in a matrix
NEEDS = {  # how many words each list of an association needs, and in words
    "first": (2, "the first list needs two words"),
    "second": (2, "the second list needs two words"),
    "one": (1, "the first attributes need a word"),
    "other": (1, "the second attributes need a word"),
}


def task_of(training: Training) -> WordTask:
    """The run's task. ValueError if it learns something else."""
    if not isinstance(training.task, WordTask):
        raise ValueError("this run learns no word vectors; start one of skip-gram, CBOW or GloVe on the Words page")
    return training.task


def vectors_of(training: Training, table: Table = "word") -> np.ndarray:
    """A vector for each word, (V, C): its own, the one as others' context, or the sum of both.

    ValueError if they are not finite any more.
    """
    if table not in TABLES:
        raise ValueError(f"vectors={table!r} are none of {', '.join(TABLES)}; choose one of them")
    task_of(training)
    named = training.named
    word, context = (copied(named[f"{name}.weight"]).astype(np.float64) for name in ("embedding", "context"))
    vectors = {"word": word, "context": context, "both": word + context}[table]
    if not np.isfinite(vectors).all():
        raise ValueError(f"at step {training.step:,} the vectors are not finite any more; choose an earlier step")
    return vectors


def numbers_of(training: Training) -> dict[str, int]:
    """Each word's number."""
    return {word: i for i, word in enumerate(task_of(training).vocabulary.symbols)}


def number_of(training: Training, word: str) -> int:
    """A visitor's word by number. ValueError if the run does not know it, with suggestions."""
    numbers = numbers_of(training)
    wanted = lexicon.spelled(word.strip())
    if wanted not in numbers:
        if not wanted:
            raise ValueError("there is no word yet; type one")
        near = ", ".join(get_close_matches(wanted[:40], numbers, n=3, cutoff=0.6))
        meant = f"; it knows {near}" if near else "; try one from the map"
        raise ValueError(f"{wanted[:40]} is not among the {len(numbers):,} words that this run knows{meant}")
    return numbers[wanted]


def neighbours(training: Training, order: np.ndarray, similar: np.ndarray) -> list[Neighbour]:
    """Words with how similar they are and how often they occur."""
    task = task_of(training)
    return [
        Neighbour(task.vocabulary.symbols[i], float(s), int(task.lexicon.counts[i]))
        for i, s in zip(order, similar, strict=True)
    ]


def nearest(
    path: str, step: int, word: str, table: Table = "word", count: int = 12, progress: Progress = None
) -> Nearest:
    """The words most similar to one, in the original space."""
    training = training_at(path, step, progress)
    number, vectors = number_of(training, word), vectors_of(training, table)
    order, similar = measure.nearest(vectors, vectors[number], count, [number])
    return Nearest(
        step=step,
        word=training.task.vocabulary.symbols[number],
        count=int(task_of(training).lexicon.counts[number]),
        rows=neighbours(training, order, similar),
    )


def samples(path: str, step: int, count: int = 6, progress: Progress = None) -> Examples:
    """The nearest words of the task's examples."""
    training = training_at(path, step, progress)
    vectors, symbols = vectors_of(training), training.task.vocabulary.symbols
    rows = []
    for number in [number_of(training, word) for word in task_of(training).examples[:count]]:
        order, similar = measure.nearest(vectors, vectors[number], 6, [number])
        rows.append(Example(symbols[number], neighbours(training, order, similar)))
    return Examples(step, rows)


def analogy(
    path: str, step: int, a: str, b: str, c: str, table: Table = "word", count: int = 8, progress: Progress = None
) -> Analogy:
    """What is to c as b is to a."""
    training = training_at(path, step, progress)
    given = [number_of(training, word) for word in (a, b, c)]
    vectors = vectors_of(training, table)
    order, similar = measure.nearest(vectors, measure.analogy(vectors, *given), count, given)
    return Analogy(
        step=step,
        rows=neighbours(training, order, similar),
        given=neighbours(training, np.array(given), np.ones(3)),
    )


def questions(path: str, step: int, table: Table = "word", progress: Progress = None) -> Questions:
    """The built-in questions in words that the run knows, and the rank of the right answer."""
    training = training_at(path, step, progress)
    task, numbers = task_of(training), numbers_of(training)
    answered = measure.answered(vectors_of(training, table), numbers)
    counts = [int(task.lexicon.counts[numbers[word]]) for question, _ in answered for word in question]
    return Questions(
        step=step,
        rows=[Question(question, place) for question, place in answered],
        built_in=len(measure.QUESTIONS),
        chance=1 / max(1, len(numbers) - 3),
        read=task.lexicon.read,
        median=float(np.median(counts)) if counts else 0.0,
    )


def association(
    path: str,
    step: int,
    first: str,
    second: str,
    one: str,
    other: str,
    table: Table = "word",
    progress: Progress = None,
) -> Association:
    """Whether the words `first` lie nearer to the attributes `one` than the words `second` do, against `other`.

    Of the longer list of targets the last words are left out. ValueError says what is no list.
    """
    training = training_at(path, step, progress)
    numbers, vectors = numbers_of(training), vectors_of(training, table)
    typed = {"first": first, "second": second, "one": one, "other": other}
    wanted = {name: list(dict.fromkeys(lexicon.split(text))) for name, text in typed.items()}
    missing = {name: [word for word in words if word not in numbers] for name, words in wanted.items()}
    lists = {name: [word for word in words if word in numbers] for name, words in wanted.items()}
    check_sizes(lists, missing)
    size = min(len(lists["first"]), len(lists["second"]), weat.MOST)
    left_out = [word for name in ("first", "second") for word in lists[name][size:]]
    lists |= {name: lists[name][:size] for name in ("first", "second")}
    check_apart(lists)
    rows = {name: vectors[[numbers[word] for word in words]] for name, words in lists.items()}
    leaning = weat.leaning(np.concatenate([rows["first"], rows["second"]]), rows["one"], rows["other"])
    effect, (p, splits) = weat.effect(leaning[:size], leaning[size:]), weat.p_value(leaning[:size], leaning[size:])
    p_exchanged, _ = weat.p_value(leaning[size:], leaning[:size])
    if np.isnan(effect):
        raise ValueError(f"at step {step:,} all these words lie alike, so there is no effect size; choose a later step")
    null = weat.null(weat.leaning(vectors, rows["one"], rows["other"]), size, np.random.default_rng(0))
    unknown = list(dict.fromkeys(word for words in missing.values() for word in words))
    return Association(step, lists, unknown, left_out, leaning, effect, p, p_exchanged, splits, null)


def check_sizes(lists: dict[str, list[str]], missing: dict[str, list[str]]) -> None:
    """ValueError where a list has too few words to be compared. missing: those of each that the run does not know."""
    for name, (least, needs) in NEEDS.items():
        if len(lists[name]) < least:
            more = f"it does not know {', '.join(missing[name][:8])}" if missing[name] else "type more"
            raise ValueError(f"{needs} that this run knows; {more}")


def check_apart(lists: dict[str, list[str]]) -> None:
    """ValueError where a word stands in both lists, or in both lists of attributes."""
    for where, (one, other) in {
        "both lists": ("first", "second"),
        "both lists of attributes": ("one", "other"),
    }.items():
        if shared := [word for word in lists[one] if word in lists[other]]:
            raise ValueError(f"{shared[0]} stands in {where}; take it out of one of them")


def matrix(
    path: str,
    step: int,
    chosen: tuple[str, ...] = (),
    around: str = "",
    count: int = 24,
    progress: Progress = None,
) -> Matrix:
    """Words with each other, in the text and in the model: chosen, or around one, or the most frequent."""
    training = training_at(path, step, progress)
    task = task_of(training)
    numbers = matrix_words(training, chosen, around, min(count, MOST))
    symbols = [task.vocabulary.symbols[i] for i in numbers]
    pick = np.ix_(numbers, numbers)
    counts = near(task, by_distance=False)[pick]
    text, model = text_scores(task, numbers), model_scores(training, numbers)
    r, cells = measure.correlation(text, model)
    zero = float(text[np.isfinite(text)].mean()) if isinstance(task, Glove) and np.isfinite(text).any() else 0.0
    return Matrix(
        step=step,
        words=symbols,
        kind=training.config.model.kind,
        comparable=not isinstance(task, Cbow),
        correlation=None if np.isnan(r) else r,
        cells=cells,
        never=int((counts == 0).sum()),
        zero=zero,
        counts=counts,
        text=text - zero,
        model=model - zero,
    )


def matrix_words(training: Training, chosen: tuple[str, ...], around: str, count: int) -> list[int]:
    """The words of a matrix, by number."""
    if chosen:
        if len(chosen) > MOST:
            raise ValueError(f"{len(chosen)} words are too many for one picture; choose up to {MOST}")
        return list(dict.fromkeys(number_of(training, word) for word in chosen))
    if around:
        number, vectors = number_of(training, around), vectors_of(training)
        return [number, *measure.nearest(vectors, vectors[number], count - 1, [number])[0].tolist()]
    return list(range(min(count, len(training.task.vocabulary))))


def near(task: WordTask, by_distance: bool) -> np.ndarray:
    """How often words stand near each other in the whole text, (V, V)."""
    return lexicon.near(task.source, len(task.vocabulary), task.window, by_distance)


def text_scores(task: WordTask, numbers: list[int]) -> np.ndarray:
    """The scores that the text implies, (n, n): log x, or those that best tell true words from noise, with log k."""
    if isinstance(task, Glove):
        with np.errstate(divide="ignore"):
            return np.log(near(task, by_distance=True)[np.ix_(numbers, numbers)])
    assert isinstance(task, SampledTask)
    given = task.given(numbers)
    return measure.optimum(given[:, numbers], task.noise[numbers])


def model_scores(training: Training, numbers: list[int]) -> np.ndarray:
    """The model's scores of every pair, (n, n): u · v + b + c of GloVe, u · v + log k of the others."""
    word, context = (vectors_of(training, table)[numbers] for table in ("word", "context"))
    scores = word @ context.T
    task = task_of(training)
    if isinstance(task, Glove):
        bias, other = (copied(training.named[name]).astype(np.float64)[numbers] for name in ("bias", "context_bias"))
        return scores + bias[:, None] + other[None]
    assert isinstance(task, SampledTask)
    return scores + np.log(task.negatives)
