"""Contents: checks a run file's tables, JSON and rows, once, where they leave the file.

file.connect ─> check_schema        Run.open ─> check, event        an upload ─> check_rows as well

All readers behind it trust the content. A refusal is one short sentence that repeats little of the file, since that may
be anyone's. No torch: `tensors` knows what the weights must look like.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from explorer.config.editing import Edit
from explorer.config.quoting import quoted
from explorer.config.run import LIVE
from explorer.tasks.fields import MAX_TEXT
from explorer.training.place import Implementation

MOST_STEPS = 10**9  # more than any training takes
DEPTH = 8  # of JSON inside JSON; a run's own is 3 deep
LONGEST = {"config": 13 * MAX_TEXT}  # characters: JSON writes a rare letter of a visitor's own text in twelve
LONG = 1_000_000  # characters of any other value of meta
LONGEST_TITLE = 80  # characters of the name that somebody gave a run
DETAIL = 20_000  # characters of an event
KEYS = 64  # values in meta
OTHER = "it is damaged, open another run"

Query = Callable[[str, tuple], list[tuple]]  # SQL and its values -> rows


class RunFileError(ValueError):
    """A file that cannot be used as a run: one sentence that names the file, what is wrong, a way out."""


Steps = Annotated[int, Field(strict=True, ge=0, le=MOST_STEPS)]
Time = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Words = Annotated[str, Field(strict=True, max_length=4000)]
FileName = Annotated[str, Field(strict=True, max_length=255)]
Tensor = Annotated[str, Field(max_length=200, pattern=r"^[A-Za-z_]\w*(\.(blocks\.\d{1,3}|[A-Za-z_]\w*|\d{1,3}))*$")]
Head = Annotated[str, Field(pattern=r"^((encoder|decoder)\.)?blocks\.\d{1,3}\.(attention|cross)\.\d{1,3}$")]
Plain = dict[Annotated[str, Field(max_length=200)], JsonValue]


class Stored(BaseModel):
    """Base of a file's JSON values: known fields are checked, others may come with later versions."""

    model_config = ConfigDict(extra="allow")


class StatusValue(Stored):
    """The status of a run."""

    state: Literal["waiting", "training", "paused", "finished", "diverged", "interrupted"]
    reason: Words = ""


class ParentValue(Stored):
    """The run and step that a branch came from."""

    run: FileName
    step: Steps


class SearchValue(Stored):
    """The trial of a search that a run is."""

    params: Plain = {}


META: dict[str, TypeAdapter[Any]] = {
    "created": TypeAdapter(Time),
    "status": TypeAdapter(StatusValue),
    "parent": TypeAdapter(ParentValue),
    "search": TypeAdapter(SearchValue),
    "tensors": TypeAdapter(Annotated[list[Tensor], Field(max_length=10_000)]),
    "fingerprint": TypeAdapter(Words),
    "machine": TypeAdapter(Plain),
    "title": TypeAdapter(Annotated[str, Field(strict=True, max_length=LONGEST_TITLE)]),
    "implementation": TypeAdapter(Implementation),
    "plain because": TypeAdapter(Words),
}


class Detail(Stored):
    """The detail of an event, of any kind."""

    head: Head = ""
    reason: Words = ""
    label: Words = ""
    step: Steps | None = None  # that a bookmark is of, where it is not the newest
    what: Words = ""
    origin: Annotated[FileName, Field(alias="from")] = ""
    edit: Edit | None = None
    value: Annotated[float, Field(ge=0.01, le=1000)] | None = None  # of a speed, steps a second


NEEDS = {  # what an event of a kind must have
    "speed": "value",
    "edit": "edit",
    **dict.fromkeys(("ablate", "restore", "freeze", "unfreeze", "reset"), "head"),
}


class EventRow(BaseModel):
    """An event's columns without its detail."""

    id: Annotated[int, Field(strict=True, ge=1, le=MOST_STEPS)]
    step: Steps
    time: Time
    kind: Annotated[str, Field(strict=True, pattern=r"^[a-z][a-z -]{0,39}$")]


def check_schema(connection: sqlite3.Connection, schema: str, name: str) -> None:
    """RunFileError if the tables are not exactly a run file's: no other column, no trigger, no condition."""
    if _definitions(connection) != _expected(schema):
        raise RunFileError(f"{name} does not have a run file's tables; choose another")


def _definitions(connection: sqlite3.Connection) -> frozenset[tuple[str, ...]]:
    rows = connection.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master").fetchall()
    return frozenset((str(kind), str(table), " ".join(str(sql).split())) for kind, table, sql in rows)


@cache
def _expected(schema: str) -> frozenset[tuple[str, ...]]:
    connection = sqlite3.connect(":memory:")
    connection.executescript(schema)
    definitions = _definitions(connection)
    connection.close()
    return definitions


def check(connection: sqlite3.Connection, name: str) -> None:
    """Checks meta without the config, the step numbers, and the rows of weights. RunFileError says what is wrong.

    Costs the same for a thousand steps and for a million; the rows of the long tables are left to `check_rows` and
    `numbers`.
    """
    keys = [key for (key,) in connection.execute("SELECT key FROM meta LIMIT ?", (KEYS + 1,))]
    if len(keys) > KEYS:
        raise RunFileError(f"{name} says more than {KEYS} things of itself; {OTHER}")
    for key, text in connection.execute("SELECT key, value FROM meta WHERE key <> 'config'"):
        meta(key, text, name)
    for what, sql in BOUNDS.items():
        if connection.execute(sql).fetchone() is not None:
            raise RunFileError(f"{name} holds {what}; {OTHER}")


_LAST = "(SELECT coalesce(max(step) + 1, 0) AS last FROM steps)"
BOUNDS = {  # what is wrong -> a query that returns a row if it is
    "steps that cannot be": (
        f"SELECT 1 FROM {_LAST}, pragma_page_count AS pages, pragma_page_size AS size "
        "WHERE (SELECT min(step) FROM steps) <> 0 OR last > pages.page_count * size.page_size / 8"
    ),  # each row takes more than eight bytes
    "gradients of steps that it has not": (
        f"SELECT 1 FROM {_LAST} WHERE (SELECT min(step) FROM tensors) < 0 OR (SELECT max(step) FROM tensors) >= last"
    ),
    "weights that are none": (
        f"SELECT 1 FROM snapshots, {_LAST} WHERE NOT (step BETWEEN 0 AND last AND typeof(event) = 'integer' "
        "AND typeof(weights) = 'blob' AND typeof(state) IN ('blob', 'null'))"
    ),
    "events before its first": "SELECT 1 FROM events WHERE id < 1",
    "measurements that are none": (
        f"SELECT 1 FROM validation WHERE NOT (step BETWEEN 0 AND {MOST_STEPS} "
        "AND typeof(loss) IN ('real', 'null') AND typeof(metric) IN ('real', 'null'))"
    ),
    "sums over steps that it has not": " UNION ALL ".join(
        f"SELECT 1 FROM {_LAST} WHERE (SELECT min(block) FROM overview WHERE level = {level}) < 0 "
        f"OR ((SELECT max(block) FROM overview WHERE level = {level}) + 1) * {16**level} > last "
        f"OR typeof((SELECT max(block) FROM overview WHERE level = {level})) NOT IN ('integer', 'null')"
        for level in range(1, 6)
    ),
}


def check_rows(query: Query, name: str, columns: tuple[str, ...], tensors: int) -> None:
    """Checks every row of the long tables too, for a file from elsewhere. RunFileError as above.

    columns: of a step's numbers.   tensors: the number of gradient norms per step.
    """

    def all_real(names: list[str]) -> str:
        return " AND ".join(f"typeof({column}) IN ('real', 'null')" for column in names)

    summaries = [f"{column}_{kind}" for column in columns for kind in ("min", "max", "mean")]
    blobs = " AND ".join(
        f"typeof({column}) = 'blob' AND length({column}) = {4 * tensors}" for column in ("grad_norms", "update_ratios")
    )
    wrong = {
        "steps": f"NOT ({all_real(list(columns))} AND typeof(tokens) = 'integer' AND tokens BETWEEN 0 AND {2**53})",
        "tensors": f"NOT ({blobs})",
        "overview": f"NOT ({all_real(summaries)} AND typeof(peak) IN ('integer', 'null'))",
    }
    for table, condition in wrong.items():
        if query(f"SELECT 1 FROM {table} WHERE {condition} LIMIT 1", ()):
            raise RunFileError(f"{name} holds something else where the numbers of its {table} belong; {OTHER}")
    ((last, count),) = query("SELECT coalesce(max(step) + 1, 0), count(*) FROM steps", ())
    if last != count:
        raise RunFileError(f"{name} has {count:,} rows for {last:,} steps; {OTHER}")


def numbers(rows: list[tuple], width: int) -> np.ndarray:
    """Rows of a query as float64 (rows, width); NULL is NaN. RunFileError if they hold something else."""
    table = np.array(rows)
    if table.dtype.kind not in "fi" and not all(isinstance(v, float | int | None) for row in rows for v in row):
        raise RunFileError(f"the run file holds something else where numbers belong; {OTHER}")
    return table.astype(np.float64).reshape(-1, width)


def whole(value: Any) -> int:
    """An integer. RunFileError if it is something else, or missing."""
    if not isinstance(value, int):
        raise RunFileError(f"the run file holds something else where a number of tokens belongs; {OTHER}")
    return value


def floats(blob: Any, count: int) -> np.ndarray:
    """This many float32 from a row's bytes. RunFileError if it holds something else."""
    if not isinstance(blob, bytes) or len(blob) != 4 * count:
        raise RunFileError(f"the run file holds something else where a step's gradient norms belong; {OTHER}")
    return np.frombuffer(blob, np.float32)


def meta(key: Any, text: Any, name: str) -> Any:
    """A value of meta, from its JSON. RunFileError if it does not fit its key."""
    value = parsed(text, f"{name} holds no readable {quoted(str(key))}", LONGEST.get(str(key), LONG))
    if key in META:
        try:
            META[key].validate_python(value)
        except ValidationError as error:
            raise RunFileError(f"{name} holds a wrong {key} ({complaint(error)}); {OTHER}") from None
    return value


def event(row: tuple, name: str) -> tuple[int, int, float, str, dict[str, Any]]:
    """An event's id, step, time, kind and detail, from its row. RunFileError if the row is not an event."""
    try:
        columns = EventRow.model_validate(dict(zip(EventRow.model_fields, row, strict=False)))
    except ValidationError as error:
        raise RunFileError(f"{name} holds an event that is none ({complaint(error)}); {OTHER}") from None
    return columns.id, columns.step, columns.time, columns.kind, detail(columns.kind, row[4], name)


def detail(kind: str, text: Any, name: str) -> dict[str, Any]:
    """An event's detail, from its JSON. RunFileError if it does not fit the kind."""
    value = parsed(text, f"{name} holds an event “{kind}” that cannot be read", DETAIL)
    try:
        Detail.model_validate({} if kind == "set" and isinstance(value, dict) else value)
    except ValidationError as error:
        raise RunFileError(f"{name} holds a wrong event “{kind}” ({complaint(error)}); {OTHER}") from None
    if NEEDS.get(kind) not in (None, *value):
        raise RunFileError(f"{name} holds an event “{kind}” without its {NEEDS[kind]}; {OTHER}")
    if kind == "set" and not set(value) <= LIVE:
        raise RunFileError(f"{name} holds an event that sets what needs a restart; {OTHER}")
    return value


def parsed(text: Any, wrong: str, most: int) -> Any:
    """JSON of at most this many characters, nested no deeper than DEPTH. RunFileError begins with `wrong`."""
    if not isinstance(text, str) or len(text) > most:
        raise RunFileError(f"{wrong} (it is no text, or too long); {OTHER}")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise RunFileError(f"{wrong} (it is no JSON, or nested too deeply); {OTHER}") from None
    if deeper(value, DEPTH):
        raise RunFileError(f"{wrong} (it is nested too deeply); {OTHER}")
    return value


def deeper(value: Any, depth: int) -> bool:
    """True if lists and objects are nested deeper than this."""
    level = [value]
    for _ in range(depth + 1):
        inside = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = [value for values in inside for value in values]
    return bool(level)


def complaint(error: ValidationError) -> str:
    """The first of pydantic's complaints, short: the place and what was expected."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    message = first["msg"][0].lower() + first["msg"][1:100]
    return f"{quoted(where)}: {message}" if where else message
