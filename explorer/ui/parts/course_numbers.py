"""The numbers of a visitor's own run in what a lesson measures and in its formula.

Curves are read from the run's file. What takes a model is asked for and not waited for: until it is there, the line
has the answer before it, or is not there yet.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from explorer.answers.records.arithmetic import HeadArithmetic
from explorer.answers.records.lens import Lens
from explorer.answers.records.numerics import Softmax
from explorer.answers.records.record import R
from explorer.lessons.lesson import Lesson
from explorer.lessons.measurements.curves import WINDOW, recent
from explorer.measure.names import fixed, head_name, number, percent
from explorer.measure.sampling import softmax
from explorer.processes.client import Request
from explorer.runs.run import Run
from explorer.ui import chosen, server, visit
from explorer.ui.asking import Question
from explorer.ui.locale.language import current
from explorer.ui.parts.course_way import way
from explorer.ui.parts.course_words import word
from explorer.ui.shelf import digest

EVERY = 2.0  # seconds between two answers while a run trains
MOST = 690.0  # an exponent whose power of e float64 still holds
HEAD, QUERY = "blocks.0.attention.0", 20  # looked at where the lesson names no other

Numbers = dict[str, str]  # what a line has, by name; `step` where an answer is of another step than the one looked at


def answer(run: Run, at: int, kind: type[R], **arguments: Any) -> R | None:
    """The answer of this kind at a step, or the newest while that is followed; None before the first, or if refused."""
    live = visit.state().step is None
    step = run.newest_snapshot() if live else at
    of = digest((run.id, "lesson", kind.function, *sorted(arguments.items())))
    question: Question[R] = visit.kept(Question, of)

    def begin() -> Request[R]:
        return server.pictures().ask(run, step, kind, "quick", past=not live, **arguments)

    question.ask(begin, live, EVERY)
    try:
        question.wait(0)
    except ValueError:
        return None
    return question.shown


def loss(run: Run, at: int) -> Numbers:
    """The training loss, and among how many tokens one hesitates by it."""
    value = recent(run, "loss", at)
    return {"loss": fixed(value, 2), "tokens": fixed(math.exp(value), 1)}


def off_guessing(run: Run, at: int) -> Numbers:
    """The training loss and that of equal probabilities."""
    vocabulary = server.about(str(run.path)).vocabulary
    return loss(run, at) | {"V": str(vocabulary), "even": fixed(math.log(vocabulary), 2)}


def right(run: Run, at: int) -> Numbers:
    """The share of tokens predicted right."""
    return {"right": percent(recent(run, "metric", at))}


def off_attention(run: Run, at: int, head: str, query: int) -> Numbers:
    """One probability of attention by the formula: that of the key that fits best."""
    row = answer(run, at, HeadArithmetic, head=head, query=query)
    if row is None:
        return {}
    best = int(np.argmax(row.pattern))
    return {
        "step": f"{row.step:,}",
        "head": head_name(head).rpartition(" ")[2],
        "query": str(query),
        "key": str(best),
        "product": number(row.products[best]),
        "root": number(1 / row.scale),
        "score": number(row.scores[best]),
        "sum": number(row.row_sum[0]),
        "p": fixed(row.pattern[best], 3),
    }


def attention_entropy(run: Run, at: int) -> Numbers:
    """The width of a head and its root, and the largest probability of one row without that root and with it."""
    d = int(run.config.get("model.width")) // int(run.config.get("model.heads"))
    row = answer(run, at, HeadArithmetic, head=HEAD, query=QUERY)
    if row is None:
        return {}
    plain, divided = (softmax(row.products * scale + row.mask).max() for scale in (1.0, d**-0.5))
    seen = row.products[np.isfinite(row.mask)]
    return {
        "step": f"{row.step:,}",
        "query": str(QUERY),
        "d": str(d),
        "root": fixed(math.sqrt(d), 2),
        "apart": number(np.ptp(seen)),
        "plain": fixed(plain, 3),
        "divided": fixed(divided, 3),
    }


def softmax_error(run: Run, at: int, format: str, way: str, scale: float) -> Numbers:
    """The largest logit and its exponential."""
    row = answer(run, at, Softmax, scale=scale)
    if row is None:
        return {}
    power = number(math.exp(row.largest)) if row.largest < MOST else f"> {number(math.exp(MOST), 1)}"
    return {"step": f"{row.step:,}", "largest": fixed(row.largest, 1), "power": power}


def known_at(run: Run, at: int, junction: int) -> Numbers:
    """The mean probability of the right token, read from the embedding and after the last block."""
    lens = answer(run, at, Lens)
    if lens is None:
        return {}
    predicted = [i for i, target in enumerate(lens.targets) if target]
    first, last = (fixed(lens.p[place, predicted].mean(), 3) for place in (0, -1))
    return {"step": f"{lens.step:,}", "first": first, "last": last}


NUMBERS: dict[str, Callable[..., Numbers]] = {  # by the measurement of a lesson's first claim
    "loss": loss,
    "off_guessing": off_guessing,
    "right": right,
    "off_attention": off_attention,
    "attention_entropy": attention_entropy,
    "softmax_error": softmax_error,
    "known_at": known_at,
}


def line(lesson: Lesson) -> str:
    """The numbers of the run that this lesson began, at the step that is looked at; "" where there are none."""
    claim = lesson.head.expect[0]
    run, numbers = chosen.run(), NUMBERS.get(claim.measure)
    if numbers is None or run is None or way().beside != lesson.name or not run.last:
        return ""
    step = visit.state().step
    at = run.last if step is None else min(step, run.last)
    language, values = current(), numbers(run, at, **claim.using)
    if not values:
        return ""
    which = "own-control" if run.config == lesson.head.other else "own-run"
    sentence = word(f"own-{numbers.__name__}", language, steps=max(1, min(at, WINDOW)), **values)
    return word(which, language, step=values.get("step", f"{at:,}"), numbers=sentence)
