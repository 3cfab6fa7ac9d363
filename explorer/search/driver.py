"""Driver: the process that runs a search: it proposes trials and trains them in child processes.

host <-> driver <-> trials, as many at once as the host has room for

It reads its state from the trials' runs, so it can be killed at any moment; the next driver goes on to the same trials.
It ends when nothing is left to do.
"""

from __future__ import annotations

import json
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from filelock import Timeout

from explorer.processes.child import FORKS, forked, spawned
from explorer.processes.roles import Task
from explorer.runs import file
from explorer.runs.ends import HOST_KILLED
from explorer.runs.file import RunFileError
from explorer.runs.lock import search_lock
from explorer.runs.recorder import Recorder
from explorer.search import study
from explorer.search.ledger import Ledger, Trial
from explorer.search.search import made, read, trial_path, write

LINGER_SECONDS = 1.0  # an idle driver waits this long for another order
LOCK_SECONDS = 10.0  # for the trials of a killed driver to notice
ATTEMPTS = 3  # of a trial whose process dies


class Gone(Exception):
    """The sender of the orders has left; why, in words."""


class Driver:
    """One running search. `run` returns when there is nothing left to do.

    bridge: to the cluster that trains the trials; empty if this machine does.
    """

    def __init__(self, path: Path, orders: Connection, bridge: str):
        self.path, self.orders, self.bridge = path, orders, bridge
        self.search, _ = read(path)
        self.ledger = Ledger(path)
        self.children: dict[int, Any] = {}  # by trial number
        self.died: dict[int, int] = {}
        self.slots = 1
        self.playing = False

    def run(self) -> None:
        """Obeys and trains until stopped, done or abandoned."""
        try:
            while self.listen():
                if self.playing:
                    self.attend()
        except Gone as gone:
            self.stop(str(gone))

    def listen(self) -> bool:
        """Waits for orders and for trials that end. False when there is nothing to do and nothing more comes."""
        pipes = {child.pipe: number for number, child in self.children.items()}
        ready = wait([self.orders, *pipes], None if pipes else LINGER_SECONDS)
        for pipe in ready:
            if pipe is not self.orders and pipes[pipe] in self.children:  # an earlier one may have stopped all
                self.ended(pipes[pipe])
        if self.orders in ready:
            self.hear()
        return bool(ready) or bool(self.children)

    def hear(self) -> None:
        """Carries out the orders that have arrived. Gone if the host is."""
        try:
            while self.orders.poll(0):
                order = json.loads(self.orders.recv_bytes())
                if "goodbye" in order:
                    raise Gone(order["goodbye"])
                if "slots" in order:
                    self.slots = order["slots"]
                    continue
                try:
                    self.obey(order["kind"], order.get("detail", {}))
                    answer = {"done": order["n"]}
                except ValueError as error:
                    answer = {"done": order["n"], "refused": str(error)}
                with suppress(ConnectionError):  # read on: the reason may be in the pipe already
                    self.orders.send_bytes(json.dumps(answer).encode())
        except (EOFError, ConnectionError):
            raise Gone(HOST_KILLED) from None

    def obey(self, kind: str, detail: dict[str, Any]) -> None:
        """Carries out one order. ValueError if it cannot be done."""
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
        """Starts trials while there is room and enough results are known; finishes when none is left."""
        while len(self.children) < self.slots:
            trials = self.ledger.trials(self.search)
            over = {t.number for t in trials if t.over}
            left = [n for n in range(self.search.trials) if n not in over and n not in self.children]
            if not left:
                self.finish()
                return
            if not over.issuperset(range(left[0] - self.search.lag + 1)):
                return  # the next trial depends on one that still trains
            present = next((t for t in trials if t.number == left[0]), None)
            if not self.begin(left[0], trials, present):
                self.finish()
                return

    def begin(self, number: int, trials: list[Trial], present: Trial | None) -> bool:
        """Starts or resumes a trial. False if the space has no more."""
        path = trial_path(self.path, number)
        if present is None:
            params = study.propose(self.search, trials, number)
            if params is None:
                return False
            detail = {"id": self.path.stem, "trial": number, "params": params}
            file.begin(path, self.search.config_of(params), search=detail)
        self.children[number] = self.hatched(number, path)
        return True

    def hatched(self, number: int, path: Path) -> Any:
        """A process that trains a trial."""
        child = forked([self.orders, *(c.pipe for c in self.children.values())]) if FORKS else spawned()
        task = {"role": "trial", "paths": [str(path)], "bridge": self.bridge}
        child.say(task | {"search": str(self.path), "number": number})
        return child

    def ended(self, number: int) -> None:
        """Handles a trial's end: its run says how. What trained it died: it goes on elsewhere, a few times at most."""
        child = self.children.pop(number)
        reason, lost, left = "its process ended again and again", "", ""
        with suppress(EOFError, ConnectionError):
            while child.pipe.poll(0):
                message = json.loads(child.pipe.recv_bytes())
                lost, left = message.get("lost", lost), message.get("left", left)
                if "failed" in message:
                    reason = message["failed"]
                    self.died[number] = ATTEMPTS
        child.pipe.close()
        child.process.join()
        if lost:
            self.stop(lost)
            return
        if child.process.exitcode != 0 or left:
            self.died[number] = self.died.get(number, 0) + 1
        if self.died.get(number, 0) >= ATTEMPTS:
            self.give_up(number, left or reason)

    def give_up(self, number: int, reason: str) -> None:
        """Records that a trial cannot be trained. Stops the search if another process trains it."""
        try:
            with Recorder(trial_path(self.path, number)) as recorder:
                recorder.event(0, "refused", {"reason": reason})
                recorder.status("finished", reason)
        except RunFileError as error:
            self.stop(str(error))

    def stop(self, reason: str) -> None:
        """Stops every trial as it stands; everything is in the files."""
        self.playing = False
        for child in self.children.values():
            with suppress(ConnectionError):  # it has just ended
                child.say({"goodbye": reason})
            child.pipe.close()
        for child in self.children.values():
            child.process.join()
        self.children = {}
        write(self.path, self.search, "paused", reason)

    def finish(self) -> None:
        """Ends the search, once the last trials are over."""
        if not self.children:
            self.playing = False
            count = len([t for t in self.ledger.trials(self.search) if t.over])
            write(self.path, self.search, "finished", "its one trial" if count == 1 else f"all {count} trials")


def main(task: Task, orders: Connection) -> None:
    """A driver's whole life, in a process of its own."""
    path = Path(task["paths"][0])
    try:
        with search_lock(path).acquire(timeout=LOCK_SECONDS):
            Driver(path, orders, task["bridge"]).run()
    except Timeout:
        orders.send_bytes(json.dumps({"failed": f"{path.name} is driven by another process; stop that one"}).encode())
    except ValueError as error:
        orders.send_bytes(json.dumps({"failed": str(error)}).encode())
    except Exception as error:
        orders.send_bytes(json.dumps({"failed": f"the search stopped: {type(error).__name__}: {error}"}).encode())
        raise
