"""Job: what one child of the host has to train, and its orders."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from explorer.processes.child import Child


@dataclass
class Job:
    """A run, or the runs of a lockstep race, with a worker or waiting for one.

    orders: not yet answered, oldest first, each with the `run` that it is for.
    """

    paths: list[Path]
    orders: deque[dict[str, Any]] = field(default_factory=deque)
    child: Child | None = None
    sent: int = 0  # of `orders`, to the present child
    training: bool = False
    slots: int = 0  # of a search: the number of trials at once that its driver knows of
    away: bool = False  # a cluster trains it
    fruitless: int = 0  # processes killed in a row before they got further than `came`
    came: int = -1

    @property
    def role(self) -> str:
        """The role of its process: trains a run, or drives a search."""
        return "search" if self.paths[0].suffix == ".search" else "worker"

    @property
    def wants_to_train(self) -> bool:
        """True if it counts against the quota: it trains here, or the last such order among its orders wants it to."""
        if self.away:
            return False
        kinds = [o["kind"] for o in self.orders if o["kind"] in ("play", "single", "pause")]
        return kinds[-1] != "pause" if kinds else self.training
