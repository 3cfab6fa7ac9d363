"""Client: the server's end of the host. Sends orders and requests, keeps what was answered.

Plain data behind a lock, filled by one thread that reads the connection; any thread may ask.
"""

from __future__ import annotations

import atexit
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any

from explorer.runs.answer import Answer, Lane, unpack

ROOT = Path(__file__).parents[2]


@dataclass
class Request:
    """A picture asked for: its answer to come, how far it is, whether to ask again: it broke, or another stood in."""

    answer: Future[Answer] = field(default_factory=Future)
    progress: tuple[int, int] | None = None
    broken: bool = False


class Client:
    """Starts the host process and talks to it.

    quota: at most so many runs train at once; the others wait.
    """

    def __init__(self, quota: int | None = None):
        self.quota = quota or os.cpu_count() or 1
        self._numbers = count(1)
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._requests: dict[int, Request] = {}
        self._orders: dict[str, dict[int, Future[None]]] = {}
        self._places: dict[str, int] = {}
        self._working: set[str] = set()
        self._complaints: dict[str, deque[str]] = {}
        self._connection: Connection | None = None
        key = secrets.token_bytes(32)
        self._folder = tempfile.TemporaryDirectory(prefix="explorer-")
        address = None if sys.platform == "win32" else str(Path(self._folder.name) / "host")
        self._listener = Listener(address, authkey=key)
        environment = os.environ | {
            "EXPLORER_HOST_KEY": key.hex(),
            "OMP_NUM_THREADS": "1",  # small products: two threads on two busy cores once cost forty times one
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "explorer.runs.host", str(self._listener.address), str(self.quota)],
            env=environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches the server alone
        )
        atexit.register(self.close)
        threading.Thread(target=self._read, daemon=True, name="host").start()

    def wait(self, timeout: float = 60) -> bool:
        """Waits until the host is warm; False if it is not in time."""
        return self._ready.wait(timeout)

    @property
    def alive(self) -> bool:
        """True until the host process ends."""
        return self.process.poll() is None

    @property
    def ready(self) -> bool:
        """True once the host is warm."""
        return self._ready.is_set()

    def order(self, run: Path, kind: str, **detail: Any) -> Future[None]:
        """Sends an order to a run's worker, which is made if there is none. Refusals: `complaints`.

        The future is done once the order was obeyed or refused, and so once its event is in the file.
        """
        number, obeyed = next(self._numbers), Future[None]()
        with self._lock:
            self._orders.setdefault(str(run), {})[number] = obeyed
            self._working.add(str(run))
        self._send({"run": str(run), "order": {"n": number, "kind": kind, "detail": detail}})
        return obeyed

    def request(self, function: str, lane: Lane = "quick", past: bool = False, **arguments: Any) -> Request:
        """Asks for `module:function(**arguments)` of the engine, computed in a looker.

        past: it is of a step of the past, and trainings give way to it where cores are few.
        """
        number, request = next(self._numbers), Request()
        with self._lock:
            self._requests[number] = request
        self._send({"request": number, "lane": lane, "past": past, "function": function, "arguments": arguments})
        return request

    def place(self, run: Path) -> int:
        """A run's place in the queue, from 1; 0 if it does not wait."""
        with self._lock:
            return self._places.get(str(run), 0)

    def working(self, run: Path) -> bool:
        """True while a run has a worker."""
        with self._lock:
            return str(run) in self._working

    def complaints(self, run: Path) -> list[str]:
        """Why orders to this run were refused, each told once."""
        with self._lock:
            told = self._complaints.pop(str(run), deque())
        return list(told)

    def close(self) -> None:
        """Lets the host go: it pauses every run and ends."""
        if self._connection is not None:
            with self._lock, suppress(OSError):  # said, for a close alone is not seen while a thread reads
                self._connection.send_bytes(json.dumps({"goodbye": True}).encode())
            self._connection.close()
        self._listener.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self._folder.cleanup()

    def _send(self, message: dict[str, Any]) -> None:
        if not self._ready.wait(60) or self._connection is None:
            raise ValueError("the process that trains did not start; reload the page to try again")
        with self._lock:
            try:
                self._connection.send_bytes(json.dumps(message).encode())
            except OSError:
                raise ValueError("the process that trains has ended; reload the page to start it again") from None

    def _read(self) -> None:
        """Takes in the host's messages until one of the two ends."""
        try:
            self._connection = connection = self._listener.accept()
            while True:
                message = json.loads(connection.recv_bytes())
                if "ready" in message:
                    self._ready.set()
                elif "request" in message:
                    self._answered(message, connection.recv_bytes() if "bytes" in message else b"")
                else:
                    self._told(message["run"], message)
        except (EOFError, OSError, TypeError):  # TypeError: closed by another thread while it was read
            with self._lock:
                waiting, self._requests = list(self._requests.values()), {}
            for request in waiting:
                request.broken = True
                request.answer.set_exception(ValueError("the process that computes pictures ended; reload"))

    def _answered(self, message: dict[str, Any], data: bytes) -> None:
        with self._lock:
            request = self._requests[message["request"]]
            if "progress" in message:
                done, of = message["progress"]
                request.progress = (done, of)
                return
            del self._requests[message["request"]]
        request.broken = "failed" in message
        reason = message.get("refused") or message.get("failed")
        if reason:
            request.answer.set_exception(ValueError(reason))
        else:
            answer = unpack(data)
            request.broken = bool(answer[0].get("standing_in"))
            request.answer.set_result(answer)

    def _told(self, run: str, message: dict[str, Any]) -> None:
        with self._lock:
            orders = self._orders.get(run, {})
            if "queued" in message:
                self._places[run] = message["queued"]
                (self._working.discard if message["queued"] else self._working.add)(run)
            if "ended" in message:
                self._working.discard(run)
            reason = message.get("refused") or message.get("failed")
            if reason:
                self._complaints.setdefault(run, deque(maxlen=5)).append(reason)
            over = [message["done"]] if "done" in message else list(orders) if "failed" in message else []
            obeyed = [orders.pop(number) for number in over if number in orders]
        for future in obeyed:
            future.set_result(None)
