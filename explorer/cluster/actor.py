"""Actor: lives on a machine of the cluster and trains there what a child would train here.

It keeps copies of the runs in a folder of its own, trains them with the same worker or trial code, and reports what
they write when `exchange` is called. Ray creates it, calls it and ends it.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import tempfile
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

WAIT_SECONDS = 0.1  # for something to report


class Actor:
    """Trains one worker or trial after another: `begin`, then `exchange` until it reports that it is over."""

    def __init__(self) -> None:
        os.environ["OMP_NUM_THREADS"] = "1"  # as on the host, before torch is loaded
        self.warm = False

    def begin(self, task: dict[str, Any], files: dict[str, bytes]) -> str:
        """Starts a role on copies of runs (by file name) and returns the version of torch that trains them.

        task: the `role`, the `names` of its runs in order and, for a trial, its `search` and `rivals`.
        """
        import torch

        from explorer.cluster.excerpt import News
        from explorer.processes.child import warm_up
        from explorer.processes.client import FOLDER
        from explorer.runs import leftovers

        if not self.warm:
            warm_up()
            self.warm = True
        leftovers.sweep(Path(tempfile.gettempdir()), FOLDER)
        self.home = tempfile.TemporaryDirectory(prefix=FOLDER)
        self.folder = Path(self.home.name)
        self.held = leftovers.holding(self.folder)
        self.held.acquire()
        for name, data in files.items():
            (self.folder / name).write_bytes(data)
        self.news = {name: News(self.folder / name) for name in files}
        self.crash = ""
        self.pipe, theirs = multiprocessing.Pipe()
        self.thread = threading.Thread(target=self._live, args=(task, theirs), daemon=True)
        self.thread.start()
        return torch.__version__

    def exchange(self, orders: list[dict[str, Any]], goodbye: str) -> dict[str, Any]:
        """Passes on orders, and returns the answers to earlier ones and what was written meanwhile.

        goodbye: why no more orders will come; empty while more may come.

        answers: of the worker.   news: excerpts by file name.   over: nothing more comes.   crash: its error.
        """
        for order in orders:
            with suppress(OSError):  # the worker has just ended: the sender gives the order again
                order = order | {"run": str(self.folder / order["run"])}
                self.pipe.send_bytes(json.dumps(order).encode())
        if goodbye:
            with suppress(OSError):  # it has just ended, or has had its goodbye
                self.pipe.send_bytes(json.dumps({"goodbye": goodbye}).encode())
            self.pipe.close()
        else:
            with suppress(OSError):
                self.pipe.poll(WAIT_SECONDS)
        self.thread.join(WAIT_SECONDS if goodbye else 0)
        over = not self.thread.is_alive()  # read first, so that what is read below is complete
        answers = []
        with suppress(OSError, EOFError):
            while not self.pipe.closed and self.pipe.poll(0):
                answers.append(json.loads(self.pipe.recv_bytes()))
        news = {name: data for name, one in self.news.items() if (data := one.take()) is not None}
        if over:
            self._tidy()
        return {"answers": answers, "news": news, "over": over, "crash": self.crash}

    def _live(self, task: dict[str, Any], orders: Connection) -> None:
        """The thread's work: runs a worker or a trial to its end."""
        from explorer.processes.roles import role

        paths = [str(self.folder / name) for name in task["names"]]
        try:
            role(task["role"])(task | {"paths": paths}, orders)
        except Exception as error:
            self.crash = f"{type(error).__name__}: {error}"
        finally:
            orders.close()

    def _tidy(self) -> None:
        """Removes the copies."""
        for one in self.news.values():
            one.close()
        self.pipe.close()
        self.held.release()
        self.home.cleanup()
