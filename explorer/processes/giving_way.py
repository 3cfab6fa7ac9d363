"""Giving way: with few cores, a training rests while a picture of the past is computed.

host: a looker gets a request, or has answered ─ seconds ─> worker: Rest

A visitor who moves the scrubber waits for that picture, and on two cores a training, a browser and a looker share them.
The training loses only time, at most half of it, however many visitors look at the past.
"""

from __future__ import annotations

import os
import time

FEW = (os.cpu_count() or 1) < 4  # cores: with more, nobody waits for anybody
WHILE = 0.15  # seconds of rest per picture at most
AFTER = 0.05  # seconds for the browser to paint it


class Rest:
    """A training's rests, each followed by at least as long a time without one."""

    def __init__(self) -> None:
        self.until = self.next = 0.0
        self.begun: float | None = None

    def give(self, seconds: float) -> None:
        """Rests for this long from now on."""
        self.until = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds to rest, unless changed meanwhile; 0 if it may train."""
        now = time.monotonic()
        begun = now if self.begun is None else self.begun
        end = min(self.until, begun + WHILE + AFTER)
        if self.next <= now < end:
            self.begun = begun
            return end - now
        if self.begun is not None:
            self.begun, self.next = None, end + (end - begun)
        return 0.0
