"""Watchers: which visit looks at which run, so that a run without a viewer pauses."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from explorer.home import number
from explorer.processes.client import Client
from explorer.runs import race

GRACE_SECONDS = number("EXPLORER_GRACE_SECONDS")


@dataclass
class Watchers:
    """Who is looking at which run. A run that nobody watches any more pauses after a grace time."""

    host: Callable[[], Client]
    runs: dict[str, set[str]] = field(default_factory=dict)  # run or search path -> visits
    looks: dict[str, str] = field(default_factory=dict)  # visit -> the run it looks at
    lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, visit: str, path: str) -> None:
        """This visit is looking at this run, and at no other any more."""
        with self.lock:
            before = self.looks.get(visit, path)
            self.looks[visit] = path
            self.runs.setdefault(path, set()).add(visit)
            if before != path:
                self.runs.get(before, set()).discard(visit)
        if before != path:  # went on to another run, so there is no network to have blinked
            self.pause_unwatched([before])

    def keep(self, visit: str, path: str) -> None:
        """This visit wants this search to go on, whatever else it looks at."""
        with self.lock:
            self.runs.setdefault(path, set()).add(visit)

    def watched(self, path: str, besides: str = "") -> bool:
        """Whether anybody is looking at this run, or wants it to go on. besides: a visit that does not count."""
        with self.lock:
            return bool(self.runs.get(path, set()) - {besides})

    def leave(self, visit: str) -> None:
        """This visit's tab was closed, or the network blinked: a reconnect within the grace undoes it."""
        with self.lock:
            self.looks.pop(visit, None)
            left = [path for path, visits in self.runs.items() if visit in visits]
            for path in left:
                self.runs[path].discard(visit)
        if left:
            timer = threading.Timer(GRACE_SECONDS, self.pause_unwatched, args=(left,))
            timer.daemon = True
            timer.start()

    def pause_unwatched(self, paths: list[str]) -> None:
        """Pauses the runs without a viewer. Watching one contender counts as watching its whole race."""
        for path in paths:
            together = [str(mate) for mate in race.together(Path(path))[0]]
            with self.lock:
                watched = any(self.runs.get(mate) for mate in together)
                if not self.runs.get(path):
                    self.runs.pop(path, None)
            ordered = [Path(mate) for mate in together if self.host().concerned(Path(mate))]
            if not watched and ordered:
                self.host().order(ordered[0], "pause", reason="nobody was watching")
