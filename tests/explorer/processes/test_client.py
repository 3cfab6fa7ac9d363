"""The server's end of the host: nobody waits for it, whatever the two say to each other at once."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Client as Connect
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from waiting import until

from explorer.answers.records.record import Record, pack
from explorer.processes import client as client_module
from explorer.processes.client import Client

LARGE = 5_000_000  # bytes: as long as a visitor's text may be


@dataclass(frozen=True)
class Zeros(Record):
    """An answer that no function gives."""

    function = "explorer.answers.task:fit"
    number: int
    zeros: np.ndarray


class Played:
    """A host process that the test plays: `connect` gives its end of the connection."""

    def __init__(self, command: list[str], env: dict[str, str], **_: Any):
        self.address, self.key = command[3], bytes.fromhex(env["EXPLORER_HOST_KEY"])
        self.pid = 0

    def connect(self) -> Connection:
        connection = Connect(self.address, authkey=self.key)
        connection.send_bytes(json.dumps({"ready": 1, "computes": None}).encode())
        return connection

    def poll(self) -> None:
        return None

    def wait(self, timeout: float | None = None) -> int:
        return 0

    def kill(self) -> None:
        return None


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setattr(client_module.subprocess, "Popen", Played)
    client = Client(quota=1)
    yield client
    client.close()


def aside(act: Any, *values: Any) -> threading.Thread:
    """Does something in a thread of its own."""
    thread = threading.Thread(target=act, args=values, daemon=True)
    thread.start()
    return thread


def answer(host: Connection, number: int, size: int = 8) -> None:
    """The host answers a request in about so many bytes."""
    data = pack(Zeros(number, np.zeros(size, np.uint8)))
    host.send_bytes(json.dumps({"request": number, "bytes": len(data)}).encode())
    host.send_bytes(data)


def test_a_long_text_and_long_answers_on_their_way_at_once_do_not_wait_for_each_other(client: Client):
    host = client.process.connect()
    assert client.wait(10)
    requests = [client.request(Zeros) for _ in range(3)]
    asking = aside(lambda: [client.request(Zeros, text="A" * LARGE) for _ in range(3)])

    def answering() -> None:
        for request in requests:
            answer(host, request.number, LARGE)
        for _ in range(6):
            host.recv_bytes()

    playing = aside(answering)
    playing.join(20)
    if playing.is_alive():
        host.close()  # so that the test ends
        pytest.fail("both ends wait for each other")
    asking.join(10)
    for request in requests:
        came = request.answer.result(timeout=120)
        assert (came.number, len(came.zeros)) == (request.number, LARGE)
        assert request.size > LARGE


def test_what_is_said_before_the_host_is_there_is_said_to_it_in_order(client: Client):
    numbers = [client.request(Zeros, text="A" * LARGE).number for _ in range(3)]
    client.order(Path("a.run"), "play")
    host = client.process.connect()
    assert [json.loads(host.recv_bytes())["request"] for _ in range(3)] == numbers
    assert json.loads(host.recv_bytes())["order"]["kind"] == "play"


def test_it_is_closed_once_whoever_closes_it(client: Client, monkeypatch: pytest.MonkeyPatch):
    closed, close = [], client._listener.close
    monkeypatch.setattr(client._listener, "close", lambda: closed.append(client) or close())
    host = client.process.connect()
    assert client.wait()
    host.close()  # its reader hears of it and closes, at the same time as these
    threads = [threading.Thread(target=client.close) for _ in range(4)]
    for act in (threading.Thread.start, threading.Thread.join):
        for thread in threads:
            act(thread)
    client.close()
    assert closed == [client]


def test_nothing_is_kept_of_runs_that_are_over(client: Client):
    host = client.process.connect()
    for number in range(2000):
        path = Path(f"{number}.run")
        order = client.order(path, "play")
        request = json.loads(host.recv_bytes())
        for message in ({"queued": 1}, {"queued": 0}, {"done": request["order"]["n"], "refused": "no"}, {"ended": 0}):
            host.send_bytes(json.dumps({"run": str(path)} | message).encode())
        order.result(timeout=120)
    until(lambda: not client.ordered(), "all ended")
    assert not client._orders
    assert not client._places
    assert len(client._complaints) <= client_module.COMPLAINTS
    assert client.complaints(path) == ["no"]


def test_a_page_that_asks_does_not_wait_for_a_host_that_does_not_listen(client: Client):
    host = client.process.connect()
    asking = aside(lambda: [client.request(Zeros, text="A" * LARGE) for _ in range(3)])
    asking.join(10)
    alive = asking.is_alive()
    host.close()
    assert not alive


def test_who_closes_says_goodbye_first(client: Client):
    host = client.process.connect()
    assert client.wait(10)
    request = client.request(Zeros)
    client.close()
    assert json.loads(host.recv_bytes())["request"] == request.number
    assert json.loads(host.recv_bytes()) == {"goodbye": True}
    host.close()
    assert "ended" in str(request.answer.exception(timeout=120))
    with pytest.raises(ValueError, match="reload the page"):
        client.order(Path("a.run"), "play")
