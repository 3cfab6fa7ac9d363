"""Arrays that take a while to make, kept in the user's folder: the click on a card waits for them.

An entry is a folder of .npy files and one JSON file. It appears whole or not at all, and nothing changes
it afterwards, so that any number of processes may map it into memory.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from explorer.home import home

KEPT = 24  # entries; the oldest go first


@dataclass(frozen=True)
class Entry:
    """arrays: read into memory page by page as they are used.   about: plain JSON."""

    arrays: dict[str, np.ndarray]
    about: dict[str, Any]


def folder() -> Path:
    """Where entries are."""
    return home() / "cache"


def cached(name: str, key: str, make: Callable[[], Entry]) -> Entry:
    """The entry of this name and key, made first where it is not there yet.

    The key also covers the code beside this file: a changed reader or tokenizer makes entries anew.
    """
    code = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    digest = hashlib.sha256(code + key.encode()).hexdigest()[:24]
    path = folder() / f"{name}-{digest}"
    try:
        return load(path)
    except FileNotFoundError:
        save(path, make())
        return load(path)


def load(path: Path) -> Entry:
    """FileNotFoundError where there is no such entry."""
    about = json.loads((path / "about.json").read_text(encoding="utf-8"))
    # copy-on-write: torch wants writable memory, and the file stays as it is
    return Entry({p.stem: np.load(p, mmap_mode="c") for p in path.glob("*.npy")}, about)


def save(path: Path, entry: Entry) -> None:
    """Writes an entry beside its place and moves it there at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=path.parent, prefix=".draft-"))
    for name, array in entry.arrays.items():
        np.save(draft / f"{name}.npy", array, allow_pickle=False)
    (draft / "about.json").write_text(json.dumps(entry.about, ensure_ascii=False), encoding="utf-8")
    try:
        draft.rename(path)
    except OSError:
        if not path.exists():
            raise
        shutil.rmtree(draft)  # another process was first; theirs is the same
    entries = sorted((p for p in path.parent.iterdir() if p.name[0] != "."), key=lambda p: p.stat().st_mtime)
    for old in entries[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
