"""Run files going in and out of the folder."""

from __future__ import annotations

import re
import sqlite3
import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from explorer.config.quoting import quoted
from explorer.i18n.sources import LANGUAGE
from explorer.i18n.translation import run_name
from explorer.measure.names import fixed
from explorer.processes.client import FOLDER
from explorer.runs import catalogue, file, leftovers, quota
from explorer.runs.race import race_of
from explorer.runs.run import Run
from explorer.ui import chosen

TEMPORARY = "make room for temporary files, or choose another place for them (TMPDIR says where)"


def take_in(name: str, data: bytes) -> str:
    """Checks an uploaded run file and keeps it; gives its id. ValueError says what is wrong; then nothing is kept."""
    stem = re.sub(r"[^a-z0-9-]+", "-", Path(name).stem.lower()).strip("-")[:40] or "run"
    path = catalogue.new_path(f"upload-{stem}"[:48])
    with file.appearing(path) as unready:
        unready.write_bytes(data)
        try:
            run = Run.open(unready)
            try:
                run.check_rows()
            finally:
                run.close()
        except ValueError as error:
            raise ValueError(str(error).replace(path.name, quoted(name))) from None
    return path.stem


def whole(path: Path) -> bytes:
    """A run as one self-contained file, also while it is being written. Unwritable where there is no room for it."""
    copied, place = file.writing(f"a copy of {path.name}", TEMPORARY), Path(tempfile.gettempdir())
    with closing(file.connect(path)) as source, copied, leftovers.working(place, FOLDER) as folder:
        copy = folder / path.name
        with closing(sqlite3.connect(copy)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
        return copy.read_bytes()


@dataclass(frozen=True)
class Summary:
    """A run in a few words.

    title: the name that somebody gave it, "" if nobody did.   settings: its preset and what differs.   loss: of the
    last step, in words.   when: it was written last.   race, parent, search: the race it is in, the run it branched
    from, the search it is a trial of; "" if none.   contender: its name in the race.
    """

    path: Path
    task: str
    title: str
    settings: str
    last: int
    state: str
    loss: str
    size: int
    when: float
    created: float
    race: str
    contender: str
    parent: str
    search: str

    @property
    def stem(self) -> str:
        """Its id: the file's name without its ending."""
        return self.path.stem

    @property
    def name(self) -> str:
        """On a screen."""
        return self.title or self.settings

    @property
    def label(self) -> str:
        """The same in a row among its group."""
        return self.title or self.contender or self.settings

    @property
    def text(self) -> str:
        """What a search of words goes through, in whichever language they are typed."""
        chinese = run_name(self.settings, LANGUAGE)
        return " ".join([self.title, self.settings, chinese, self.stem, self.state, self.contender])


@st.cache_data(show_spinner=False, max_entries=1000)
def summary(path: str, changed: int) -> Summary:
    """A run in a few words; `changed` is the time of its files, which makes the answer old."""
    run = Run.open(path)
    try:
        last = run.last
        row, race = run.step_row(last - 1), race_of(run)
        trial = re.fullmatch(r"(.+)-t\d{3,}", run.id)
        when = run.path.stat().st_mtime
        return Summary(
            path=run.path,
            task=run.config.task.name,
            title=run.meta("title") or "",
            settings=chosen.settings_of(run),
            last=last,
            state=run.status.state,
            loss="–" if row is None else fixed(row["loss"], 3),
            size=quota.size(run.path),
            when=when,
            created=run.meta("created") or when,
            race="" if race is None else race.id,
            contender="" if race is None else race.name,
            parent=(run.meta("parent") or {}).get("run", ""),
            search=trial[1] if trial and run.meta("search") else "",
        )
    finally:
        run.close()


def changed(path: Path) -> int:
    """When one of a run's files was written last, in nanoseconds. FileNotFoundError if it is gone."""
    moments = [path.stat().st_mtime_ns]
    with suppress(OSError):
        moments.append(path.with_name(f"{path.name}-wal").stat().st_mtime_ns)
    return max(moments)


def megabytes(size: int) -> str:
    """Bytes in words."""
    return f"{size / 1e6:,.1f} MB" if size < 1e8 else f"{size / 1e6:,.0f} MB"
