"""Reading: the connection to a run file, closed when many others have been used since.

An open run costs up to five descriptors, and a server or a looker meets one run after another. So a process keeps the
most recently used ones open, as many as its limit allows; opening one again takes about a millisecond.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import ref

from explorer.runs import file

FEWEST, MOST = 8, 64  # runs open at once
SHARE = 16  # of a process's descriptors, per open run: its file, its log and their shared memory


def most_open() -> int:
    """How many runs a process may have open at once: 16 with 256 descriptors."""
    if sys.platform == "win32":
        return MOST
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if limit == resource.RLIM_INFINITY else max(FEWEST, min(MOST, limit // SHARE))


class Reading:
    """The connection to one run file; safe to share among threads."""

    def __init__(self, path: Path):
        self.path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def use(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one thread at a time. RunFileError if the file cannot be opened."""
        with self._lock:
            if self._connection is None:
                self._connection = file.connect(self.path)
            _open.used(self)
            yield self._connection
        _open.bound()

    def close(self, wait: bool = True) -> bool:
        """Closes the file until its next use. False if it is being read and `wait` is not set."""
        if not self._lock.acquire(blocking=wait):
            return False
        try:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
        finally:
            self._lock.release()
        return True


class _Open:
    """The open files of this process, most recently used last."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.readings: OrderedDict[int, ref[Reading]] = OrderedDict()
        self.most = most_open()

    def used(self, reading: Reading) -> None:
        """Marks a reading as used now."""
        with self.lock:
            self.readings[id(reading)] = ref(reading)
            self.readings.move_to_end(id(reading))

    def bound(self) -> None:
        """Closes the least recently used ones beyond the limit."""
        while True:
            with self.lock:
                if len(self.readings) <= self.most:
                    return
                _, first = self.readings.popitem(last=False)
            reading = first()
            if reading is not None and not reading.close(wait=False):
                self.used(reading)


_open = _Open()
