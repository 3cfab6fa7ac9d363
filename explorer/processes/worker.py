"""Worker: trains one run, or the contenders of a race in lockstep, and writes everything to their files.

orders -> one step of each racer that is behind -> orders -> …

It lives while there is something to do: a paused run is a file with a checkpoint and no process. Orders and answers are
JSON; every order that changed something is an event in the file. Play, pause, a single step and the speed apply to all
contenders; every other order applies to the run that it names.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from explorer.processes.giving_way import Rest
from explorer.processes.racer import Racer
from explorer.processes.roles import Task
from explorer.runs.ends import HOST_KILLED
from explorer.runs.file import RunFileError, Unwritable

LINGER_SECONDS = 1.0  # an idle worker waits this long for another order
ROOM_SECONDS = 1.0  # between two checks whether there is room to write again


class Gone(Exception):
    """The sender of the orders has left; why, in words."""


class Worker:
    """Runs in training. `run` returns when there is nothing left to do.

    paths: of the runs; an unusable one is left out, and orders to it are refused with the reason. ValueError if none is
    usable.
    """

    def __init__(self, paths: Sequence[Path], orders: Connection):
        self.orders = orders
        self.racers: dict[str, Racer] = {}
        self.unusable: dict[str, ValueError] = {}
        self.due = 0.0
        self.rest = Rest()
        for path in paths:
            try:
                self.racers[str(path)] = Racer(path, len(paths))
            except ValueError as error:
                self.unusable[str(path)] = error
        if not self.racers:
            raise next(iter(self.unusable.values()))
        self.speed = next(iter(self.racers.values())).speed

    def run(self) -> None:
        """Obeys and trains until all are paused, finished or diverged, or the host is gone."""
        with ExitStack() as files:
            for racer in self.racers.values():
                files.enter_context(racer.recorder)
            try:
                while self.listen():
                    if self.active() and time.monotonic() >= self.due and not self.rest.left():
                        self.take_steps()
                        if not self.active():
                            self.tell({"rests": True})  # the next in the queue need not wait for our end
            except Gone as gone:
                for racer in self.racers.values():
                    if not racer.over:
                        with suppress(RunFileError):  # nobody is left to read it
                            racer.pause(str(gone))

    def active(self) -> list[Racer]:
        """The racers of which steps are wanted."""
        return [racer for racer in self.racers.values() if racer.active]

    def listen(self) -> bool:
        """Obeys the orders that have arrived. False when there is nothing to do and nothing more comes."""
        wait = max(self.rest.left(), self.due - time.monotonic()) if self.active() else LINGER_SECONDS
        heard = False
        try:
            while self.orders.poll(0 if heard else wait):
                heard = True
                message = json.loads(self.orders.recv_bytes())
                if "goodbye" in message:
                    raise Gone(message["goodbye"])
                if "rest" in message:
                    self.rest.give(message["rest"])
                else:
                    self.answer(message)
        except (EOFError, ConnectionError):
            raise Gone(HOST_KILLED) from None
        return heard or bool(self.active())

    def answer(self, order: dict[str, Any]) -> None:
        """Obeys one order and answers it, with the reason if it is refused."""
        try:
            if order["run"] in self.unusable:
                raise self.unusable[order["run"]]
            self.obey(self.racers[order["run"]], order["kind"], order.get("detail", {}), order["n"] == 0)
            answer = {"done": order["n"]}
        except ValueError as error:
            answer = {"done": order["n"], "refused": str(error)}
        self.tell(answer)

    def tell(self, message: dict[str, Any]) -> None:
        """Sends a message to the host. A closed connection is noticed when reading."""
        with suppress(ConnectionError):
            self.orders.send_bytes(json.dumps(message).encode())

    def obey(self, racer: Racer, kind: str, detail: dict[str, Any], echo: bool) -> None:
        """Carries out one order. echo: it was given to another contender. ValueError if it cannot be done."""
        running = [other for other in self.racers.values() if not other.over]
        racing = running or ([] if echo else [racer])  # an order to one that is over gets its refusal from it
        if kind == "play":
            for other in racing:
                other.play(detail)
        elif kind == "pause":
            for other in running:
                other.pause(detail.get("reason", "by hand"))
        elif kind == "single":
            for other in racing:
                other.single(detail)
        elif kind == "speed":
            self.limit(detail)
        else:
            try:
                racer.change(kind, detail)
            except Unwritable as error:  # changed in memory but not in the file, and the file counts
                self.drop(racer, error)

    def limit(self, detail: dict[str, Any]) -> None:
        """Limits the steps a second. ValueError if the limit is too low or too high."""
        value = detail["value"]
        if value is not None and not 0.01 <= value <= 1000:
            raise ValueError(f"speed={value} is out of range; use 0.01 to 1000 steps/s, or none")
        self.speed, self.due = value, 0.0
        for racer in self.racers.values():
            racer.note("speed", detail)

    def take_steps(self) -> None:
        """Takes one step of each racer that is wanted and furthest behind.

        Without room to write, all wait until there is.
        """
        try:
            for racer in list(self.racers.values()):
                self.attempt(racer, racer.catch_up)
            if self.active():
                self.step()
        except Unwritable as error:
            self.due = time.monotonic() + ROOM_SECONDS
            active = self.active()
            if not any(racer.unwritten for racer in active):
                self.tell({"refused": f"training waits until there is room: {error}"})
            for racer in active:
                racer.wait_for_room(str(error))

    def step(self) -> None:
        """Takes one step of each racer that is behind. Unwritable if there is no room for it."""
        if self.speed is not None:
            self.due = max(self.due, time.monotonic() - 1 / self.speed) + 1 / self.speed
        active = self.active()
        behind = min(racer.training.step for racer in active)
        for racer in active:
            if racer.training.step == behind:
                self.attempt(racer, racer.take_step)

    def attempt(self, racer: Racer, act: Callable[[], None]) -> None:
        """Acts on a racer, and drops it if its file is gone; the others go on. Unwritable without room."""
        try:
            act()
        except Unwritable:  # then the others have no room either
            raise
        except RunFileError as error:
            self.drop(racer, error)

    def drop(self, racer: Racer, error: RunFileError) -> None:
        """Drops a run whose file can no longer be written, and says why."""
        path = str(racer.recorder.path)
        del self.racers[path]
        self.unusable[path] = error
        self.tell({"run": path, "refused": str(error)})


def main(task: Task, orders: Connection) -> None:
    """The whole life of a worker, in its own process."""
    try:
        Worker([Path(path) for path in task["paths"]], orders).run()
    except ValueError as error:  # an unusable file, or a task that cannot be built: reported in words
        orders.send_bytes(json.dumps({"failed": str(error)}).encode())
    except Exception as error:  # our fault: one sentence for the visitor, all of it for the log
        orders.send_bytes(json.dumps({"failed": f"the training stopped: {type(error).__name__}: {error}"}).encode())
        raise
