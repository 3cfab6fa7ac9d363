"""A host that is this very process: every request is answered at once, and no run is trained.

What a test registers for its own length, a forked process would not know.
"""

from __future__ import annotations

import json
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from explorer.answers.records.record import R, unpack
from explorer.processes.client import Request
from explorer.processes.looker import call
from explorer.training.loop import Diverged


class Here:
    """Stands in for a Client. failures: the requests that ended in an exception, which a visitor must never see."""

    alive = ready = True
    computes = None
    quota = 1

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.refused: list[str] = []
        self.functions: set[str] = set()

    def request(
        self, kind: type[R], /, lane: str = "quick", past: bool = False, visit: str = "", **arguments: Any
    ) -> Request[R]:
        request, function = Request[R](), kind.function
        self.functions.add(function)
        try:
            data = call(function, json.loads(json.dumps(arguments)), lambda done, of: None)
            request.answer.set_result(unpack(data, kind))
        except (ValueError, Diverged) as error:
            self.refused.append(f"{function}: {error}")
            request.answer.set_exception(ValueError(str(error)))
        except Exception as error:
            self.failures.append(f"{function}({arguments}): {type(error).__name__}: {error}")
            request.answer.set_exception(ValueError(str(error)))
        return request

    def order(self, run: Path, kind: str, **detail: Any) -> Future[None]:
        obeyed = Future[None]()
        obeyed.set_result(None)
        return obeyed

    def wait(self, timeout: float = 60) -> bool:
        return True

    def place(self, run: Path) -> int:
        return 0

    def working(self, run: Path) -> bool:
        return False

    def concerned(self, run: Path) -> bool:
        return False

    def ordered(self) -> list[Path]:
        return []

    def complaints(self, run: Path) -> list[str]:
        return []

    def complain(self, run: Path, sentence: str) -> None:
        raise AssertionError(sentence)

    def call_off(self, request: Request) -> None:
        raise AssertionError("every request is answered at once")

    def left(self, visit: str) -> None:
        return None
