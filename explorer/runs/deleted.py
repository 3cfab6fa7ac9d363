"""Deleted: runs that were deleted a moment ago, which can be brought back, and the settings of those that are gone.

remove ─> FOLDER/name.run ──> bring_back (within UNDO_SECONDS)
      └─> FOLDER/name.json    empty: the file is gone, its space given back; the settings stay, to train the same again
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import Timeout

from explorer.config.run import RunConfig
from explorer.runs import catalogue, quota
from explorer.runs.file import RunFileError
from explorer.runs.lock import run_lock
from explorer.runs.run import Run

UNDO_SECONDS = 60.0
FOLDER = ".deleted"  # in the folder of runs
LONGEST = 100_000  # bytes of settings: a visitor's own text is not kept
MOST = 1000  # settings of deleted runs


@dataclass(frozen=True)
class Former:
    """A run that was deleted. config: None if it is not known any more.   back: whether it can be brought back."""

    config: RunConfig | None
    back: bool


def folder() -> Path:
    """Where deleted runs wait."""
    return catalogue.folder() / FOLDER


def remove(path: Path) -> None:
    """Puts a run among the deleted ones. ValueError if somebody writes it."""
    settings = _settings(path)
    there = folder()
    there.mkdir(parents=True, exist_ok=True)
    try:
        with run_lock(path).acquire(timeout=0):
            for ending in quota.BESIDE[1:]:  # the file itself last: the rest means nothing without it
                with suppress(FileNotFoundError):
                    path.with_name(path.name + ending).replace(there / f"{path.name}{ending}")
            path.replace(there / path.name)
    except Timeout:
        raise ValueError(f"{path.name} is being trained; pause it first") from None
    (there / f"{path.stem}.json").write_text(json.dumps({"config": settings}))  # its time is that of the deletion


def bring_back(name: str) -> Path:
    """Undoes `remove`. ValueError if the run is gone, or another one has its name."""
    path = catalogue.path_of(name)
    if not (folder() / path.name).is_file():
        raise ValueError(f"{path.name} is gone: what is deleted can be brought back for {UNDO_SECONDS:g} seconds")
    if path.exists():
        raise ValueError(f"{path.name} is there again, so the deleted one cannot come back; save that one, delete it")
    for ending in reversed(quota.BESIDE):
        with suppress(FileNotFoundError):
            (folder() / f"{path.name}{ending}").replace(path.with_name(path.name + ending))
    (folder() / f"{name}.json").unlink(missing_ok=True)
    return path


def former(name: str) -> Former | None:
    """The deleted run of this name; None if no such run was deleted here."""
    if not catalogue.is_name(name):
        return None
    try:
        stored = json.loads((folder() / f"{name}.json").read_text())
        plain = stored["config"]
        config = None if plain is None else RunConfig.from_plain(plain)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Former(config, (folder() / f"{name}.run").is_file())


def waiting() -> list[str]:
    """The names of the runs that can be brought back, the one deleted last first."""
    moments = {}
    for settings in folder().glob("*.json"):
        with suppress(OSError):
            if settings.with_suffix(".run").is_file():
                moments[settings.stem] = settings.stat().st_mtime
    return sorted(moments, key=lambda name: (-moments[name], name))


def empty(now: float | None = None) -> None:
    """Removes for good what was deleted UNDO_SECONDS ago, and the oldest settings of all."""
    until = (time.time() if now is None else now) - UNDO_SECONDS
    settings = []
    for path in folder().glob("*.json"):
        with suppress(OSError):
            settings.append((path.stat().st_mtime, path))
    for moment, path in settings:
        if moment <= until:
            with suppress(ValueError, OSError):
                if path.with_suffix(".run").is_file():
                    quota.remove(path.with_suffix(".run"))
    for _, path in sorted(settings, reverse=True)[MOST:]:
        path.unlink(missing_ok=True)


def _settings(path: Path) -> object:
    """A run's settings as plain JSON; None if they are long, or the file cannot be read."""
    try:
        run = Run.open(path)
    except RunFileError:
        return None
    plain = run.config.plain()
    run.close()
    return plain if len(json.dumps(plain)) <= LONGEST else None
