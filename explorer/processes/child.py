"""Child: a process of the host's with torch in memory, ready in 10 ms.

fork   ─> copy of the host, which has loaded torch ─┐
spare  ─> a process that has loaded it itself       ─┴─> role ─> worker, looker, search or one of its trials,
                                                                 or the bridge to a cluster

The first message to a child names its role; it keeps that role until the host's end of its pipe closes.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import signal
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from explorer.config.run import RunConfig
from explorer.processes.roles import role
from explorer.trace import observe
from explorer.training.loop import train

FORKS = sys.platform == "linux"  # macOS has fork, and libraries that do not survive it


@dataclass
class Child:
    """A child process, with the host's end of its pipe."""

    process: Any
    pipe: Connection

    def say(self, message: dict[str, Any]) -> None:
        """Sends it a message. ConnectionError if it has ended."""
        self.pipe.send_bytes(json.dumps(message).encode())


def forked(others: list[Connection], parent: bool = False) -> Child:
    """A copy of this process. others: the host's open connections, which the copy must close.

    parent: it has children of its own, so it ends by itself when its pipe closes.
    """
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("fork")
    process = context.Process(target=live, args=(theirs, [*others, ours]), daemon=not parent)
    process.start()
    theirs.close()
    return Child(process, ours)


def spawned(parent: bool = False) -> Child:
    """A process made without fork, which loads torch while it waits."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=live_warm, args=(theirs,), daemon=not parent)
    process.start()
    theirs.close()
    return Child(process, ours)


def live(orders: Connection, others: list[Connection]) -> None:
    """The life of a child: receives its role and runs it."""
    for other in others:  # left open here, the host's ends would hide the host's death from its children
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        task = json.loads(orders.recv_bytes())
    except (EOFError, ConnectionError):
        return
    role(task["role"])(task, orders)


def live_warm(orders: Connection) -> None:
    """The same for a spare, which first has to load torch."""
    warm_up()
    live(orders, [])


def warm_up() -> None:
    """Loads what the first training step of a process would load, once for all children.

    The garbage collector is off meanwhile, and what was loaded is frozen: a collection over all of torch would delay a
    training or a picture by 0.2 s.
    """
    gc.disable()
    for usual in ("worker", "looker"):
        role(usual)
    training = train(RunConfig().replace({"train.device": "cpu"}))
    next(training)
    observe(training.model, training.task.probe())
    gc.freeze()
    gc.enable()
