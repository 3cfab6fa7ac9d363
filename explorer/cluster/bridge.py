"""Bridge: the one process of a host that speaks with Ray. Each connection to it has an actor of its own.

children ──a local socket──> bridge ──> actors, a core of the cluster each

It joins the cluster when the first child comes. An actor that is done stays for a while, with torch loaded, for the
next child.
"""

from __future__ import annotations

import json
import math
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from multiprocessing import AuthenticationError, current_process
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any

from explorer.cluster import address
from explorer.cluster.actor import Actor
from explorer.processes.roles import Task

ROOT = Path(__file__).parents[2]
KNOCK_SECONDS = 3.0  # Ray itself would try for minutes
POLL_SECONDS = 0.5
TOKEN = "it asks for a token: set RAY_AUTH_MODE and RAY_AUTH_TOKEN as it has them"
NOBODY = "nobody answers there"
ENDED = "the process or the machine that trained has ended"
LOST_SECONDS = 30.0  # without a reply from an actor
IDLE_SECONDS = 60.0  # an actor waits this long for the next child
GOODBYE_SECONDS = 5.0  # for children to end, once the host has


class Refused(Exception):
    """One sentence for the child: the cluster cannot be reached, cannot train, or is lost."""


class Left(Refused):
    """The actor has ended, with its process or its machine, and the cluster goes on without it."""


class Bridge:
    """The state of the bridge's process. given: the cluster's address."""

    def __init__(self, given: str, socket_path: str):
        self.given = given
        if sys.platform != "win32":
            Path(socket_path).unlink(missing_ok=True)  # left over by a bridge that Ray ended with its cluster
        self.listener = Listener(socket_path, authkey=bytes(current_process().authkey))
        self.joining, self.joined = threading.Lock(), False
        self.idle: list[tuple[float, Any]] = []  # (idle since, actor)
        self.open: set[threading.Thread] = set()

    def run(self, host: Connection) -> None:
        """Serves children until the host leaves, then until the remaining children end."""
        threading.Thread(target=self.accept, daemon=True).start()
        while not gone(host, IDLE_SECONDS / 10):
            self.dismiss(time.monotonic() - IDLE_SECONDS)
        end = time.monotonic() + GOODBYE_SECONDS
        for thread in list(self.open):
            thread.join(max(0.0, end - time.monotonic()))

    def accept(self) -> None:
        """Accepts children as they come."""
        while True:
            try:
                connection = self.listener.accept()
            except AuthenticationError:
                continue
            except OSError:
                return
            thread = threading.Thread(target=self.serve, args=(connection,), daemon=True)
            self.open.add(thread)
            thread.start()

    def serve(self, connection: Connection) -> None:
        """Serves one child from its arrival to its leaving."""
        with closing(connection), suppress(EOFError, OSError):
            task = json.loads(connection.recv_bytes())
            files = {name: connection.recv_bytes() for name in task["files"]}
            try:
                with self.actor(connection) as actor:
                    self.begin(connection, actor, task, files)
                    self.exchange(connection, actor)
            except Refused as refused:
                say(connection, {"lost": str(refused), "alone": isinstance(refused, Left)})
                if self.joined and not answers(self.given):
                    os._exit(1)  # Ray would end this process anyway; the host starts another
        self.open.discard(threading.current_thread())

    @contextmanager
    def actor(self, connection: Connection) -> Iterator[Any]:
        """An actor on a core of its own, ended afterwards unless it is free for the next child.

        Refused if there is no cluster. EOFError if the child leaves before the cluster has room for it.
        """
        import ray

        with self.joining:
            if not self.joined:
                join(self.given)
                self.joined = True
            elif not answers(self.given):
                raise Refused(address.lost(self.given, NOBODY))
        actor = self.free() or ray.remote(num_cpus=1)(Actor).remote()
        try:
            for _ in self.waiting(connection, actor.__ray_ready__.remote()):
                if free := self.free():  # its core may be the one that this child waits for
                    ray.kill(actor)
                    actor = free
                    break
            yield actor
        except BaseException as error:
            with suppress(Exception):
                ray.kill(actor)
            if isinstance(error, ray.exceptions.RayActorError) and answers(self.given):
                self.dismiss(math.inf)  # they may be of the same machine; whoever comes next gets a fresh one
                raise Left(address.left(self.given, ENDED)) from None
            if isinstance(error, ray.exceptions.RayError):
                raise Refused(address.lost(self.given, self.why(error))) from None
            raise
        with self.joining:
            self.idle.append((time.monotonic(), actor))

    def free(self) -> Any:
        """An idle actor; None if there is none."""
        with self.joining:
            return self.idle.pop()[1] if self.idle else None

    def waiting(self, connection: Connection, future: Any) -> Iterator[None]:
        """Waits for a result of Ray's. Refused if the cluster is lost first, EOFError if the child leaves first."""
        import ray

        reported = False
        while not ray.wait([future], timeout=POLL_SECONDS)[0]:
            if gone(connection):
                raise EOFError
            if not reported:
                say(connection, {"waiting": True})
                reported = True
            if not answers(self.given):
                raise Refused(address.lost(self.given, NOBODY))
            yield

    def why(self, error: BaseException) -> str:
        """An error of Ray's in one sentence."""
        import ray

        if not answers(self.given):
            return NOBODY
        if isinstance(error, ray.exceptions.GetTimeoutError):
            return f"nothing heard for {LOST_SECONDS:g} s"
        return first_line(error)

    def dismiss(self, before: float) -> None:
        """Ends the actors idle since before this moment, so that others get their cores."""
        with self.joining:
            old, self.idle = [a for t, a in self.idle if t < before], [(t, a) for t, a in self.idle if t >= before]
        for actor in old:
            import ray

            with suppress(ray.exceptions.RayError):  # it has ended by itself
                ray.kill(actor)

    def begin(self, connection: Connection, actor: Any, task: dict[str, Any], files: dict[str, bytes]) -> None:
        """Starts the task once the actor has loaded torch. Refused if it cannot train; EOFError as in `waiting`."""
        import ray
        import torch

        beginning = actor.begin.remote(task, files)
        for _ in self.waiting(connection, beginning):
            pass
        try:
            version = ray.get(beginning)
        except ray.exceptions.RayTaskError as error:  # it runs, but not the code that it was sent
            raise Refused(address.unable(self.given, first_line(error.cause))) from None
        if version != torch.__version__:
            raise Refused(address.unable(self.given, f"they have torch {version}, here it is {torch.__version__}"))
        say(connection, {"begun": True})

    def exchange(self, connection: Connection, actor: Any) -> None:
        """Relays orders to the actor and its answers and news to the child, until it is over."""
        import ray

        goodbye, over = "", False
        while not over:
            orders = []
            while connection.poll(0):
                message = json.loads(connection.recv_bytes())
                goodbye = goodbye or message.get("goodbye", "")
                orders += [message["order"]] if "order" in message else []
            reply = ray.get(actor.exchange.remote(orders, goodbye), timeout=LOST_SECONDS)
            news = reply.pop("news")
            say(connection, reply | {"news": list(news)})
            for data in news.values():
                connection.send_bytes(data)
            over = reply["over"]


def join(given: str) -> None:
    """Joins this process to the cluster. Refused, in a sentence, if it cannot."""
    import ray

    if not answers(given):
        raise Refused(address.unreachable(given, NOBODY))
    packages = [str(ROOT / name) for name in ("explorer", "models")]
    try:
        ray.init(
            address=given,
            log_to_driver=False,
            configure_logging=False,
            logging_level="ERROR",
            runtime_env={"py_modules": packages},  # the same code as here
        )
    except Exception as error:  # Ray raises many kinds
        raise Refused(address.unreachable(given, TOKEN if asks_for_token(error) else first_line(error))) from None


def asks_for_token(error: BaseException | None) -> bool:
    """True if a cluster demands a token, however Ray has wrapped the error."""
    return error is not None and ("AuthToken" in str(error) or asks_for_token(error.__cause__))


def answers(given: str) -> bool:
    """True if somebody listens at an address, or Ray is to find it."""
    place = address.place(given)
    try:
        if place is not None:
            socket.create_connection(place, KNOCK_SECONDS).close()
    except OSError:
        return False
    return True


def first_line(error: BaseException) -> str:
    """The first line of an error, short enough for a sentence."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return lines[0][:160].rstrip(".")


def say(connection: Connection, message: dict[str, Any]) -> None:
    """Sends a message to a child."""
    connection.send_bytes(json.dumps(message).encode())


def gone(connection: Connection, seconds: float = 0.0) -> bool:
    """True once the other end, which is otherwise silent, has closed."""
    try:
        return connection.poll(seconds) and not connection.recv_bytes()
    except (EOFError, OSError):
        return True


def main(task: Task, host: Connection) -> None:
    """A bridge's whole life, in a process of its own."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    Bridge(address.address(), task["bridge"]).run(host)
