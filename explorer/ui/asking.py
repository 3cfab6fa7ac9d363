"""Asking: the one way from a question to what is shown.

    ask, unless the last one is under way or young -> wait a moment -> its answer, else the one that was shown before

A page does not stand still for an answer: it shows what is there, says what it waits for, and looks again at its next
tick. Only what takes no time and needs no run is waited for (`at_once`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from explorer.answers.records.record import R
from explorer.processes.client import Request
from explorer.ui import server

A = TypeVar("A")


@dataclass
class Question(Generic[A]):
    """What one place of a page asks again and again: the request made last, and the answer that is shown.

    earlier: requests made before it, the oldest first, that were not answered when the next one was made.
    """

    MOST: ClassVar[int] = 64  # that a visit keeps
    EARLIER: ClassVar[int] = 16  # requests that may still be answered
    request: Request[A] | None = None
    when: float = -math.inf
    live: bool = False
    shown: A | None = None
    earlier: list[Request[A]] = field(default_factory=list)

    def ask(self, begin: Callable[[], Request[A]], live: bool = False, every: float = 0) -> None:
        """Asks; while live only when the last one is answered and `every` seconds have gone since it was asked.

        What was answered since the last tick is shown from then on, also where the next is asked for at once: a film
        asks for the next step, and for the one after it, before the answer is there, and shows each when it comes.
        """
        before, alike = self.request, self.live == live
        young = before is not None and (not before.answer.done() or time.monotonic() - self.when < every)
        if live and alike and young:
            return
        self.request, self.when, self.live = begin(), time.monotonic(), live
        if not alike:  # who goes back does not see what was asked for while live, nor the other way round
            self.earlier.clear()
        elif before is not None and before is not self.request:
            self.earlier = [*self.earlier, before][-self.EARLIER :]
        self.catch_up()

    def catch_up(self) -> None:
        """Shows the answer to the latest of the earlier requests that has one; those before it are of no use then."""
        for place, request in reversed([*enumerate(self.earlier)]):
            if request.answer.done() and request.answer.exception() is None:
                self.shown, self.earlier = request.answer.result(), self.earlier[place + 1 :]
                return

    def wait(self, seconds: float) -> bool:
        """Whether the answer is there in time; it is shown from then on. ValueError with the reason if refused."""
        assert self.request is not None
        try:
            self.shown = self.request.answer.result(timeout=seconds)
        except NotYet:
            return False
        self.earlier.clear()
        return True

    @property
    def percent(self) -> int:
        """How far the answer has come, as far as that is known."""
        done, of = (self.request and self.request.progress) or (0, 1)
        return 100 * done // of

    def progress(self, doing: str) -> str:
        """The same in words. doing: what is done `{of}` times."""
        if self.request is None or self.request.progress is None:
            return "computing…"
        return f"{doing.format(of=f'{self.request.progress[1]:,}')} · {self.percent} %"


def at_once(kind: type[R], /, **arguments: Any) -> R:
    """An answer that needs no run, waited for. ValueError where it is refused."""
    return server.answer(server.shared(kind, **arguments))
