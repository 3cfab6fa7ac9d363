"""Watchers: which visit looks at which run, so that a run without a viewer pauses."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from explorer.home import number
from explorer.processes.client import Client
from explorer.runs import race

GRACE_SECONDS = number("EXPLORER_GRACE_SECONDS")
MOVING = 15.0  # seconds after a picture in which its visit counts as one that pictures move for
RAREST = 4  # times less often than alone, at most
PROCESSORS = os.cpu_count() or 1


@dataclass
class Watchers:
    """Who is looking at which run. A run that nobody watches any more pauses after a grace time."""

    host: Callable[[], Client]
    runs: dict[str, set[str]] = field(default_factory=dict)  # run or search path -> visits
    looks: dict[str, str] = field(default_factory=dict)  # visit -> the run it looks at
    moved: dict[str, float] = field(default_factory=dict)  # visit -> when its pictures of a training moved last
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

    def moves(self, visit: str) -> int:
        """Pictures of a training move for this visit. Gives how many times less often than alone they are to be drawn.

        All that move together have the share of two processors that the pictures of one have: else three pages on one
        machine took half of it from the training that they show.
        """
        now = time.monotonic()
        with self.lock:
            self.moved[visit] = now
            self.moved = {one: when for one, when in self.moved.items() if now - when < MOVING}
            return max(1, min(RAREST, round(2 * len(self.moved) / PROCESSORS)))

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
            self.moved.pop(visit, None)
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
