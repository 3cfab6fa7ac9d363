"""Searches of this server: begun, carried on, stopped; what is known of them, shared by all visits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from explorer.answers.records.record import R
from explorer.answers.records.search import Trainable
from explorer.lessons.lesson import SEARCH
from explorer.processes.client import Lane
from explorer.runs import quota
from explorer.runs.run import Status
from explorer.search import search as file
from explorer.search.ledger import Ledger, Trial
from explorer.search.search import Search
from explorer.ui import chosen, server, visit
from explorer.ui.asking import Question
from explorer.ui.parts import settings

PATIENCE_SECONDS = 0.4  # that an answer is waited for, so that it need not pop up


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
    quota.check(search.trials)
    plain = search.model_dump(mode="json")
    lane: Lane = "texts" if getattr(search.config.task, "text", "") else "slow"
    request = server.host().request(Trainable, lane=lane, visit=server.visitor(), search=plain)
    server.answer(request, server.READING)
    path = file.new_path(search)
    file.write(path, search, "waiting")
    go_on(path)
    visit.uses(SEARCH)
    return path


def go_on(path: Path) -> None:
    """Lets a search begin or go on, for as long as this visit is there."""
    keep(path)
    server.obeyed(server.host().order(path, "play"))


def stop(path: Path) -> None:
    """Stops a search where it is."""
    server.obeyed(server.host().order(path, "pause", reason="by hand"))


def more(path: Path, trials: int) -> None:
    """Sets the budget of a search in trials, and lets it go on."""
    server.obeyed(server.host().order(path, "trials", value=trials))
    go_on(path)


def keep(path: Path) -> None:
    """This visit wants the search to go on, whichever page it looks at."""
    visit.state().searches[str(path)] = None
    keep_on()


def keep_on() -> None:
    """Says again which searches this visit wants to go on: after a break of the network the session is another one."""
    for path in visit.state().searches:
        server.watchers().keep(server.session().id, path)


def complaints(path: Path) -> list[str]:
    """Why orders to a search were refused, each shown once."""
    return server.host().complaints(path)


def open_trial(trial: Trial) -> None:
    """Looks at a trial's run from now on, like any other."""
    chosen.open_run(trial.path.stem)


def answer(kind: type[R], path: Path, over: int, **arguments: Any) -> R | None:
    """What a looker computes from a search of which `over` trials are over; the last answer while it does.

    None before the first. ValueError where it was refused.
    """
    question: Question[R] = visit.kept(Question, kind.function, str(path), *sorted(arguments.items()))
    if server.host().ready:  # else asking would hold up everything below it
        question.ask(lambda: server.shared(kind, path=str(path), over=over, **arguments))
        question.wait(PATIENCE_SECONDS)
    return question.shown


def stop_or_go_on(place: Any, now: Standing, key: str, width: Literal["stretch", "content"] = "stretch") -> None:
    """One button that stops a search that goes on, and lets one go on that stands still."""
    name, icon, act = ("Stop", "stop", stop)
    if not now.busy:
        name, icon, act = ("Go on" if now.trials else "Start", "play_arrow", go_on)
    place.button(
        name,
        icon=f":material/{icon}:",
        key=f"{key}-{icon}",
        width=width,
        disabled=not now.busy and now.status.state == "finished",
        on_click=act,
        args=(now.path,),
    )
