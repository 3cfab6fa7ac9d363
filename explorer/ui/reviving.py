"""Reviving: another host takes the place of one that was killed, and what is watched goes on."""

from __future__ import annotations

import time
from pathlib import Path

from explorer.processes.client import Client
from explorer.runs import race
from explorer.runs.ends import HOST_KILLED
from explorer.search import search as searches
from explorer.ui import server

LET_GO_SECONDS = 10.0  # for the processes of a killed host to write what they have
LOOK_SECONDS = 0.05


def revive(dead: Client) -> None:
    """Another host takes the place of one that was killed, and what it trained goes on where somebody looks at it."""
    done: set[Path] = set()
    for path in dead.ordered():
        mates, _ = race.together(path)
        if path in done or not any(server.watchers().watched(str(mate)) for mate in mates):
            continue
        done.update(mates)
        if stopped(path):
            server.host().order(path, "play")
        for mate in mates:
            server.host().complain(mate, f"{HOST_KILLED}; another has been started, and what it trained goes on")


def stopped(path: Path) -> bool:
    """Waits until the processes of a killed host let go of a run; whether it was stopped by that alone."""
    if path.suffix == ".search":
        _, status = searches.read(path)
        return status.state == "searching" or status.reason == HOST_KILLED
    run, end = server.opened(str(path)), time.monotonic() + LET_GO_SECONDS
    while run.being_written() and time.monotonic() < end:
        time.sleep(LOOK_SECONDS)
    state = run.status
    return state.state in ("waiting", "interrupted") or state.reason == HOST_KILLED
