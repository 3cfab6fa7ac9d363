"""Shelf: answers kept for all visits, each asked for once, bounded by number and by bytes."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from explorer.processes.client import Request

MOST = 256  # answers on a shelf
MOST_BYTES = 128_000_000  # of them all: thirty times the attention of a large model at a step

A = TypeVar("A")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass
class Shelf:
    """Requests by their question. Those used longest ago go where there are too many, or too many bytes in all.

    The newest one always stays, however large its answer is.
    """

    kept: OrderedDict[bytes, Request[Any]] = field(default_factory=OrderedDict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def get(self, question: tuple, ask: Callable[[], Request[A]]) -> Request[A]:
        """The request of this question. It is asked for unless the answer is there or under way."""
        key = digest(question)
        with self.lock:
            request = self.kept.get(key)
            if request is None or request.broken:
                request = self.kept[key] = ask()
                request.answer.add_done_callback(lambda _: self.bound())  # only then its bytes are known
            self.kept.move_to_end(key)
            self.bound()
        return request

    def bound(self) -> None:
        """Lets go of what is too much."""
        with self.lock:
            while len(self.kept) > 1 and (len(self.kept) > MOST or self.bytes() > MOST_BYTES):
                self.kept.popitem(last=False)

    def bytes(self) -> int:
        """Of all answers that have come."""
        return sum(request.size for request in self.kept.values())


def digest(question: tuple) -> bytes:
    """A question in a few bytes: a visitor's text may be part of it."""
    return hashlib.blake2b(repr(question).encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Recent(OrderedDict[K, V]):
    """A dictionary of at most `most` entries: the one written longest ago goes."""

    def __init__(self, most: int = MOST):
        super().__init__()
        self.most = most

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        while len(self) > self.most:
            self.popitem(last=False)
