"""Actor: lives on a machine of the cluster and trains there what a child would train here.

It has copies of the runs in a folder of its own, in which the very worker or trial works on; what they
write is told to whoever asks. Ray makes it, calls it and ends it.
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

WAIT_SECONDS = 0.1  # for something to tell


class Actor:
    """One worker or trial after another. `begin`, then `exchange` until it says that it is over."""

    def __init__(self) -> None:
        os.environ["OMP_NUM_THREADS"] = "1"  # as the host has it, before torch is loaded
        self.warm = False

    def begin(self, task: dict[str, Any], files: dict[str, bytes]) -> str:
        """Lets a role be lived on copies of runs, by file name. Gives the version of torch that trains them.

        task: the `role`, the `names` of its runs in order and, for a trial, its `search` and `rivals`.
        """
        import torch

        from explorer.cluster.excerpt import News
        from explorer.runs.child import warm_up

        if not self.warm:
            warm_up()
            self.warm = True
        self.home = tempfile.TemporaryDirectory(prefix="explorer-")
        self.folder = Path(self.home.name)
        for name, data in files.items():
            (self.folder / name).write_bytes(data)
        self.news = {name: News(self.folder / name) for name in files}
        self.crash = ""
        self.pipe, theirs = multiprocessing.Pipe()
        self.thread = threading.Thread(target=self._live, args=(task, theirs), daemon=True)
        self.thread.start()
        return torch.__version__

    def exchange(self, orders: list[dict[str, Any]], goodbye: bool) -> dict[str, Any]:
        """Gives orders, or says that no more come; tells what came of earlier ones and what was written meanwhile.

        answers: of the worker.   news: excerpts by file name.   over: nothing more comes.   crash: what broke it.
        """
        for order in orders:
            with suppress(OSError):  # it has just ended: who gave the order gives it again
                order = order | {"run": str(self.folder / order["run"])}
                self.pipe.send_bytes(json.dumps(order).encode())
        if goodbye:
            self.pipe.close()
        else:
            with suppress(OSError):
                self.pipe.poll(WAIT_SECONDS)
        self.thread.join(WAIT_SECONDS if goodbye else 0)
        over = not self.thread.is_alive()  # asked first: what is read from now on is all
        answers = []
        with suppress(OSError, EOFError):
            while not self.pipe.closed and self.pipe.poll(0):
                answers.append(json.loads(self.pipe.recv_bytes()))
        news = {name: data for name, one in self.news.items() if (data := one.take()) is not None}
        if over:
            self._tidy()
        return {"answers": answers, "news": news, "over": over, "crash": self.crash}

    def _live(self, task: dict[str, Any], orders: Connection) -> None:
        """What the thread does: a worker's or a trial's life."""
        from explorer.runs import worker
        from explorer.search import trial

        paths = [self.folder / name for name in task["names"]]
        try:
            if task["role"] == "worker":
                worker.main(paths, orders)
            else:
                trial.receive(paths[0], task, orders)
        except Exception as error:
            self.crash = f"{type(error).__name__}: {error}"
        finally:
            orders.close()

    def _tidy(self) -> None:
        """Removes the copies."""
        for one in self.news.values():
            one.close()
        self.pipe.close()
        self.home.cleanup()
