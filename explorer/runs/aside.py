"""Aside: one piece of work at a time, in a thread of its own beside the training."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor


class Aside:
    """What SQLite writes while the training takes its next steps. One thread begins it and waits for it."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._pending: Future[None] | None = None
        self._thread: int | None = None  # that works now

    def begin(self, work: Callable[[], None]) -> None:
        """Begins with it, after what was begun before it; raises what that raised."""
        self.wait()
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, "recorder")
        self._pending = self._pool.submit(self._do, work)

    def _do(self, work: Callable[[], None]) -> None:
        self._thread = threading.get_ident()
        work()

    def wait(self) -> None:
        """Returns when all that was begun is done, and raises what it raised. Within it, at once."""
        if self._pending is not None and self._thread != threading.get_ident():
            pending, self._pending = self._pending, None
            pending.result()

    def hear(self) -> None:
        """Raises what was raised by what is done already."""
        if self._pending is not None and self._pending.done():
            self.wait()

    def end(self) -> None:
        """The same, and the thread ends."""
        try:
            self.wait()
        finally:
            if self._pool is not None:
                self._pool.shutdown()
                self._pool = None
