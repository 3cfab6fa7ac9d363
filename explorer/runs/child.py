"""Child: a process of the host's with torch in memory, ready in 10 ms.

    fork   ─> copy of the host, which has loaded torch ─┐
    spare  ─> a process that has loaded it by itself   ─┴─> role ─> worker, looker,
                                                                   search or a trial of one,
                                                                   or the bridge to a cluster

The first message to a child tells its role; then it lives that role until the host's end of its pipe closes.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import signal
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from explorer.runs import looker, worker

FORKS = sys.platform == "linux"  # macOS has fork, and libraries that do not survive it


@dataclass
class Child:
    """A process made here, with the host's end of its pipe."""

    process: Any
    pipe: Connection

    def say(self, message: dict[str, Any]) -> None:
        """A message to it. ConnectionError where it has ended."""
        self.pipe.send_bytes(json.dumps(message).encode())


def forked(others: list[Connection], parent: bool = False) -> Child:
    """A copy of this process. others: the host's open connections, which the copy must let go of.

    parent: it makes children of its own. It then ends by itself when its pipe closes.
    """
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("fork")
    process = context.Process(target=live, args=(theirs, [*others, ours]), daemon=not parent)
    process.start()
    theirs.close()
    return Child(process, ours)


def spawned(parent: bool = False) -> Child:
    """A process made without fork, loading torch while it waits."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=live_warm, args=(theirs,), daemon=not parent)
    process.start()
    theirs.close()
    return Child(process, ours)


def live(orders: Connection, others: list[Connection]) -> None:
    """What a child does: learns its role and lives it."""
    for other in others:  # the host's ends: held open here they would hide the host's death from its children
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        task = json.loads(orders.recv_bytes())
    except (EOFError, ConnectionError):
        return
    paths, bridge = [Path(path) for path in task.get("paths", [])], task.get("bridge", "")
    if task["role"] == "worker" and bridge:
        from explorer.cluster import away

        away.race(paths, bridge, orders)
    elif task["role"] == "worker":
        worker.main(paths, orders)
    elif task["role"] == "search":
        from explorer.search import driver  # with Optuna, which only a search needs

        driver.main(paths[0], orders, bridge)
    elif task["role"] == "trial":
        from explorer.search import trial

        trial.main(paths[0], task, orders)
    elif task["role"] == "bridge":
        from explorer.cluster import bridge as cluster

        cluster.main(bridge, orders)
    else:
        looker.main(orders)


def live_warm(orders: Connection) -> None:
    """The same for a spare, which has to load torch by itself first."""
    warm_up()
    live(orders, [])


def warm_up() -> None:
    """Loads what the first training step of a process would otherwise load, once for all children.

    None of it ever dies: no collection looks at it while it is loaded, nor later in a child, where one that looked at
    all of torch would hold a training or a picture up for 0.2 s.
    """
    from explorer import RunConfig, observe, train

    gc.disable()
    training = train(RunConfig().replace({"train.device": "cpu"}))
    next(training)
    observe(training.model, training.task.probe())
    gc.freeze()
    gc.enable()
