"""Run files as a stranger might send them: one thing in a sound file is changed, drawn by a seeded generator."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from tiny_runs import TINY

from explorer.runs import file
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore
from explorer.runs.run import Run

STEPS = 12
NESTED = "[" * 100_000
VALUES: list[Any] = [None, "", "abc", b"\x00\xff", 0, -1, 1.5, 2**62, -(2**62), 1e308, float("inf"), float("-inf")]
VALUES += ["x" * 300_000, NESTED, '{"a": ' * 500, "true", "[1]", "{}", "nan", "NaN", "1e999", "9" * 5000]
PLAIN: list[Any] = [
    None,
    True,
    -1,
    2**70,
    0.5,
    1e308,
    "",
    "abc",
    "x" * 200_000,
    [],
    [[[[[[[[[[1]]]]]]]]]],
    {},
    {"a": 1},
]
TABLES = {
    "meta": ("key", "value"),
    "steps": ("step", *file.COLUMNS, "tokens"),
    "tensors": ("step", "grad_norms", "update_ratios"),
    "validation": ("step", "loss", "metric"),
    "snapshots": ("step", "event", "weights", "state"),
    "events": ("id", "step", "time", "kind", "detail"),
    "overview": ("level", "block", "peak", "loss_min", "loss_mean", "seconds_max"),
}
SCHEMAS = (
    "CREATE TABLE cats (name)",
    "ALTER TABLE steps ADD COLUMN more",
    "ALTER TABLE events RENAME COLUMN kind TO sort",
    "CREATE VIEW more AS SELECT * FROM steps",
    "DROP TABLE validation",
    "PRAGMA user_version = 7",
    "PRAGMA application_id = 1",
    "DELETE FROM meta",
    "DELETE FROM steps",
    "DELETE FROM steps WHERE step = 5",
    "DELETE FROM snapshots",
    "DELETE FROM events",
    "DELETE FROM meta WHERE key = 'tensors'",
    "DELETE FROM meta WHERE key = 'status'",
    "UPDATE steps SET step = step + 1000000000",
    "UPDATE snapshots SET step = -step",
    "UPDATE events SET id = id - 3",
)
ORDERS: list[tuple[str, dict[str, Any]]] = [
    ("started", {}),
    ("set", {"optimizer.lr": 0.002}),
    ("ablate", {"head": "blocks.0.attention.1"}),
    ("speed", {"value": 20.0}),
    ("bookmark", {"label": "here"}),
]


def sound(path: Path) -> bytes:
    """A run with a bit of everything that a file can hold."""
    race = {"id": "r", "name": "sgd", "members": {path.stem: "sgd", "other": "adam"}, "mode": "lockstep"}
    meta = {
        "parent": {"run": "reverse-1", "step": 3},
        "search": {"id": "s", "trial": 0, "params": {"optimizer.lr": 0.1}},
    }
    file.begin(path, TINY, race=race, **meta)
    with Recorder(path) as recorder:
        run = Run.open(path)
        training = restore(run, 0)
        run.close()
        recorder.describe(training)
        recorder.snapshot(training)
        for index in range(STEPS):
            recorder.add(next(training), training)
            if index < len(ORDERS):
                kind, detail = ORDERS[index]
                training.apply(kind, detail)
                recorder.event(training.step, kind, detail)
        recorder.validated(STEPS, 1.0, 0.5)
        recorder.snapshot(training)
        recorder.status("paused", "by hand")
    return path.read_bytes()


def mutated(data: bytes, path: Path, rng: np.random.Generator) -> str:
    """Writes the sound file with one thing changed to `path`; tells what, to be found again."""
    path.write_bytes(data)
    change: Callable[[Path, np.random.Generator], str] = (value, value, text, text, header, torn, schema)[
        rng.integers(7)
    ]
    return change(path, rng)


def edit(path: Path, sql: str, *values: Any) -> None:
    """Runs one statement, as far as SQLite takes it."""
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(sql, values)
        connection.commit()
    except (sqlite3.Error, OverflowError):  # a step that is a word, two of the same number
        pass
    finally:
        connection.close()


def value(path: Path, rng: np.random.Generator) -> str:
    """Another value in a column, of one row or of all."""
    table = list(TABLES)[rng.integers(len(TABLES))]
    column = TABLES[table][rng.integers(len(TABLES[table]))]
    new = VALUES[rng.integers(len(VALUES))]
    where = "" if rng.integers(2) else f" WHERE {TABLES[table][0]} = (SELECT max({TABLES[table][0]}) FROM {table})"
    edit(path, f"UPDATE {table} SET {column} = ?{where}", new)
    return f"{table}.{column}{where} = {str(new)[:20]!r}"


def text(path: Path, rng: np.random.Generator) -> str:
    """Another value inside the JSON of meta or of an event: put in a place, or beside it, or nested."""
    if rng.integers(2):
        table, column, key = "events", "detail", int(rng.integers(1, len(ORDERS) + 1))
    else:
        keys = ("config", "status", "race", "parent", "search", "tensors", "created", "fingerprint", "machine")
        table, column, key = "meta", "value", keys[rng.integers(len(keys))]
    connection = sqlite3.connect(path)
    ((old,),) = connection.execute(
        f"SELECT {column} FROM {table} WHERE {'id' if table == 'events' else 'key'} = ?", (key,)
    )
    connection.close()
    plain = changed(json.loads(old), rng)
    edit(
        path,
        f"UPDATE {table} SET {column} = ? WHERE {'id' if table == 'events' else 'key'} = ?",
        json.dumps(plain),
        key,
    )
    return f"{table} {key}: {json.dumps(plain)[:200]}"


def changed(plain: Any, rng: np.random.Generator) -> Any:
    """Plain JSON with one place in it changed."""
    new = PLAIN[rng.integers(len(PLAIN))]
    if not isinstance(plain, dict | list) or not plain or not rng.integers(4):
        return new
    plain = plain.copy()
    key = list(plain)[rng.integers(len(plain))] if isinstance(plain, dict) else int(rng.integers(len(plain)))
    match rng.integers(3):
        case 0:
            plain[key] = changed(plain[key], rng)
        case 1 if isinstance(plain, dict):
            plain[("more", "x" * 5000, "model.width", "head", "value")[rng.integers(5)]] = new
        case _:
            del plain[key]
    return plain


def header(path: Path, rng: np.random.Generator) -> str:
    """Other weights: a changed header, other bytes, none."""
    column = ("weights", "state")[rng.integers(2)]
    connection = sqlite3.connect(path)
    ((step, old),) = connection.execute(f"SELECT step, {column} FROM snapshots ORDER BY step DESC LIMIT 1")
    connection.close()
    size = int.from_bytes(old[:8], "little")
    plain, rest = json.loads(old[8 : 8 + size]), old[8 + size :]
    match rng.integers(5):
        case 0:
            new, what = old[: rng.integers(len(old))], "cut off"
        case 1:
            new, what = int(rng.integers(2**62)).to_bytes(8, "little") + old[8:], "a long header"
        case 2:
            new, what = b"", "nothing"
        case _:
            name = list(plain)[rng.integers(len(plain))]
            inner = list(plain[name])[rng.integers(len(plain[name]))]
            odd = [*PLAIN, [2**40, 2**40], [0], [-1], "F64", "BF16", "I64", [0, 4], [4, 0]]
            plain[name] = plain[name] | {inner: odd[rng.integers(len(odd))]}
            if not rng.integers(3):
                plain["x" * 1000 if rng.integers(2) else "more"] = plain.pop(name)
            made = json.dumps(plain).encode()
            new, what = len(made).to_bytes(8, "little") + made + rest, f"{name[:40]}: {str(plain.get(name))[:100]}"
    edit(path, f"UPDATE snapshots SET {column} = ? WHERE step = ?", new, step)
    return f"{column}: {what}"


def torn(path: Path, rng: np.random.Generator) -> str:
    """A file that was cut off, or whose bytes were changed."""
    data = bytearray(path.read_bytes())
    at = int(rng.integers(len(data)))
    if rng.integers(2):
        path.write_bytes(data[:at])
        return f"cut off at {at}"
    if rng.integers(2):
        at %= 4096
    data[at : at + 200] = rng.bytes(min(200, len(data) - at))
    path.write_bytes(data)
    return f"noise at {at}"


def schema(path: Path, rng: np.random.Generator) -> str:
    """Other tables, other versions, rows that are gone."""
    sql = SCHEMAS[rng.integers(len(SCHEMAS))]
    edit(path, sql)
    return sql
