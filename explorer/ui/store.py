"""Run files going in and out of the folder."""

from __future__ import annotations

import re
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.measure.updates import fixed
from explorer.runs import catalogue, file
from explorer.runs.run import Run
from explorer.ui import chosen


def take_in(name: str, data: bytes) -> str:
    """Checks an uploaded run file and keeps it; gives its id. ValueError says what is wrong with it."""
    stem = re.sub(r"[^a-z0-9-]+", "-", Path(name).stem.lower()).strip("-")[:40] or "run"
    path = catalogue.new_path(f"upload-{stem}"[:48])
    path.write_bytes(data)
    try:
        Run.open(path).close()
    except ValueError as error:
        path.unlink()
        raise ValueError(str(error).replace(path.name, name)) from None
    return path.stem


def whole(path: Path) -> bytes:
    """A run as one self-contained file, also while it is being written."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        with closing(file.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
        return copy.read_bytes()


@st.cache_data(show_spinner=False, max_entries=500)
def summary(path: str, changed: int) -> dict[str, Any]:
    """A run in a few words; `changed` is the file's time, which makes the answer old."""
    run = Run.open(path)
    try:
        last = run.last
        row = run.step_row(last - 1)
        return {
            "name": chosen.differences(run),
            "last": last,
            "state": run.status.state,
            "loss": "–" if row is None else fixed(row["loss"], 3),
            "size": f"{Path(path).stat().st_size / 1e6:.1f} MB",
        }
    finally:
        run.close()
