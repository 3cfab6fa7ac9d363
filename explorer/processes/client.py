"""Client: the server's end of the host. Sends orders and requests, keeps the answers.

any thread ─> outbox ─> one thread that sends ─> host ─> one thread that reads ─> plain data behind a lock

The outbox keeps callers from waiting: with a long text under way in each direction, both ends would block for ever.
"""

from __future__ import annotations

import atexit
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Generic, Literal, TypeVar

from explorer.answers.records import record
from explorer.answers.records.record import R, Record
from explorer.runs import leftovers
from explorer.training.place import Place

ROOT = Path(__file__).parents[2]
COMPLAINTS = 256  # runs whose refused orders are remembered
FOLDER = "explorer-"  # prefix of the clients' temporary folders

# a looker computes one answer after another: one for quick pictures, one for slow ones, one for maps, where umap is
# loaded and never runs twice at once, and those that read the texts that visitors bring
Lane = Literal["quick", "slow", "maps", "texts"]
A = TypeVar("A")


@dataclass
class Request(Generic[A]):
    """A requested answer. broken: ask again, since it failed or is a stand-in.   kind: the record type of the answer.

    size: bytes of the answer; 0 before it is there.
    """

    answer: Future[A] = field(default_factory=Future)
    progress: tuple[int, int] | None = None
    broken: bool = False
    number: int = 0
    size: int = 0
    kind: type[Record] = Record


class Client:
    """Starts the host process and talks to it.

    quota: at most this many runs train at once; the others wait.
    """

    def __init__(self, quota: int | None = None):
        self.quota = quota or os.cpu_count() or 1
        self._numbers = count(1)
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._requests: dict[int, Request] = {}
        self._orders: dict[str, dict[int, Future[None]]] = {}
        self._places: dict[str, int] = {}
        self._working: dict[str, None] = {}  # by arrival
        self._complaints: OrderedDict[str, deque[str]] = OrderedDict()
        self._connection: Connection | None = None
        self._outbox: SimpleQueue[bytes | None] = SimpleQueue()  # None: nothing more is sent
        self._sender = threading.Thread(target=self._write, daemon=True, name="to the host")
        self._over = self._closed = False
        self._closing = threading.Lock()
        self.on_death: Callable[[], None] = lambda: None  # called when the host ends without having been closed
        self.computes: Place | None = None  # where the host and its children compute
        key = secrets.token_bytes(32)
        leftovers.sweep(Path(tempfile.gettempdir()), FOLDER)
        self._folder, self._held = leftovers.held(Path(tempfile.gettempdir()), FOLDER)  # as long as this process lives
        address = None if sys.platform == "win32" else str(self._folder / "host")
        self._listener = Listener(address, authkey=key)
        environment = os.environ | {
            "EXPLORER_HOST_KEY": key.hex(),
            "OMP_NUM_THREADS": "1",  # small products: two threads on two busy cores once cost forty times one
            "RAYON_NUM_THREADS": "1",  # of the tokenizers: a visitor's text takes one core at most
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "explorer.processes.host", str(self._listener.address), str(self.quota)],
            env=environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches only the server
        )
        atexit.register(self.close)
        threading.Thread(target=self._read, daemon=True, name="host").start()

    def wait(self, timeout: float = 60) -> bool:
        """Waits until the host is warm; False if it is not in time."""
        return self._ready.wait(timeout)

    @property
    def alive(self) -> bool:
        """True until the host process ends."""
        return not self._over and self.process.poll() is None

    @property
    def ready(self) -> bool:
        """True once the host is warm."""
        return self._ready.is_set()

    def order(self, run: Path, kind: str, **detail: Any) -> Future[None]:
        """Sends an order to a run's worker, which is started if there is none. Refusals: `complaints`.

        The future is done once the order is obeyed or refused, and so once its event is in the file.
        """
        number, obeyed = next(self._numbers), Future[None]()
        with self._lock:
            self._orders.setdefault(str(run), {})[number] = obeyed
            self._working[str(run)] = None
        self._send({"run": str(run), "order": {"n": number, "kind": kind, "detail": detail}})
        return obeyed

    def request(
        self, kind: type[R], /, lane: Lane = "quick", past: bool = False, visit: str = "", **arguments: Any
    ) -> Request[R]:
        """Requests a record of this kind, which its function computes in a looker from these arguments.

        past: it shows a past step; with few cores, trainings rest meanwhile.   visit: the tab that asks; tabs take
        turns.
        """
        request = Request[R](number=next(self._numbers), kind=kind)
        with self._lock:
            self._requests[request.number] = request
        wanted = {"lane": lane, "past": past, "visit": visit, "function": kind.function, "arguments": arguments}
        self._send({"request": request.number} | wanted)
        return request

    def call_off(self, request: Request) -> None:
        """Cancels a request that nobody waits for any more."""
        self._send({"cancel": request.number})

    def left(self, visit: str) -> None:
        """Cancels the requests of a visit that is over."""
        self._send({"left": visit})

    def place(self, run: Path) -> int:
        """A run's place in the queue, from 1; 0 if it does not wait."""
        with self._lock:
            return self._places.get(str(run), 0)

    def working(self, run: Path) -> bool:
        """True while a run has a worker."""
        with self._lock:
            return str(run) in self._working

    def concerned(self, run: Path) -> bool:
        """True while a run has a worker or waits for one, and so would train without a further order."""
        with self._lock:
            return str(run) in self._working or str(run) in self._places

    def ordered(self) -> list[Path]:
        """The runs with a worker, then those in the queue, in its order."""
        with self._lock:
            queue = sorted(self._places, key=self._places.__getitem__)
            return [Path(run) for run in [*(run for run in self._working if run not in queue), *queue]]

    def complain(self, run: Path, sentence: str) -> None:
        """Keeps a sentence for the viewers of a run."""
        with self._lock:
            self._complaints.setdefault(str(run), deque(maxlen=5)).append(sentence)
            while len(self._complaints) > COMPLAINTS:
                self._complaints.popitem(last=False)

    def complaints(self, run: Path) -> list[str]:
        """Why orders to this run were refused; each sentence is returned once."""
        with self._lock:
            return list(self._complaints.pop(str(run), ()))

    def close(self) -> None:
        """Ends the host, which pauses every run first. Once: where it just ended by itself, the reader closes too."""
        self._over = True
        with self._closing:
            if not self._closed:
                self._closed = True
                self._let_go()

    def _let_go(self) -> None:
        if self._connection is not None:
            self._outbox.put(json.dumps({"goodbye": True}).encode())  # closing is not noticed while a thread reads
            self._outbox.put(None)
            if self._sender.is_alive():
                self._sender.join(timeout=10)
            self._connection.close()
        self._listener.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self._held.release()
        shutil.rmtree(self._folder, ignore_errors=True)
        atexit.unregister(self.close)

    def _send(self, message: dict[str, Any]) -> None:
        """Sends the host a message, as soon as it listens."""
        if self._over or not self.alive:
            raise ValueError("the process that trains has ended; reload the page to start it again")
        self._outbox.put(json.dumps(message).encode())

    def _write(self) -> None:
        """Sends the outbox's messages until the client or the host closes."""
        assert self._connection is not None
        with suppress(OSError):
            while (data := self._outbox.get()) is not None:
                self._connection.send_bytes(data)

    def _read(self) -> None:
        """Handles the host's messages until one of the two ends."""
        try:
            self._connection = connection = self._listener.accept()
            self._sender.start()
            while True:
                message = json.loads(connection.recv_bytes())
                if "ready" in message:
                    self.computes = Place.of(message["computes"])
                    self._ready.set()
                elif "request" in message:
                    self._answered(message, connection.recv_bytes() if "bytes" in message else b"")
                else:
                    self._handle_run_news(message["run"], message)
        except (EOFError, OSError, TypeError):  # TypeError: closed by another thread while it was read
            with self._lock:
                let_go, self._over = self._over, True
                waiting, self._requests = list(self._requests.values()), {}
                orders, self._orders = list(self._orders.values()), {}
            ended = ValueError("the process that computes pictures ended; another is being started")
            for request in waiting:
                request.broken = True
                request.answer.set_exception(ended)
            for order in (order for numbered in orders for order in numbered.values()):
                order.set_result(None)
            if not let_go:
                self.process.wait()
                self.close()
                self.on_death()

    def _answered(self, message: dict[str, Any], data: bytes) -> None:
        with self._lock:
            request = self._requests[message["request"]]
            if "progress" in message:
                done, of = message["progress"]
                request.progress = (done, of)
                return
            del self._requests[message["request"]]
        request.broken, request.size = "failed" in message, len(data)
        reason = message.get("refused") or message.get("failed")
        if reason:
            request.answer.set_exception(ValueError(reason))
        else:
            try:
                answer = record.unpack(data, request.kind)
            except Exception as error:  # of another version: only this answer is lost
                request.broken = True
                request.answer.set_exception(ValueError(f"this answer cannot be read ({type(error).__name__})"))
            else:
                request.broken = bool(getattr(answer, "standing_in", False))
                request.answer.set_result(answer)

    def _handle_run_news(self, run: str, message: dict[str, Any]) -> None:
        reason = message.get("refused") or message.get("failed")
        if reason:
            self.complain(Path(run), reason)
        with self._lock:
            if message.get("queued"):
                self._places[run] = message["queued"]
            elif "queued" in message:
                self._places.pop(run, None)
                self._working[run] = None
            if message.get("queued") or "ended" in message:
                self._working.pop(run, None)
            orders = self._orders.get(run, {})
            over = [message["done"]] if "done" in message else list(orders) if "failed" in message else []
            obeyed = [orders.pop(number) for number in over if number in orders]
            if not orders:
                self._orders.pop(run, None)
        for future in obeyed:
            future.set_result(None)
