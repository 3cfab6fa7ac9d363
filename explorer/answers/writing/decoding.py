"""The best answer by a beam, by greed and by exact search; the tree of the likeliest continuations."""

from __future__ import annotations

from explorer.analysis.decoding import Model, Node, coverage, tidy
from explorer.analysis.decoding import tree as grown
from explorer.answers.records.decoding import Beams, Branch, Decoded, Tree
from explorer.answers.writing.text import writer
from explorer.measure.decoding import Answer, Rules, Search, beam, exact, greedy, within
from explorer.runs.restored import Progress
from explorer.tasks.base import Opening, Task
from explorer.training.device import numerics
from explorer.training.loop import Training

WIDEST, LONGEST = 10, 64  # beam, tokens
BUDGET = 1024  # beginnings that the exact search may ask the model about
SHOWN = 10  # candidates of a step, if the beam has fewer
WIDTH, DEPTH, THRESHOLD = 3, 6, 0.01  # of a tree, if nothing else is asked for


def scored(training: Training, text: str | None) -> tuple[Model, Opening]:
    """A model after an input, and the input."""
    opening = training.task.opening(text)
    tokens = opening.tokens.to(training.device)
    source = None if opening.source is None else opening.source.to(training.device)
    return Model(training.model, tokens, source, training.config.model.context), opening


def beams(
    path: str,
    step: int,
    text: str | None = None,
    width: int = 3,
    alpha: float = 0.0,
    block: int = 0,
    length: int = 16,
    budget: int = BUDGET,
    progress: Progress = None,
) -> Beams:
    """A beam search after an input, beside the greedy answer and the best of all by the same score.

    alpha: of the length penalty.   block: no n-gram of this size twice.   length: of a text that has no end; an answer
    is as long as the task's may be.   budget: beginnings that the exact search may ask about.
    """
    within(
        width=(width, 1, WIDEST),
        alpha=(alpha, 0, 5),
        block=(block, 0, 9),
        length=(length, 1, LONGEST),
        budget=(budget, 1, 20_000),
    )
    training = writer(path, step, progress)
    score, opening = scored(training, text)
    rules = Rules(opening.length or length, opening.end, alpha, block, tuple(opening.tokens[0].tolist()))
    with numerics(training.config):
        search, first = beam(score, rules, width, SHOWN), greedy(score, rules)
        whole = [one for one in (first, *search.answers) if rules.whole(one.tokens)]
        best = exact(score, rules, max(whole, key=lambda one: one.score, default=None), budget)
        right = opening.answer and Answer(opening.answer, log_p := score.log_p(opening.answer), log_p)

    def decoded(answer: Answer) -> Decoded:
        numbers = list(answer.tokens)
        return Decoded(training.task.readable(numbers), numbers, answer.log_p, rules.score(answer.log_p, len(numbers)))

    return Beams(
        step=step,
        branches=candidates(search, training.task),
        greedy=decoded(first),
        beam=decoded(search.answers[0]) if search.answers else None,
        exact=decoded(best.answer) if best.answer.tokens else None,
        queried=best.queried,
        proved=best.proved,
        right=decoded(right) if right else None,
    )


def candidates(search: Search, task: Task) -> list[Branch]:
    """The candidates of every step in one list."""
    branches: list[Branch] = []
    parents, kept = [-1], [-1]
    for column, step in enumerate(search.steps):
        parents, kept = kept, []
        for row, one in enumerate(step):
            if one.fate == "kept":
                kept.append(len(branches))
            symbol = task.vocabulary.symbols[one.token]
            branches.append(Branch(parents[one.parent], column, row, symbol, one.p, one.log_p, one.score, one.fate))
    return branches


def tree(
    path: str,
    step: int,
    text: str | None = None,
    width: int = WIDTH,
    depth: int = DEPTH,
    threshold: float = THRESHOLD,
    progress: Progress = None,
) -> Tree:
    """The likeliest continuations of an input. threshold: the least probability of all tokens up to a node."""
    training = writer(path, step, progress)
    _, nodes = likeliest(training, text, width, depth, threshold)
    rows, symbols = tidy(nodes), training.task.vocabulary.symbols
    branches = [
        Branch(one.parent, one.depth, row, symbols[one.token], one.p, one.log_p, one.log_p, "kept")
        for one, row in zip(nodes, rows, strict=True)
    ]
    return Tree(step, branches, coverage(nodes))


def likeliest(
    training: Training, text: str | None, width: int, depth: int, threshold: float
) -> tuple[Model, list[Node]]:
    """The nodes of the tree after an input, and the model that was asked for them.

    ValueError names a setting that is out of range, what the model does not know, and a model that has diverged.
    """
    check_tree(width, depth, threshold)
    score, opening = scored(training, text)
    with numerics(training.config):
        return score, grown(score, width, min(depth, opening.length or depth), threshold, opening.end)


def check_tree(width: int, depth: int, threshold: float) -> None:
    """ValueError names a setting of the tree that is out of range."""
    within(width=(width, 1, 10), depth=(depth, 1, 20), threshold=(threshold, 0, 1))
