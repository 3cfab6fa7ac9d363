"""The run file: one SQLite database, written by one recorder, read by anyone.

Plain numbers, JSON and safetensors; no pickle anywhere, so a stranger's run is safe to open.
"""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer.config.quoting import quoted
from explorer.runs import contents, leftovers
from explorer.runs.contents import RunFileError
from explorer.training.place import NEWEST

if TYPE_CHECKING:
    from explorer.config.run import RunConfig

__all__ = ["RunFileError", "Unwritable"]

ANOTHER_PLACE = "make room, or choose another place (EXPLORER_HOME says where runs live)"
UNREADY = ".unready-"  # prefix of the folder in which a run file is made
APPLICATION_ID = 0x41474558  # "AGEX"
VERSION = 1
LINE = 2  # steps that make a curve: committed at once, for a visitor who has just pressed play
FANOUT = 16  # steps in a block of the overview's level 1; blocks of one level in one of the next
LEVELS = 5
PAGE = 65536  # bytes: weights are long, and written three times faster than in small pages
WAL_PAGES = 64  # 4 MB of news, after which they move from the -wal into the file: a plain copy of it lacks only seconds
COLUMNS = ("loss", "lr", "grad_norm", "clipped_grad_norm", "metric", "seconds")

_summary = ",\n    ".join(f"{c}_min REAL, {c}_max REAL, {c}_mean REAL" for c in COLUMNS)
SCHEMA = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE steps (
    step INTEGER PRIMARY KEY,
    loss REAL, lr REAL, grad_norm REAL, clipped_grad_norm REAL, metric REAL, seconds REAL, tokens INTEGER
);
-- float32, one value a tensor, in the order of meta's "tensors"
CREATE TABLE tensors (step INTEGER PRIMARY KEY, grad_norms BLOB, update_ratios BLOB);
CREATE TABLE validation (step INTEGER PRIMARY KEY, loss REAL, metric REAL);
-- weights after `step` steps and the events up to `event`; with state, training goes on from here
CREATE TABLE snapshots (step INTEGER PRIMARY KEY, event INTEGER, weights BLOB, state BLOB);
CREATE TABLE events (id INTEGER PRIMARY KEY, step INTEGER, time REAL, kind TEXT, detail TEXT);
-- block b of level k sums up steps b·{FANOUT}^k to (b+1)·{FANOUT}^k − 1; peak: the one of largest grad_norm
CREATE TABLE overview (
    level INTEGER, block INTEGER, peak INTEGER,
    {_summary},
    PRIMARY KEY (level, block)
) WITHOUT ROWID;
"""


class Unwritable(RunFileError):
    """A file that cannot be written now: the disk is full, read-only, or locked for too long."""


def create(path: Path) -> sqlite3.Connection:
    """A new, empty run file."""
    connection = _open(path, "rwc")
    connection.execute(f"PRAGMA page_size = {PAGE}")
    named = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};"
    connection.executescript(f"BEGIN; {SCHEMA} {named} COMMIT")  # one wait for the disk, not nine
    return connection


def begin(path: Path, config: RunConfig, **meta: Any) -> None:
    """Makes the file of a run that has not started yet. RunFileError if one exists, or none can be made.

    It appears whole: a reader never finds half a file. meta: further values, as plain JSON.
    """
    with appearing(path) as unready, closing(create(unready)) as connection:
        connection.execute("BEGIN")
        set_meta(connection, "config", config.plain())
        set_meta(connection, "created", time.time())
        set_meta(connection, "implementation", NEWEST)
        set_meta(connection, "status", {"state": "waiting", "reason": ""})
        for key, value in meta.items():
            set_meta(connection, key, value)
        connection.execute("COMMIT")


def rename(path: Path, title: str) -> None:
    """Writes a run's title into its meta, also while it is trained; "" for none. ValueError if it is too long.

    The file's name and its time of writing stay. RunFileError if it cannot be read, Unwritable if not written.
    """
    words = " ".join("".join(c for c in title if c.isprintable() or c.isspace()).split())
    if len(words) > contents.LONGEST_TITLE:
        raise ValueError(f"the name has {len(words)} characters; use at most {contents.LONGEST_TITLE}")
    connect(path).close()  # refuses what is no run
    written = path.stat()
    with writing(path.name), closing(_open(path, "rw")) as connection:
        connection.execute("BEGIN IMMEDIATE")
        set_meta(connection, "title", words)
        connection.execute("COMMIT")
    with suppress(OSError):
        os.utime(path, ns=(written.st_atime_ns, written.st_mtime_ns))


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """A path to write to; the file then appears at `path` whole, or not at all.

    RunFileError if there already is a file, Unwritable if there is no room or no permission.
    """
    if path.exists():
        raise RunFileError(f"{path.name} is already there; choose another name or remove it first")
    with writing(path.name):
        path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as unready:
        yield unready


@contextmanager
def replacing(path: Path, way_out: str = ANOTHER_PLACE) -> Iterator[Path]:
    """A path to write to; the file then replaces the one at `path` whole, or not at all.

    It lies in a hidden folder next to it, which the next sweep removes if this process is killed. Unwritable as above.
    """
    with writing(path.name, way_out), leftovers.working(path.parent, UNREADY) as folder:
        unready = folder / path.name
        yield unready
        unready.replace(path)


@contextmanager
def writing(name: str, way_out: str = ANOTHER_PLACE) -> Iterator[None]:
    """Turns errors of writing a file into Unwritable: one sentence."""
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        raise Unwritable(f"{name} cannot be written ({reason(error)}); {way_out}") from None


def reason(error: Exception) -> str:
    """The system's reason for an error, in a few words."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return quoted(text[0].lower() + text[1:] if text else type(error).__name__)


def connect(path: Path, write: bool = False) -> sqlite3.Connection:
    """Opens a run file. RunFileError if it is missing, foreign, newer or damaged."""
    identity(path)
    try:
        connection = _open(path, "rw" if write else "ro")
        try:
            _check(connection, path.name)
            if write:
                _prepare(connection, path)
        except BaseException:
            connection.close()  # the exception's traceback would keep the file open
            raise
    except sqlite3.OperationalError as error:
        raise RunFileError(f"{path.name} cannot be opened ({reason(error)}); check that you may read it") from None
    except sqlite3.DatabaseError as error:
        raise RunFileError(f"{path.name} is not a run file or is damaged ({reason(error)}); choose another") from None
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Prepares a connection for writing. RunFileError if the newest writes lie next to another name."""
    if path.stat().st_nlink > 1 and lacks_newest(connection, path):
        raise RunFileError(
            f"{path.name} is one of several names of one file (hard links), and its newest steps are kept "
            "beside another of them; go on by that name, or with a copy"
        )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA secure_delete = OFF")  # thinning would write 80 MB of zeros at once
    connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")


def identity(path: Path) -> tuple[int, int]:
    """The device and inode of the file at `path`, the same by each of its names. RunFileError if none is there."""
    try:
        status = path.stat()
    except OSError:
        status = None
    if status is None or not stat.S_ISREG(status.st_mode):
        raise RunFileError(f"there is no run file {path.name}; choose another, or train a new run")
    return status.st_dev, status.st_ino


def begins_as_run(path: Path) -> bool:
    """Whether the file at `path` begins as run files do: SQLite's header with our number in it."""
    with suppress(OSError), path.open("rb") as there:
        head = there.read(72)
        return head.startswith(b"SQLite format 3") and int.from_bytes(head[68:], "big") == APPLICATION_ID
    return False


def displacement(path: Path, opened: tuple[int, int]) -> str:
    """What happened to the file `opened` at `path`, in words; empty if it is still there."""
    try:
        if identity(path) == opened:
            return ""
        fate = "was replaced by another file"
    except RunFileError:
        fate = "was deleted or moved"
    try:
        renamed = [other.name for other in path.parent.iterdir() if other.is_file() and identity(other) == opened]
    except (OSError, RunFileError):  # the folder is gone too, or is changing
        renamed = []
    return f"was renamed to {renamed[0]}" if renamed else fate


def lacks_newest(connection: sqlite3.Connection, path: Path) -> bool:
    """True for a copy of a growing run made without its -wal file, which had the newest steps."""
    state = get_meta(connection, "status", {}).get("state")
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    path = path.resolve()
    news = path.with_name(f"{path.name}-wal")
    return mode == "wal" and state in ("waiting", "training") and not (news.is_file() and news.stat().st_size)


def _open(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode={mode}",
        uri=True,
        timeout=5,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _check(connection: sqlite3.Connection, name: str) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    if not pages:
        raise RunFileError(f"{name} is not a run file but an empty one; choose another")
    if application != APPLICATION_ID:
        raise RunFileError(f"{name} is not a run file but another program's database; choose another")
    if version > VERSION:
        raise RunFileError(
            f"{name} was written by a newer version (format {version}, this one reads {VERSION}); update the explorer"
        )
    contents.check_schema(connection, SCHEMA, name)


def get_meta(connection: sqlite3.Connection, key: str, default: Any = None) -> Any:
    """A JSON value of the meta table. RunFileError if it does not fit its key."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return default if row is None else contents.meta(key, row[0], "the run file")


def set_meta(connection: sqlite3.Connection, key: str, value: Any) -> None:
    """Sets a JSON value of the meta table."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value)))
