"""Quota: the limits on runs and bytes, per visit and in total, and how to make room."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from filelock import Timeout

from explorer.home import number
from explorer.runs import catalogue
from explorer.runs.lock import run_lock

NEARLY = 0.8  # the share of a limit from which a page warns
BESIDE = ("", "-wal", "-shm", "-journal")  # the files of a run while it is open


@dataclass(frozen=True)
class Use:
    """A number of runs, and their bytes."""

    runs: int
    size: int

    def __str__(self) -> str:
        return f"{self.runs:,} run{'' if self.runs == 1 else 's'} and {self.size / 1e6:,.0f} MB"

    def share(self, most: Use) -> float:
        """The share of a limit that is used: 1 if all of it."""
        return max(self.runs / most.runs, self.size / most.size)


VISIT = Use(250, int(number("EXPLORER_VISIT_MB") * 1e6))
ALL = Use(5000, int(number("EXPLORER_RUNS_MB") * 1e6))


def size(path: Path) -> int:
    """The bytes of a run with its open files; 0 if it is gone."""
    return sum(_size(path.with_name(path.name + ending)) for ending in BESIDE)


def of(paths: Iterable[Path]) -> Use:
    """What these runs use; one that is gone uses nothing."""
    sizes = [size(path) for path in paths]
    return Use(sum(bytes_used > 0 for bytes_used in sizes), sum(sizes))


def everything() -> Use:
    """What the whole folder uses."""
    return of(catalogue.folder().glob("*.run"))


def check(more: int, visit: Iterable[Path] | None = None) -> str:
    """Checks that there is room for this many more runs. Returns a warning if little is left, else "".

    visit: the runs of a visit, to check its own limit.   ValueError if there is no room.
    """
    warning = ""
    bounds = [] if visit is None else [(of(visit), VISIT, "This visit")]
    for use, most, whose in (*bounds, (everything(), ALL, "This machine")):
        if use.runs + more > most.runs or use.size >= most.size:
            raise ValueError(
                f"there is no room for {more} more: {whose.lower()} keeps {use}, and at most {most} are allowed; "
                "delete some under Runs, after saving those you want to keep"
            )
        if Use(use.runs + more, use.size).share(most) >= NEARLY:
            warning = f"{whose} keeps {use} of at most {most}; under Runs some can be deleted."
    return warning


def remove(path: Path) -> None:
    """Deletes a run. ValueError if somebody is writing it."""
    lock = run_lock(path)
    try:
        with lock.acquire(timeout=0):
            Path(lock.lock_file).unlink()  # while the inode is this run's: once it is free, the next file may get it
            for ending in reversed(BESIDE):  # the file itself last: without it the rest means nothing
                path.with_name(path.name + ending).unlink(missing_ok=True)
    except Timeout:
        raise ValueError(f"{path.name} is being trained; pause it first") from None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
