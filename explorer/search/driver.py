"""Driver: the process that carries a search on: proposes trials, trains them in processes of its own.

    host <-> driver <-> trials, as many at once as the host has room for

What it knows it reads from the trials' runs, so it can be killed at any moment; the next one goes on to the
same trials. It ends when there is nothing left to do.
"""

from __future__ import annotations

import json
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from explorer.runs import file
from explorer.runs.file import RunFileError
from explorer.runs.recorder import Recorder
from explorer.runs.run import lock_path
from explorer.search import study
from explorer.search.ledger import Ledger, Trial
from explorer.search.search import made, read, trial_path, write

LINGER_SECONDS = 1.0  # an idle driver waits this long for another order
LOCK_SECONDS = 10.0  # for the trials of a driver that was killed to notice it
ATTEMPTS = 3  # of a trial whose process dies


class Gone(Exception):
    """Whoever gave the orders is no longer there."""


class Driver:
    """One search being carried on. `run` returns when there is nothing left to do.

    bridge: to the cluster that trains the trials; empty where this machine does.
    """

    def __init__(self, path: Path, orders: Connection, bridge: str):
        self.path, self.orders, self.bridge = path, orders, bridge
        self.search, _ = read(path)
        self.ledger = Ledger(path)
        self.children: dict[int, Any] = {}  # by the trial's number
        self.died: dict[int, int] = {}
        self.slots = 1
        self.playing = False

    def run(self) -> None:
        """Obeys and trains until stopped, done or left alone."""
        try:
            while self.listen():
                if self.playing:
                    self.attend()
        except Gone:
            self.stop("the server stopped")

    def listen(self) -> bool:
        """Waits for orders and for trials that end; False when there is nothing to do and nothing more comes."""
        pipes = {child.pipe: number for number, child in self.children.items()}
        ready = wait([self.orders, *pipes], None if pipes else LINGER_SECONDS)
        for pipe in ready:
            if pipe is not self.orders and pipes[pipe] in self.children:  # one that ended may have stopped all
                self.ended(pipes[pipe])
        if self.orders in ready:
            self.hear()
        return bool(ready) or bool(self.children)

    def hear(self) -> None:
        """Obeys what has arrived. Gone where the host is."""
        try:
            while self.orders.poll(0):
                order = json.loads(self.orders.recv_bytes())
                if "slots" in order:
                    self.slots = order["slots"]
                    continue
                try:
                    self.obey(order["kind"], order.get("detail", {}))
                    answer = {"done": order["n"]}
                except ValueError as error:
                    answer = {"done": order["n"], "refused": str(error)}
                self.orders.send_bytes(json.dumps(answer).encode())
        except (EOFError, ConnectionError):
            raise Gone from None

    def obey(self, kind: str, detail: dict[str, Any]) -> None:
        """Carries out one order. ValueError where it cannot be done."""
        if kind == "play":
            self.playing = True
            write(self.path, self.search, "searching")
        elif kind == "pause":
            self.stop(detail.get("reason", "by hand"))
        elif kind == "trials":
            self.search = made(self.search.model_dump() | {"trials": detail["value"]})
            write(self.path, self.search, "searching" if self.playing else "paused", "its budget was changed")
        else:
            raise ValueError(f"a search knows no order {kind}; it can be begun, stopped and given more trials")

    def attend(self) -> None:
        """Begins trials as far as there is room and enough is known; says so when none is left."""
        while len(self.children) < self.slots:
            trials = self.ledger.trials(self.search)
            over = {t.number for t in trials if t.over}
            left = [n for n in range(self.search.trials) if n not in over and n not in self.children]
            if not left:
                self.finish()
                return
            if not over.issuperset(range(left[0] - self.search.lag + 1)):
                return  # what it is to be depends on a trial that still trains
            present = next((t for t in trials if t.number == left[0]), None)
            if not self.begin(left[0], trials, present):
                self.finish()
                return

    def begin(self, number: int, trials: list[Trial], present: Trial | None) -> bool:
        """Begins a trial, or takes one up again; False where the space has no more."""
        path = trial_path(self.path, number)
        if present is None:
            params = study.propose(self.search, trials, number)
            if params is None:
                return False
            told = {"id": self.path.stem, "trial": number, "params": params}
            file.begin(path, self.search.config_of(params), search=told)
        self.children[number] = self.hatched(number, path)
        return True

    def hatched(self, number: int, path: Path) -> Any:
        """A process that trains a trial."""
        from explorer.runs.child import FORKS, forked, spawned  # it imports this module

        child = forked([self.orders, *(c.pipe for c in self.children.values())]) if FORKS else spawned()
        told = {"role": "trial", "paths": [str(path)], "bridge": self.bridge}
        child.say(told | {"search": str(self.path), "number": number})
        return child

    def ended(self, number: int) -> None:
        """A trial's process ended: its run says how; one that died is tried again, a few times."""
        child = self.children.pop(number)
        reason, lost = "its process ended again and again", ""
        with suppress(EOFError, ConnectionError):
            while child.pipe.poll(0):
                message = json.loads(child.pipe.recv_bytes())
                lost = message.get("lost", lost)
                if "failed" in message:
                    reason = message["failed"]
                    self.died[number] = ATTEMPTS
        child.pipe.close()
        child.process.join()
        if lost:
            self.stop(lost)
            return
        if child.process.exitcode != 0:
            self.died[number] = self.died.get(number, 0) + 1
        if self.died.get(number, 0) >= ATTEMPTS:
            self.give_up(number, reason)

    def give_up(self, number: int, reason: str) -> None:
        """Says of a trial that it cannot be trained; stops where another process trains it."""
        try:
            with Recorder(trial_path(self.path, number)) as recorder:
                recorder.event(0, "refused", {"reason": reason})
                recorder.status("finished", reason)
        except RunFileError as error:
            self.stop(str(error))

    def stop(self, reason: str) -> None:
        """Stops every trial where it is; all is in their files afterwards."""
        self.playing = False
        for child in self.children.values():
            child.pipe.close()
        for child in self.children.values():
            child.process.join()
        self.children = {}
        write(self.path, self.search, "paused", reason)

    def finish(self) -> None:
        """The search is over, once the trials that still train are."""
        if not self.children:
            self.playing = False
            count = len([t for t in self.ledger.trials(self.search) if t.over])
            write(self.path, self.search, "finished", f"all {count} trials")


def main(path: Path, orders: Connection, bridge: str = "") -> None:
    """A driver's whole life, in a process of its own."""
    try:
        with FileLock(lock_path(path)).acquire(timeout=LOCK_SECONDS):
            Driver(path, orders, bridge).run()
    except Timeout:
        orders.send_bytes(json.dumps({"failed": f"{path.name} is driven by another process; stop that one"}).encode())
    except ValueError as error:
        orders.send_bytes(json.dumps({"failed": str(error)}).encode())
    except Exception as error:
        orders.send_bytes(json.dumps({"failed": f"the search stopped: {type(error).__name__}: {error}"}).encode())
        raise
