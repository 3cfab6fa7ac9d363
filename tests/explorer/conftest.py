"""A tiny run, and one host for all tests that have one train; each leaves it without a run in training."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_runs import recorded

from explorer import Run
from explorer.processes.client import Client


@pytest.fixture(scope="session")
def client() -> Iterator[Client]:
    client = Client(quota=4)
    assert client.wait()
    yield client
    client.close()


@pytest.fixture
def tiny(tmp_path: Path) -> Run:
    """Forty steps of a tiny run."""
    return recorded(tmp_path / "tiny.run", 40)
