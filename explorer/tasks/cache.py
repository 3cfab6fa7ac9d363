"""Cache: arrays that take a while to make, kept in the user's folder so that a card opens at once.

An entry is a folder of .npy files and one JSON file. It appears whole or not at all, and never changes afterwards, so
any number of processes may map it into memory.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from explorer.home import home

KEPT = 24  # entries; those go first that were longest unused
STALE_SECONDS = 3600  # an older draft was left by a killed process
makes = True  # False in a process whose answers others wait for: it only reads entries


class Unmade(Exception):
    """An entry does not exist yet, and this process may not make it."""


@dataclass(frozen=True)
class Entry:
    """arrays: memory-mapped.   about: plain JSON."""

    arrays: dict[str, np.ndarray]
    about: dict[str, Any]


def folder() -> Path:
    """The folder of the entries."""
    return home() / "cache"


def cached(name: str, key: str, make: Callable[[], Entry]) -> Entry:
    """The entry of this name and key, made first if it does not exist. Unmade if this process may not make it.

    The key also covers the code in this folder: a changed reader or tokenizer makes new entries.
    """
    code = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    digest = hashlib.sha256(code + key.encode()).hexdigest()[:24]
    path = folder() / f"{name}-{digest}"
    try:
        return load(path)
    except OSError:
        if not makes:
            raise Unmade from None
        entry = make()
    try:
        save(path, entry)
        return load(path)
    except OSError:  # no room, or no permission: it is made again next time
        return entry


def load(path: Path) -> Entry:
    """FileNotFoundError if there is no such entry."""
    with suppress(PermissionError):  # another user's
        os.utime(path)  # used now
    about = json.loads((path / "about.json").read_text(encoding="utf-8"))
    # copy-on-write: torch wants writable memory, and the file stays as it is
    return Entry({p.stem: np.load(p, mmap_mode="c") for p in path.glob("*.npy")}, about)


def save(path: Path, entry: Entry) -> None:
    """Writes an entry next to its place and moves it there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=path.parent, prefix=".draft-"))
    try:
        for name, array in entry.arrays.items():
            np.save(draft / f"{name}.npy", array, allow_pickle=False)
        (draft / "about.json").write_text(json.dumps(entry.about, ensure_ascii=False), encoding="utf-8")
        draft.rename(path)
    except OSError:
        if not path.exists():
            raise  # else another process was first; theirs is the same
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    entries = sorted((p for p in path.parent.iterdir() if p.name[0] != "."), key=lambda p: p.stat().st_mtime)
    left = [p for p in path.parent.glob(".draft-*") if p.stat().st_mtime < time.time() - STALE_SECONDS]
    for old in [*entries[:-KEPT], *left]:
        shutil.rmtree(old, ignore_errors=True)
