"""The folder of runs: where they are kept, what they are called."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from explorer.home import home

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")


def folder() -> Path:
    """Where runs live."""
    path = home() / "runs"
    path.mkdir(parents=True, exist_ok=True)
    return path


def new_path(stem: str) -> Path:
    """A path that is free, named after what is trained."""
    return folder() / f"{stem}-{secrets.token_hex(3)}.run"


def path_of(name: str) -> Path:
    """The path of a run by its id. ValueError where that is not a run's name."""
    if not NAME.fullmatch(name):
        raise ValueError(f"“{name[:80]}” is not the name of a run; names look like reverse-3f2a9c")
    return folder() / f"{name}.run"


def newest(limit: int = 50) -> list[Path]:
    """Run files, the one written last first."""
    found = sorted(folder().glob("*.run"), key=lambda p: p.stat().st_mtime, reverse=True)
    return found[:limit]
