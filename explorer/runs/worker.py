"""Worker: trains one run, obeying orders between steps, and writes everything to the run's file.

It lives while there is something to do: a paused run is a file with a checkpoint and no process. Orders
and answers are JSON; every order that changed something is an event in the file.
"""

from __future__ import annotations

import json
import time
from collections import deque
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from explorer.divergence import Diverged
from explorer.heads import HEAD_EVENTS
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore
from explorer.runs.run import Run
from explorer.training import Training

LINGER_SECONDS = 1.0  # an idle worker waits this long for another order


class Gone(Exception):
    """Whoever gave the orders is no longer there."""


class Worker:
    """One run being trained. `run` returns when there is nothing left to do."""

    def __init__(self, path: Path, orders: Connection):
        self.orders = orders
        self.playing = False
        self.singles = 0
        self.speed: float | None = None
        self.due = 0.0
        self.queue: deque[dict[str, Any]] = deque()
        self.recorder = Recorder(path)
        try:
            run = Run.open(path)
            self.training: Training = restore(run, run.last)
            if not run.tensors:
                self.recorder.describe(self.training)
                self.recorder.snapshot(self.training)
            self.speed = next((e.detail["value"] for e in reversed(run.events) if e.kind == "speed"), None)
            run.close()
        except BaseException:
            self.recorder.close()
            raise

    def run(self) -> None:
        """Obeys and trains until paused, finished, diverged or left alone."""
        with self.recorder:
            try:
                while self.listen():
                    if self.active() and time.monotonic() >= self.due:
                        self.take_step()
            except Gone:
                self.pause("the server stopped")

    def active(self) -> bool:
        """True while steps are wanted."""
        return self.playing or self.singles > 0

    def listen(self) -> bool:
        """Obeys what has arrived; False when there is nothing to do and nothing more comes."""
        wait = max(0.0, self.due - time.monotonic()) if self.active() else LINGER_SECONDS
        heard = False
        try:
            while self.orders.poll(0 if heard else wait):
                heard = True
                self.answer(json.loads(self.orders.recv_bytes()))
        except (EOFError, ConnectionError):
            raise Gone from None
        return heard or self.active()

    def answer(self, order: dict[str, Any]) -> None:
        """Obeys one order and says so, with the reason where it is refused."""
        try:
            self.obey(order["kind"], order.get("detail", {}))
            answer = {"done": order["n"]}
        except ValueError as error:
            answer = {"done": order["n"], "refused": str(error)}
        self.orders.send_bytes(json.dumps(answer).encode())

    def obey(self, kind: str, detail: dict[str, Any]) -> None:
        """Carries out one order. ValueError where it cannot be done."""
        if kind == "play":
            self.playing = True
            self.note("resumed" if self.training.step else "started", detail)
            self.recorder.status("training")
        elif kind == "pause":
            self.pause(detail.get("reason", "by hand"))
        elif kind == "single":
            self.singles += 1
            self.note("single", detail)
        elif kind == "speed":
            value = detail["value"]
            if value is not None and not 0.01 <= value <= 1000:
                raise ValueError(f"speed={value} is out of range; use 0.01 to 1000 steps/s, or none")
            self.speed = value
            self.due = 0.0
            self.note("speed", detail)
        elif kind == "bookmark":
            self.note("bookmark", {"label": str(detail.get("label", ""))[:200]})
            self.recorder.snapshot(self.training)
        elif kind == "set" or kind in HEAD_EVENTS:
            self.training.apply(kind, detail)
            self.note(kind, detail)
            if kind == "reset":  # weights changed between two steps
                self.recorder.snapshot(self.training)
        else:
            raise ValueError(f"there is no order {kind}")

    def note(self, kind: str, detail: dict[str, Any]) -> None:
        """An event at the present step."""
        self.recorder.event(self.training.step, kind, detail)

    def pause(self, reason: str) -> None:
        """Stops taking steps; everything is in the file afterwards."""
        if self.playing:
            self.playing = False
            self.note("paused", {"reason": reason})
        self.recorder.snapshot(self.training)
        self.recorder.status("paused", reason)

    def take_step(self) -> None:
        """One step, recorded; finishing and diverging are the two other ways it can end."""
        if self.speed is not None:
            self.due = max(self.due, time.monotonic() - 1 / self.speed) + 1 / self.speed
        try:
            step = next(self.training)
        except StopIteration:
            self.end("finished", f"all {self.training.config.train.steps} steps")
            return
        except Diverged as error:
            self.end("diverged", error.what)
            return
        self.recorder.add(step, self.training)
        if self.singles:
            self.singles -= 1
            if not self.active():
                self.pause("after a single step")

    def end(self, state: str, reason: str) -> None:
        """The run is over, one way or the other."""
        self.playing, self.singles = False, 0
        self.note(state, {"reason": reason})
        self.recorder.snapshot(self.training)
        self.recorder.status(state, reason)


def main(path: Path, orders: Connection) -> None:
    """A worker's whole life, in a process of its own."""
    try:
        Worker(path, orders).run()
    except ValueError as error:  # a file that cannot be used, a task that cannot be built: said in words
        orders.send_bytes(json.dumps({"failed": str(error)}).encode())
    except Exception as error:  # a fault of ours, told to the visitor in a sentence and to the log in full
        orders.send_bytes(json.dumps({"failed": f"the training stopped: {type(error).__name__}: {error}"}).encode())
        raise
