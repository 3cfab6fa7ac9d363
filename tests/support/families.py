"""The processes that a host made: they share its session. Linux tells them under /proc."""

from __future__ import annotations

from pathlib import Path

import pytest

PROC = Path("/proc")
needs_proc = pytest.mark.skipif(not (PROC / "self" / "stat").exists(), reason="no /proc here")


def family(leader: int) -> set[int]:
    """The living processes of the session that process `leader` started, itself included."""
    found = set()
    for folder in PROC.iterdir():
        if folder.name.isdecimal():
            try:
                stat = (folder / "stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended meanwhile
            state, _, _, session = stat.rpartition(")")[2].split()[:4]
            if int(session) == leader and state not in "ZX":
                found.add(int(folder.name))
    return found


def resident(process: int | str) -> int:
    """Bytes of memory that a process has in use, with those that it shares."""
    rows = (PROC / str(process) / "status").read_text().splitlines()
    return next(int(row.split()[1]) * 1024 for row in rows if row.startswith("VmRSS"))
