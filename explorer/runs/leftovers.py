"""Leftovers: removes, at the next start, hidden folders of processes that were killed while they worked there.

A process holds a lock in its folder while it works; a folder whose lock is free was left over.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

HELD = "held.lock"


def holding(folder: Path) -> FileLock:
    """The lock of a folder, for the process that works in it."""
    return FileLock(folder / HELD)


def held(place: Path, prefix: str) -> tuple[Path, FileLock]:
    """A new folder, whose name has this prefix, and its lock, taken.

    Another process may sweep it between the making of the folder and the taking of its lock: then it is made again.
    """
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
        lock = holding(folder)
        with suppress(FileNotFoundError):
            lock.acquire()
            if (folder / HELD).exists():
                return folder, lock
            lock.release()


@contextmanager
def working(place: Path, prefix: str) -> Iterator[Path]:
    """A folder to work in, whose name has this prefix. It is removed at the end."""
    folder, lock = held(place, prefix)
    try:
        yield folder
    finally:
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def sweep(place: Path, prefix: str) -> None:
    """Removes the folders with this prefix whose lock is free."""
    for lock in place.glob(f"{prefix}*/{HELD}"):
        with suppress(OSError, Timeout):
            with holding(lock.parent).acquire(timeout=0):
                shutil.rmtree(lock.parent, ignore_errors=True)
            if sys.platform == "win32":  # where a file that is open cannot be removed
                shutil.rmtree(lock.parent, ignore_errors=True)
