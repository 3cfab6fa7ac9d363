"""Searches of this server: begun, carried on, stopped; what is known of them, shared by all visits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.runs.answer import Answer
from explorer.runs.client import Request
from explorer.runs.run import Status
from explorer.search import search as file
from explorer.search.ledger import Ledger, Trial
from explorer.search.search import Search
from explorer.ui import chosen, server
from explorer.ui.search import settings

PATIENCE_SECONDS = 0.4  # that an answer is waited for, so that it need not pop up
KEPT_ANSWERS = 128


@dataclass(frozen=True)
class Standing:
    """A search as a page draws it. place: in the queue, 0 if it does not wait."""

    path: Path
    search: Search
    status: Status
    trials: list[Trial]
    place: int
    working: bool

    @property
    def over(self) -> list[Trial]:
        """The trials that are over."""
        return [t for t in self.trials if t.over]

    @property
    def busy(self) -> bool:
        """True while something happens, or is about to."""
        return self.status.state == "searching" or self.place > 0 or self.working

    @property
    def budget(self) -> int:
        """How many trials there will be: a grid may have fewer points than its budget."""
        if self.search.sampler == "grid":
            points = 1
            for knob in self.search.knobs:
                points *= len(knob.values(self.search.points))
            return min(points, self.search.trials)
        return self.search.trials


@st.cache_resource(show_spinner=False, max_entries=64)
def ledger(path: str) -> Ledger:
    """What is known of a search's trials, read once for all visits."""
    return Ledger(Path(path))


def standing(path: Path) -> Standing:
    """How a search stands now. ValueError where its file cannot be read."""
    search, status = file.read(path)
    host = server.host()
    trials = ledger(str(path)).trials(search)
    return Standing(path, search, status, trials, host.place(path), host.working(path))


def described(name: str) -> str:
    """A search in a list: its name, and what it turns."""
    try:
        search, _ = file.read(file.path_of(name))
    except ValueError:
        return name
    turned = ", ".join(settings.name_of(knob.path) for knob in search.knobs)
    return f"{search.title or name.removeprefix('search-')} · {turned}"


def begin(search: Search) -> Path:
    """Writes a new search and lets it begin. ValueError where a model that it could come to cannot be trained."""
    plain = search.model_dump(mode="json")
    server.host().request("explorer.search.views:fit", search=plain).answer.result(timeout=60)
    path = file.new_path(search)
    file.write(path, search, "waiting")
    go_on(path)
    return path


def go_on(path: Path) -> None:
    """Lets a search begin or go on, for as long as this visit is there."""
    keep(path)
    server.obeyed(server.host().order(path, "play"))


def stop(path: Path) -> None:
    """Stops a search where it is."""
    server.obeyed(server.host().order(path, "pause", reason="by hand"))


def more(path: Path, trials: int) -> None:
    """Gives a search a budget of so many trials in all, and lets it go on."""
    server.obeyed(server.host().order(path, "trials", value=trials))
    go_on(path)


def keep(path: Path) -> None:
    """This visit wants the search to go on, whichever page it looks at."""
    kept = st.session_state.setdefault("searches", [])
    if str(path) not in kept:
        kept.append(str(path))
    keep_on()


def keep_on() -> None:
    """Says again which searches this visit wants to go on: after a network blip it is another visit."""
    for path in st.session_state.get("searches", []):
        server.watchers().keep(server.visit()["id"], path)


def complaints(path: Path) -> list[str]:
    """Why orders to a search were refused, each told once."""
    return server.host().complaints(path)


def open_trial(trial: Trial) -> None:
    """Looks at a trial's run from now on, like any other."""
    chosen.open_run(trial.path.stem)


@st.cache_resource(show_spinner=False)
def _requests() -> dict[tuple, Request]:
    return {}


def answer(function: str, path: Path, over: int, **arguments: Any) -> Answer | None:
    """What a looker computes from a search of which `over` trials are over; the last answer while it does.

    function: of explorer.search.views. None before the first. ValueError where it was refused.
    """
    asked, shown = _requests(), st.session_state.setdefault("search-shown", {})
    kind = (function, str(path), *sorted(arguments.items()))
    key = (*kind, over)
    if not server.host().ready:  # asking would hold up everything below it
        return shown.get(kind)
    if key not in asked or asked[key].broken:
        while len(asked) >= KEPT_ANSWERS:
            asked.pop(next(iter(asked)), None)
        told: dict[str, Any] = {"path": str(path), "over": over} | arguments
        asked[key] = server.host().request(f"explorer.search.views:{function}", **told)
    found = server.answer_within(asked[key], PATIENCE_SECONDS)
    if found is not None:
        shown[kind] = found
    return shown.get(kind)
