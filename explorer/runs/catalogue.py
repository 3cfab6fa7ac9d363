"""The folder of runs: where they are, and their names."""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from pathlib import Path

from explorer.config.quoting import quoted
from explorer.home import home

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")


def folder() -> Path:
    """The folder of the runs; it may not exist yet."""
    return home() / "runs"


def new_path(stem: str) -> Path:
    """A free path, named after what is trained."""
    return folder() / f"{stem}-{secrets.token_hex(3)}.run"


def path_of(name: str) -> Path:
    """The path of a run by its id. ValueError if that is not a run's name."""
    if not is_name(name):
        raise ValueError(f"“{quoted(name)}” is not the name of a run; names look like reverse-3f2a9c")
    return folder() / f"{name}.run"


def is_name(name: str) -> bool:
    """True for an acceptable file name, such as `My copy (2)`. Never leads out of the folder."""
    return (
        name.isprintable() and name[:1] not in ("", ".") and len(name.encode()) <= 200 and not set(name) & set("/\\:")
    )


def newest(limit: int = 50) -> list[Path]:
    """Run files, most recently written first. `path_of` finds each by its name."""
    runs = []
    for path in folder().glob("*.run"):
        with suppress(OSError):  # just deleted, or a dangling link
            if is_name(path.stem) and path.is_file():
                runs.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(runs, reverse=True)[:limit]]
