"""Job: what one process of the host's has to train, and what it was told to do."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from explorer.runs.child import Child


@dataclass
class Job:
    """A run, or the runs of a race in lockstep, with a worker or waiting for one.

    orders: not yet answered, oldest first, each with the `run` that it was given to.
    """

    paths: list[Path]
    orders: deque[dict[str, Any]] = field(default_factory=deque)
    child: Child | None = None
    sent: int = 0  # of `orders`, to the present child
    training: bool = False
    slots: int = 0  # of a search: so many trials at once, as its driver knows
    away: bool = False  # a cluster trains it

    @property
    def role(self) -> str:
        """What its process does: trains a run, or carries a search on."""
        return "search" if self.paths[0].suffix == ".search" else "worker"

    @property
    def wants_to_train(self) -> bool:
        """True if it counts against the quota: it trains here, or the last of its orders about that says so."""
        if self.away:
            return False
        asked = [o["kind"] for o in self.orders if o["kind"] in ("play", "single", "pause")]
        return asked[-1] != "pause" if asked else self.training
