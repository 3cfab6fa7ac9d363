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
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from explorer.answers.records.record import R
from explorer.processes.client import Request
from explorer.ui import server

A = TypeVar("A")


@dataclass
class Question(Generic[A]):
    """What one place of a page asks again and again: the request made last, and the answer that is shown."""

    MOST: ClassVar[int] = 64  # that a visit keeps
    request: Request[A] | None = None
    when: float = -math.inf
    live: bool = False
    shown: A | None = None

    def ask(self, begin: Callable[[], Request[A]], live: bool = False, every: float = 0) -> None:
        """Asks; while live only when the last one is answered and `every` seconds have gone since it was asked.

        What was answered since the last tick is shown from then on, also where the next is asked for at once: a film
        asks for the next step before the last one's answer is there, and shows each a moment later.
        """
        before = self.request
        if before is not None:
            young = not before.answer.done() or time.monotonic() - self.when < every
            if self.live and live and young:
                return
            if before.answer.done() and before.answer.exception() is None:
                self.shown = before.answer.result()
        self.request, self.when, self.live = begin(), time.monotonic(), live

    def wait(self, seconds: float) -> bool:
        """Whether the answer is there in time; it is shown from then on. ValueError with the reason if refused."""
        assert self.request is not None
        try:
            self.shown = self.request.answer.result(timeout=seconds)
        except NotYet:
            return False
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
