"""A host that writes down what it is asked and ordered."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from explorer.answers.records.record import Record
from explorer.processes.client import Request


class RecordingHost:
    """A host that writes down what it is asked and ordered, and answers as it is told to."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, Any]]] = []  # function, lane, arguments
        self.orders: list[tuple[str, str, dict[str, Any]]] = []  # run, kind, detail
        self.at_work: set[str] = set()
        self.queued: set[str] = set()
        self.called_off: list[Request] = []
        self.gone: list[str] = []
        self.answer: Callable[[Request], None] = lambda request: None

    def request(self, kind: type[Record], /, lane: str = "quick", **arguments: Any) -> Request:
        self.requests.append((kind.function, lane, arguments))
        request = Request()
        self.answer(request)
        return request

    def order(self, run: Path, kind: str, **detail: Any) -> Future[None]:
        self.orders.append((str(run), kind, detail))
        return Future()

    def working(self, run: Path) -> bool:
        return str(run) in self.at_work

    def call_off(self, request: Request) -> None:
        self.called_off.append(request)

    def left(self, visit: str) -> None:
        self.gone.append(visit)

    def concerned(self, run: Path) -> bool:
        return str(run) in self.at_work or str(run) in self.queued
