"""Giving way: where cores are few, a training rests for the moment in which a picture of the past is made.

    host: a looker is asked, or has answered ─ seconds ─> worker: Rest

Who moves the scrubber waits for that picture, and on two cores a training, a browser and a looker share them. The
training loses time and nothing else, and at most every second moment of it, however many look at the past.
"""

from __future__ import annotations

import os
import time

FEW = (os.cpu_count() or 1) < 4  # cores: with more nobody is in anybody's way
WHILE = 0.15  # seconds that way is given to a picture at most
AFTER = 0.05  # seconds in which the browser paints it


class Rest:
    """A training's rests, each followed by at least as long a time without one."""

    def __init__(self) -> None:
        self.until = self.next = 0.0
        self.begun: float | None = None

    def give(self, seconds: float) -> None:
        """Way is given for so long from now on."""
        self.until = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds to rest, unless told otherwise meanwhile; 0 where it may train."""
        now = time.monotonic()
        begun = now if self.begun is None else self.begun
        end = min(self.until, begun + WHILE + AFTER)
        if self.next <= now < end:
            self.begun = begun
            return end - now
        if self.begun is not None:
            self.begun, self.next = None, end + (end - begun)
        return 0.0
