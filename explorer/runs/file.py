"""The run file: one SQLite database, written by one recorder, read by anyone.

Plain numbers, JSON and safetensors; no pickle anywhere, so a stranger's run is safe to open.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from explorer.config import RunConfig

APPLICATION_ID = 0x41474558  # "AGEX"
VERSION = 1
LINE = 2  # steps of which a curve can be drawn: committed at once, for whoever has just pressed play
FANOUT = 16  # steps in a block of the overview's level 1; blocks of one level in one of the next
LEVELS = 5
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
TABLES = frozenset({"meta", "steps", "tensors", "validation", "snapshots", "events", "overview"})


class RunFileError(ValueError):
    """A file that cannot be used as a run: one sentence that names the file, what is wrong, a way out."""


def create(path: Path) -> sqlite3.Connection:
    """A new, empty run file."""
    connection = _open(path, "rwc")
    connection.execute("PRAGMA page_size = 65536")  # weights are long: three times faster than in small pages
    named = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};"
    connection.executescript(f"BEGIN; {SCHEMA} {named} COMMIT")  # one wait for the disk, not nine
    return connection


def begin(path: Path, config: RunConfig, **meta: Any) -> None:
    """Makes the file of a run that has not started yet. RunFileError where there already is a file.

    It appears whole: a reader never finds half a file. meta: what else it is to say of itself, as plain JSON.
    """
    if path.exists():
        raise RunFileError(f"{path.name} is already there; choose another name or remove it first")
    path.parent.mkdir(parents=True, exist_ok=True)
    unready = path.with_name(f".{path.name}.{os.getpid()}")
    with closing(create(unready)) as connection:
        connection.execute("BEGIN")
        set_meta(connection, "config", config.plain())
        set_meta(connection, "created", time.time())
        set_meta(connection, "status", {"state": "waiting", "reason": ""})
        for key, value in meta.items():
            set_meta(connection, key, value)
        connection.execute("COMMIT")
    unready.replace(path)


def connect(path: Path, write: bool = False) -> sqlite3.Connection:
    """Opens a run file. RunFileError where it is missing, foreign, newer or damaged."""
    if not path.is_file():
        raise RunFileError(f"there is no run file {path.name}; see `python -m explorer presets` for making one")
    try:
        connection = _open(path, "rw" if write else "ro")
        _check(connection, path.name)
        if write:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
    except sqlite3.OperationalError as error:
        raise RunFileError(f"{path.name} cannot be opened ({error}); check that you may read it") from None
    except sqlite3.DatabaseError as error:
        raise RunFileError(f"{path.name} is not a run file or is damaged ({error}); choose another") from None
    return connection


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
    if application != APPLICATION_ID:
        raise RunFileError(f"{name} is not a run file but another program's database; choose another")
    if version > VERSION:
        raise RunFileError(
            f"{name} was written by a newer version (format {version}, this one reads {VERSION}); update the explorer"
        )
    things = connection.execute("SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").fetchall()
    if {(kind, table) for kind, table in things} != {("table", table) for table in TABLES}:
        raise RunFileError(f"{name} does not have a run file's tables; choose another")


def get_meta(connection: sqlite3.Connection, key: str, default: Any = None) -> Any:
    """A JSON value of the meta table."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return default if row is None else json.loads(row[0])


def set_meta(connection: sqlite3.Connection, key: str, value: Any) -> None:
    """Sets a JSON value of the meta table."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value)))
