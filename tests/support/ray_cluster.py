"""A Ray of the test's own: one machine, two cores, started and ended here."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from families import family
from waiting import until

# its ports are open to others, so it has a secret of its own
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}


@dataclass
class Cluster:
    """address: of its head.   leader: the process that started it and all of its own."""

    address: str
    leader: int

    def actors(self) -> list[int]:
        """The processes that train, or wait for something to train."""
        return [pid for pid in family(self.leader) if b"ray::Actor" in command(pid)]

    def kill(self) -> None:
        """Ends all of it at once."""
        for pid in family(self.leader):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def command(pid: int) -> bytes:
    """A process's command line; nothing where it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


@contextmanager
def two_workers() -> Iterator[Cluster]:
    """A cluster on this machine with room for two trials at once."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [f"--port={port}", "--num-cpus=2", "--include-dashboard=false", "--disable-usage-stats"]
    start = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", *options]
    process = subprocess.Popen(
        start, env=os.environ | QUIET, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    cluster = Cluster(f"127.0.0.1:{port}", process.pid)
    try:
        until(lambda: answers(port), "Ray answers", 60)
        until(lambda: any(b"raylet/raylet" in command(pid) for pid in family(process.pid)), "it has a machine", 60)
        yield cluster
    finally:
        cluster.kill()
        process.wait()


def answers(port: int) -> bool:
    """True once somebody listens on a port of this machine."""
    with socket.socket() as knocking:
        return knocking.connect_ex(("127.0.0.1", port)) == 0
