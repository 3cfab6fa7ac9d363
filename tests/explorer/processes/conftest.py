"""One host for all tests of processes; each leaves it without a run in training."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from explorer.processes.client import Client


@pytest.fixture(scope="session")
def client() -> Iterator[Client]:
    client = Client(quota=4)
    assert client.wait()
    yield client
    client.close()
