"""Excerpt: part of a run file as bytes that are themselves a run file.

What is sent to the cluster is a run without its older weights; what comes back are the rows written since the last
time.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from explorer.runs import file

EVERYTHING = "1"
GROWING = {"steps": "step", "tensors": "step", "validation": "step", "events": "id"}  # each with a key that only grows
SENT = ("meta", "steps", "tensors", "validation", "snapshots", "events")  # the overview follows from the steps
LONG_PAGES, SHORT_PAGES = 65536, 4096  # bytes; long ones for a file that gets weights


def excerpt(connection: sqlite3.Connection, where: dict[str, str], page: int = SHORT_PAGES) -> bytes:
    """The rows of each table for which its condition holds. page: page size of the file made."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        made.execute(f"PRAGMA page_size = {page}")
        made.executescript(file.SCHEMA)
        made.execute(f"PRAGMA application_id = {file.APPLICATION_ID}")
        made.execute(f"PRAGMA user_version = {file.VERSION}")
        for table, condition in where.items():
            add(made, table, connection.execute(f"SELECT * FROM {table} WHERE {condition}").fetchall())
        return made.serialize()


def add(connection: sqlite3.Connection, table: str, rows: list[tuple]) -> None:
    """Inserts rows into a table, replacing those with the same key."""
    if rows:
        places = ", ".join("?" * len(rows[0]))
        connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({places})", rows)


def rows_of(data: bytes) -> dict[str, list[tuple]]:
    """The rows of an excerpt, by table, each table in the order of its key."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(data)
        return {table: database.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in SENT}


def seed(path: Path) -> bytes:
    """What is needed to train on: a run without the weights of older steps. RunFileError if it is no run."""
    newest = "step = (SELECT max(step) FROM snapshots WHERE state IS NOT NULL)"
    needed = dict.fromkeys(("meta", "steps", "validation", "events"), EVERYTHING) | {"snapshots": newest}
    with closing(file.connect(path)) as connection:
        return excerpt(connection, needed, LONG_PAGES)


def quoted(key: str) -> str:
    """A string as SQL writes it."""
    return "'" + key.replace("'", "''") + "'"


class News:
    """What is new in a run file since the last `take`; the content at the start counts as known."""

    def __init__(self, path: Path):
        self._connection = file.connect(path)
        self._version = self._changes()
        self._before = self._present()

    def take(self) -> bytes | None:
        """The new rows as an excerpt of one moment; None if there are none."""
        version = self._changes()
        if version == self._version:
            return None
        self._version = version
        self._connection.execute("BEGIN")
        try:
            before, self._before = self._before, self._present()
            where = {
                table: f"{key} > {before.last[table]}"
                for table, key in GROWING.items()
                if self._before.last[table] > before.last[table]
            }
            if changed := [key for key, value in self._before.meta.items() if before.meta.get(key) != value]:
                where["meta"] = f"key IN ({', '.join(quoted(key) for key in changed)})"
            if taken := self._before.snapshots - before.snapshots:
                where["snapshots"] = f"step IN ({', '.join(str(step) for step, _ in taken)})"
            return excerpt(self._connection, where) if where else None
        finally:
            self._connection.execute("COMMIT")

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def _changes(self) -> int:
        """A number that changes with every commit of another connection."""
        return self._connection.execute("PRAGMA data_version").fetchone()[0]

    def _present(self) -> Known:
        """What the file holds now."""
        last = {
            table: self._connection.execute(f"SELECT coalesce(max({key}), -1) FROM {table}").fetchone()[0]
            for table, key in GROWING.items()
        }
        return Known(
            last=last,
            meta=dict(self._connection.execute("SELECT key, value FROM meta")),
            snapshots=set(self._connection.execute("SELECT step, event FROM snapshots")),
        )


@dataclass(frozen=True)
class Known:
    """A file's rows by their keys: the last of each growing table, all of meta, (step, event) of weights."""

    last: dict[str, int]
    meta: dict[str, str]
    snapshots: set[tuple[int, int]]
