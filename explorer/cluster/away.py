"""Away: what a child does whose runs are trained on the cluster. It holds their files and writes what is told.

    its orders ─> bridge, its news -> run files, its answers -> whoever gave the orders

To its host or driver it is the worker or the trial itself: it obeys the same orders, ends at the same
moments and leaves the same files. A run whose cluster is gone is paused, with the reason.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from multiprocessing import current_process
from multiprocessing.connection import Client, Connection, wait
from pathlib import Path
from typing import Any

from explorer.cluster import address
from explorer.cluster.excerpt import seed
from explorer.cluster.mirror import Mirror

GOODBYE_SECONDS = 4.0  # to write the last checkpoint over there; a host waits five for its children
BRIDGE_SECONDS = 10.0  # for the bridge to be there
WAITING = "for a free core with torch on the Ray cluster"
OVER = ("finished", "diverged")


class Lost(Exception):
    """The cluster, or the way to it, is gone: one sentence."""


class Ended(Exception):
    """What was trained over there broke: as its own process would have."""


@dataclass
class Order:
    """An order that was not answered yet. answer: what is to be said of it, once it is known."""

    n: int
    answer: dict[str, Any] | None = None


class Away:
    """Runs trained elsewhere. `run` returns when nothing more comes; Lost where the cluster is.

    task: the `role`, the `names` of the runs and what else the actor needs.   mirrors: of those that can be used.
    """

    def __init__(self, task: dict[str, Any], mirrors: dict[str, Mirror], seeds: dict[str, bytes], orders: Connection):
        self.task, self.mirrors, self.seeds, self.orders = task, mirrors, seeds, orders
        self.refusals: dict[str, str] = {}
        self.given: deque[Order] = deque()
        self.held: list[dict[str, Any]] = []  # until it begins over there
        self.before = {name: mirror.said() for name, mirror in mirrors.items()}
        self.begun = self.over = False
        self.goodbye: float | None = None  # when whoever gave the orders went
        self.crash = ""

    def run(self, bridge: str) -> None:
        """Sends the runs over and passes on what comes and goes."""
        given = address.address()
        if refused := address.refusal(given):
            raise Lost(refused)
        try:
            with reached(bridge) as self.way:
                self.say(self.task | {"files": list(self.seeds)})
                for data in self.seeds.values():
                    self.way.send_bytes(data)
                self.pass_on()
        except (OSError, EOFError):
            raise Lost(address.lost(given, "the process that speaks with it ended")) from None
        if self.crash:
            raise Ended(self.crash)

    def say(self, message: dict[str, Any]) -> None:
        """A message to the bridge."""
        self.way.send_bytes(json.dumps(message).encode())

    def pass_on(self) -> None:
        """Every message to whom it is for, until all is over."""
        while not self.over:
            ends = [self.way] if self.goodbye else [self.way, self.orders]
            ready = wait(ends, 1.0)
            if self.goodbye and time.monotonic() - self.goodbye > GOODBYE_SECONDS:
                raise Lost(address.lost(address.address(), "it does not answer"))
            if self.way in ready:
                self.hear(json.loads(self.way.recv_bytes()))
            if self.orders in ready:
                self.obey()

    def obey(self) -> None:
        """Passes on an order; before it begins over there they are kept, and one to pause ends the waiting."""
        try:
            order = json.loads(self.orders.recv_bytes())
        except (EOFError, ConnectionError):
            self.goodbye = time.monotonic()
            if self.begun:
                self.say({"goodbye": True})
            else:
                self.end("the server stopped")
            return
        order["run"] = Path(order["run"]).name
        refused = self.refusals.get(order["run"])
        self.given.append(Order(order["n"], None if refused is None else {"done": order["n"], "refused": refused}))
        if refused is None:
            self.pass_order(order)
        self.answer()

    def pass_order(self, order: dict[str, Any]) -> None:
        """Gives an order to the actor, or keeps it until there is one."""
        if self.begun:
            self.say({"order": order})
            return
        self.held.append(order)
        if order["kind"] == "pause":
            for own in self.given:
                own.answer = own.answer or {"done": own.n}
            self.end(order.get("detail", {}).get("reason", "by hand"))

    def end(self, reason: str) -> None:
        """Nothing was trained yet, and nothing will be."""
        self.over = True
        self.status("paused", reason)

    def status(self, state: str, reason: str) -> None:
        """Says of every run that is not over what it is doing."""
        for mirror in self.mirrors.values():
            if mirror.said()[0] not in OVER:
                mirror.status(state, reason)

    def answer(self) -> None:
        """Answers orders in the order in which they were given, as far as it is known what came of them."""
        while self.given and self.given[0].answer is not None:
            self.orders.send_bytes(json.dumps(self.given.popleft().answer).encode())

    def hear(self, message: dict[str, Any]) -> None:
        """Takes in what the bridge says. Lost where it says so."""
        if "lost" in message:
            raise Lost(message["lost"])
        if "waiting" in message:
            self.status("waiting", WAITING)
        if "begun" in message:
            self.begun = True
            for name, mirror in self.mirrors.items():  # not every order makes it train
                if mirror.said() != self.before[name]:
                    mirror.status(*self.before[name])
            for order in self.held:
                self.say({"order": order})
        for name in message.get("news", []):
            self.mirrors[name].take_in(self.way.recv_bytes())
        for answer in message.get("answers", []):
            if "done" in answer:
                open_one = next(own for own in self.given if own.answer is None)
                open_one.answer = answer
            elif not self.goodbye:
                self.orders.send_bytes(json.dumps(answer).encode())
        if not self.goodbye:
            self.answer()
        self.over = message.get("over", False)
        self.crash = message.get("crash", "")

    def mark(self, reason: str) -> None:
        """Says in each run that was being trained why it is not any more."""
        for mirror in self.mirrors.values():
            state, _ = mirror.said()
            if state == "training":
                mirror.event(mirror.last(), "paused", {"reason": reason})
            if state not in OVER:
                mirror.status("paused", reason)


def train(task: dict[str, Any], paths: Sequence[Path], bridge: str, orders: Connection, **knobs: Any) -> None:
    """Trains the runs at `paths` over there. knobs: of their recorders. Lost and Ended as in Away.

    ValueError where none of the files can be used; of several, one that cannot is left out.
    """
    with ExitStack() as files:
        mirrors: dict[str, Mirror] = {}
        refusals: dict[str, str] = {}
        for path in paths:
            try:
                mirrors[path.name] = files.enter_context(Mirror(path, **knobs))
            except ValueError as error:
                refusals[path.name] = str(error)
                if len(paths) == len(refusals):
                    raise
        seeds = {name: seed(mirror.path) for name, mirror in mirrors.items()}
        away = Away(task | {"names": [path.name for path in paths]}, mirrors, seeds, orders)
        away.refusals = refusals
        try:
            away.run(bridge)
        except Lost as lost:
            away.mark(str(lost))
            raise


def reached(bridge: str) -> Connection:
    """A connection to the bridge, which may just be being made. OSError where there is none in time."""
    end = time.monotonic() + BRIDGE_SECONDS
    while True:
        try:
            return Client(bridge, authkey=bytes(current_process().authkey))
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def race(paths: Sequence[Path], bridge: str, orders: Connection) -> None:
    """A worker's whole life where its race is trained on the cluster."""
    try:
        train({"role": "worker"}, paths, bridge, orders)
    except (ValueError, Lost) as error:
        tell(orders, {"failed": str(error)})


def tell(orders: Connection, message: dict[str, Any]) -> None:
    """A last word, if somebody is there to hear it."""
    with suppress(OSError):
        orders.send_bytes(json.dumps(message).encode())
