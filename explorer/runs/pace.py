"""Pace: how fast a run goes by the clock, including all waiting between its steps.

A step's seconds are those of computing it. Under a speed limit, next to other contenders, or while pictures are made, a
run is slower than that; the time left follows from its pace.
"""

from __future__ import annotations

from collections import deque

FEWEST = 20  # steps that a pace is taken over
LEAST_SECONDS = 2.0  # and seconds, so that one commit does not dominate


class Pace:
    """Steps a second by the clock, from the moments at which the last steps ended."""

    def __init__(self) -> None:
        self._moments: deque[float] = deque()

    def restart(self) -> None:
        """Forgets the pace: training was paused, or its limit changed."""
        self._moments.clear()

    def add(self, moment: float) -> None:
        """Counts a step that ended at this second of a monotonic clock."""
        moments = self._moments
        moments.append(moment)
        while len(moments) > FEWEST + 1 and moment - moments[1] >= LEAST_SECONDS:
            moments.popleft()

    @property
    def value(self) -> float | None:
        """Steps a second; None before the second step."""
        if len(self._moments) < 2 or self._moments[-1] <= self._moments[0]:
            return None
        return (len(self._moments) - 1) / (self._moments[-1] - self._moments[0])
