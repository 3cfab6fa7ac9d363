"""Waiting for a condition instead of sleeping."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LONGEST = 0.2  # s between two questions, at most


def until(condition: Callable[[], T], what: str, seconds: float = 120) -> T:
    """What `condition` gives once it is true. AssertionError that says `what` did not happen in time.

    Who asks without a pause slows down what is waited for. A condition that takes long, as one that draws a page, has
    a pause as long as it took.
    """
    began = time.monotonic()
    deadline, pause = began + seconds, 0.005
    while not (found := condition()):
        now = time.monotonic()
        assert now < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(min(max(pause, now - began), LONGEST))
        began, pause = time.monotonic(), min(1.2 * pause, 0.05)
    return found
