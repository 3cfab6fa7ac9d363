"""Away: the child of runs that the cluster trains. It holds their files and writes the news into them.

orders ─> bridge, its news -> run files, its answers -> the sender of the orders

To its host or driver it behaves as the worker or the trial itself: the same orders, the same ends, the same files. A
run whose cluster is lost is paused, with the reason.
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
from explorer.processes.roles import Task
from explorer.runs.ends import HOST_KILLED

GOODBYE_SECONDS = 4.0  # for the actor to write the last checkpoint; a host waits five for its children
BRIDGE_SECONDS = 10.0  # for the bridge to appear
WAITING = "for a free core with torch on the Ray cluster"
OVER = ("finished", "diverged")


class Lost(Exception):
    """The cluster, or the connection to it, is lost: one sentence."""


class Left(Lost):
    """What trained the runs has ended, and the cluster goes on without it: one sentence."""


class Ended(Exception):
    """The remote training broke, as a local process would have."""


@dataclass
class Order:
    """An order. answer: what to reply, once it is known; None before."""

    n: int
    answer: dict[str, Any] | None = None


class Away:
    """Runs trained elsewhere. `run` returns when nothing more comes; Lost if the cluster is.

    task: the `role`, the `names` of the runs and what else the actor needs.   mirrors: of the usable runs.
    """

    def __init__(self, task: dict[str, Any], mirrors: dict[str, Mirror], seeds: dict[str, bytes], orders: Connection):
        self.task, self.mirrors, self.seeds, self.orders = task, mirrors, seeds, orders
        self.refusals: dict[str, str] = {}
        self.given: deque[Order] = deque()
        self.held: list[dict[str, Any]] = []  # until the actor has begun
        self.before = {name: mirror.state_and_reason() for name, mirror in mirrors.items()}
        self.begun = self.over = False
        self.goodbye: float | None = None  # when the sender of the orders left
        self.crash = ""

    def run(self, bridge: str) -> None:
        """Sends the runs over and relays messages both ways."""
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
        """Sends a message to the bridge."""
        self.way.send_bytes(json.dumps(message).encode())

    def pass_on(self) -> None:
        """Routes messages until all is over."""
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
        """Passes on an order. Before the actor has begun, orders are kept, and one to pause ends the waiting."""
        try:
            order = json.loads(self.orders.recv_bytes())
        except (EOFError, ConnectionError):
            order = {"goodbye": HOST_KILLED}
        if "goodbye" in order:
            self.goodbye = time.monotonic()
            if self.begun:
                self.say(order)
            else:
                self.end(order["goodbye"])
            return
        order["run"] = Path(order["run"]).name
        refused = self.refusals.get(order["run"])
        self.given.append(Order(order["n"], None if refused is None else {"done": order["n"], "refused": refused}))
        if refused is None:
            self.pass_order(order)
        self.answer()

    def pass_order(self, order: dict[str, Any]) -> None:
        """Sends an order to the actor, or keeps it until there is one."""
        if self.begun:
            self.say({"order": order})
            return
        self.held.append(order)
        if order["kind"] == "pause":
            for order_given in self.given:
                order_given.answer = order_given.answer or {"done": order_given.n}
            self.end(order.get("detail", {}).get("reason", "by hand"))

    def end(self, reason: str) -> None:
        """Ends the runs before anything was trained."""
        self.over = True
        self.status("paused", reason)

    def status(self, state: str, reason: str) -> None:
        """Writes the status of every run that is not over."""
        for mirror in self.mirrors.values():
            if mirror.state_and_reason()[0] not in OVER:
                mirror.status(state, reason)

    def answer(self) -> None:
        """Answers orders in the order in which they came, as far as their answers are known."""
        while self.given and self.given[0].answer is not None:
            self.orders.send_bytes(json.dumps(self.given.popleft().answer).encode())

    def hear(self, message: dict[str, Any]) -> None:
        """Handles a message of the bridge. Lost if it reports that."""
        if "lost" in message:
            raise (Left if message.get("alone") else Lost)(message["lost"])
        if "waiting" in message:
            self.status("waiting", WAITING)
        if "begun" in message:
            self.begun = True
            for name, mirror in self.mirrors.items():  # not every order makes it train
                if mirror.state_and_reason() != self.before[name]:
                    mirror.status(*self.before[name])
            for order in self.held:
                self.say({"order": order})
        for name in message.get("news", []):
            self.mirrors[name].take_in(self.way.recv_bytes())
        for answer in message.get("answers", []):
            if "done" in answer:
                open_one = next(order for order in self.given if order.answer is None)
                open_one.answer = answer
            elif not self.goodbye:
                self.orders.send_bytes(json.dumps(answer).encode())
        if not self.goodbye:
            self.answer()
        self.over = message.get("over", False)
        self.crash = message.get("crash", "")

    def mark(self, reason: str) -> None:
        """Writes into each run that was training why it stopped."""
        for mirror in self.mirrors.values():
            state, _ = mirror.state_and_reason()
            if state == "training":
                mirror.event(mirror.last(), "paused", {"reason": reason})
            if state not in OVER:
                mirror.status("paused", reason)


def train(task: dict[str, Any], paths: Sequence[Path], bridge: str, orders: Connection, **knobs: Any) -> None:
    """Trains the runs at `paths` on the cluster. knobs: of their recorders. Lost and Ended as in Away.

    ValueError if no file is usable; unusable ones among several are left out.
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
    """A connection to the bridge, waiting while it starts. OSError if it does not appear in time."""
    end = time.monotonic() + BRIDGE_SECONDS
    while True:
        try:
            return Client(bridge, authkey=bytes(current_process().authkey))
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def main(task: Task, orders: Connection) -> None:
    """The whole life of a worker whose race is trained on the cluster."""
    try:
        train({"role": "worker"}, [Path(path) for path in task["paths"]], task["bridge"], orders)
    except (ValueError, Lost) as error:
        tell(orders, {"failed": str(error)})


def tell(orders: Connection, message: dict[str, Any]) -> None:
    """Sends a last message if somebody is there to receive it."""
    with suppress(OSError):
        orders.send_bytes(json.dumps(message).encode())
