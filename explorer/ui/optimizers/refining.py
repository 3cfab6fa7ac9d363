"""A picture that is computed a part at a time: what there is is shown while the next part is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from explorer.answers.records.landscape import Part
from explorer.answers.records.record import R
from explorer.processes.client import Request
from explorer.ui import server, visit
from explorer.ui.asking import Question
from explorer.ui.view import View

PATIENCE = 0.08  # seconds that a part is waited for; the first one longer, so that it need not pop up
FIRST_PATIENCE = 0.5
P = TypeVar("P", bound=Part)


@dataclass
class Refined(Question[P]):
    """The question for the next part."""

    part: int = 0


def refined(view: View, kind: type[P], step: int, doing: str, **arguments: Any) -> P | None:
    """The newest part of an answer of this kind, whose function takes `part`. None before the first.

    ValueError where it was refused.
    """
    question: Refined[P] = visit.kept(Refined, view.run.id, kind.function, step, *sorted(arguments.items()))

    def begin() -> Request[P]:
        return server.pictures().ask(view.run, step, kind, lane="slow", part=question.part, **arguments)

    while (answer := question.shown) is None or answer.done < answer.of:
        question.ask(begin)
        if not question.wait(FIRST_PATIENCE if answer is None else PATIENCE):
            percent = question.percent if answer is None else 100 * answer.done // answer.of
            view.refines.append(f"{doing} · {percent} %")
            break
        question.part += 1
    return question.shown


def renewed(view: View, kind: type[R], step: int, every: float, of: object, **arguments: Any) -> R | None:
    """A picture whose arguments change all the time, asked for again after `every` seconds; the last one meanwhile.

    of: what tells it from others, whose answers must not stand in.
    """
    question: Question[R] = visit.kept(Question, view.run.id, kind.function, step, of)
    question.ask(lambda: server.pictures().ask(view.run, step, kind, lane="slow", **arguments), True, every)
    if not question.wait(PATIENCE):
        view.refines.append("finding the paths’ places")
    return question.shown
