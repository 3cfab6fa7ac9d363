"""Worker: trains one run, or the contenders of a race in lockstep, and writes everything to their files.

    orders -> one step of each racer that is behind -> orders -> …

It lives while there is something to do: a paused run is a file with a checkpoint and no process. Orders
and answers are JSON; every order that changed something is an event in the file. Play, pause, a single step
and the speed act on all contenders, whichever is told; everything else on the one that is named.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from explorer.runs.giving_way import Rest
from explorer.runs.racer import Racer

LINGER_SECONDS = 1.0  # an idle worker waits this long for another order


class Gone(Exception):
    """Whoever gave the orders is no longer there."""


class Worker:
    """Runs being trained. `run` returns when there is nothing left to do.

    paths: of the runs; one that cannot be used is left out, and orders to it are refused with the reason.
    ValueError where none can.
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
        """Obeys and trains until all are paused, finished or diverged, or nobody is there any more."""
        with ExitStack() as files:
            for racer in self.racers.values():
                files.enter_context(racer.recorder)
            try:
                while self.listen():
                    if self.active() and time.monotonic() >= self.due and not self.rest.left():
                        self.take_steps()
                        if not self.active():
                            with suppress(ConnectionError):  # `listen` says what that means
                                self.tell({"rests": True})  # whoever waits in the queue need not wait for our end
            except Gone:
                for racer in self.racers.values():
                    if not racer.over:
                        racer.pause("the server stopped")

    def active(self) -> list[Racer]:
        """Those of which steps are wanted."""
        return [racer for racer in self.racers.values() if racer.active]

    def listen(self) -> bool:
        """Obeys what has arrived; False when there is nothing to do and nothing more comes."""
        wait = max(self.rest.left(), self.due - time.monotonic()) if self.active() else LINGER_SECONDS
        heard = False
        try:
            while self.orders.poll(0 if heard else wait):
                heard = True
                told = json.loads(self.orders.recv_bytes())
                if "rest" in told:
                    self.rest.give(told["rest"])
                else:
                    self.answer(told)
        except (EOFError, ConnectionError):
            raise Gone from None
        return heard or bool(self.active())

    def answer(self, order: dict[str, Any]) -> None:
        """Obeys one order and says so, with the reason where it is refused."""
        try:
            if order["run"] in self.unusable:
                raise self.unusable[order["run"]]
            self.obey(self.racers[order["run"]], order["kind"], order.get("detail", {}), order["n"] == 0)
            answer = {"done": order["n"]}
        except ValueError as error:
            answer = {"done": order["n"], "refused": str(error)}
        self.tell(answer)

    def tell(self, message: dict[str, Any]) -> None:
        """A message to whoever gives the orders."""
        self.orders.send_bytes(json.dumps(message).encode())

    def obey(self, racer: Racer, kind: str, detail: dict[str, Any], echo: bool) -> None:
        """Carries out one order. echo: it was given to another contender. ValueError where it cannot be done."""
        running = [own for own in self.racers.values() if not own.over]
        racing = running or ([] if echo else [racer])  # who asks for one that is over has a reason
        if kind == "play":
            for own in racing:
                own.play(detail)
        elif kind == "pause":
            for own in running:
                own.pause(detail.get("reason", "by hand"))
        elif kind == "single":
            for own in racing:
                own.single(detail)
        elif kind == "speed":
            self.limit(detail)
        else:
            racer.change(kind, detail)

    def limit(self, detail: dict[str, Any]) -> None:
        """At most so many steps a second from now on. ValueError where that is too few or too many."""
        value = detail["value"]
        if value is not None and not 0.01 <= value <= 1000:
            raise ValueError(f"speed={value} is out of range; use 0.01 to 1000 steps/s, or none")
        self.speed, self.due = value, 0.0
        for racer in self.racers.values():
            racer.note("speed", detail)

    def take_steps(self) -> None:
        """One step of each that is wanted; of those that came to different steps, of the ones behind."""
        if self.speed is not None:
            self.due = max(self.due, time.monotonic() - 1 / self.speed) + 1 / self.speed
        active = self.active()
        behind = min(racer.training.step for racer in active)
        for racer in active:
            if racer.training.step == behind:
                racer.take_step()


def main(paths: Sequence[Path], orders: Connection) -> None:
    """A worker's whole life, in a process of its own."""
    try:
        Worker(paths, orders).run()
    except ValueError as error:  # a file that cannot be used, a task that cannot be built: said in words
        orders.send_bytes(json.dumps({"failed": str(error)}).encode())
    except Exception as error:  # a fault of ours, told to the visitor in a sentence and to the log in full
        orders.send_bytes(json.dumps({"failed": f"the training stopped: {type(error).__name__}: {error}"}).encode())
        raise
