"""What the server keeps for all visits: the host, open runs, pictures, and who is watching.

All of it is plain data in `st.cache_resource`. Nothing here imports torch.
"""

from __future__ import annotations

import gc
import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from contextlib import contextmanager, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer.answers.records.embeddings import Loading
from explorer.answers.records.record import R
from explorer.answers.records.task import About, Fit, Preparation, TaskFacts
from explorer.config.presets import PRESETS
from explorer.config.run import RunConfig
from explorer.home import number
from explorer.i18n.sources import LANGUAGE
from explorer.i18n.translation import translator
from explorer.processes.client import Client, Lane, Request
from explorer.runs import catalogue, deleted, leftovers, race
from explorer.runs.file import UNREADY, begin
from explorer.runs.run import Event, Run
from explorer.ui.shelf import Recent, Shelf
from explorer.ui.watchers import Watchers

OBEYED_SECONDS = 0.1
WARM_UP = "warm-up"  # the visit that texts are prepared for before anybody wants them
READING = "the settings are checked and the text is read…"
AT_ONCE_SECONDS = 0.4  # in which an answer need not be announced
LONGEST_SECONDS = 60.0  # that anybody waits for an answer
SLOW_SECONDS = 0.3  # of training again, from which a picture goes to the slow lane


def sweep() -> None:
    """Removes what was left half made or deleted; no page lists it."""
    leftovers.sweep(catalogue.folder(), UNREADY)
    deleted.empty()


swept = st.cache_resource(show_spinner=False)(sweep)  # once a server, before its first page


@st.cache_resource(show_spinner=False, validate=lambda client: client.alive)
def host() -> Client:
    """The host process: started once a server, and again should it have ended."""
    sweep()
    quota = int(number("EXPLORER_WORKERS")) or None
    client = Client(quota)

    client.on_death = lambda: import_module("explorer.ui.reviving").revive(client)  # it imports this module

    def warm_up() -> None:
        client.wait()
        from explorer.ui import picture  # brings the charts' libraries, which the first page has no need of

        picture.warm_up()
        translator(LANGUAGE)  # read once, so that no switch to it waits
        gc.collect()
        gc.freeze()  # modules and settings never die: no later collection needs to look at them
        prepare(client)

    threading.Thread(target=warm_up, daemon=True).start()
    return client


def prepare(client: Client) -> None:
    """What nobody has asked for yet: every preset's text on disk, and UMAP loaded where maps are laid out.

    Texts come one after the other, by a looker of their own: nobody's pictures wait for them.
    """
    if not number("EXPLORER_PREPARE"):
        return
    with suppress(ValueError):
        client.request(Loading, lane="maps", visit=WARM_UP).answer.result()
    for preset in PRESETS:
        with suppress(ValueError):
            client.request(Preparation, lane="texts", visit=WARM_UP, preset=preset).answer.result()
    with suppress(ValueError):
        client.left(WARM_UP)


@st.cache_resource(show_spinner=False, max_entries=64, validate=lambda run: not run.displacement)
def opened(path: str) -> Run:
    """A run, opened once for all visits, and anew where its file is another one. ValueError says what is wrong."""
    return Run.open(path)


class Pictures(Shelf):
    """Answers by (run, events, function, arguments), shared by all visits."""

    def ask(
        self, run: Run, step: int, kind: type[R], /, lane: Lane = "quick", past: bool = False, **arguments: Any
    ) -> Request[R]:
        """The record of this kind at a step, asked for unless it is there or under way.

        lane: slow where it takes long even with the weights at hand, maps for projections.   past: somebody looks
        back, and waits for it.
        """
        question = (run.identity, run.moment(step), kind.function, *sorted(arguments.items()))

        def begin() -> Request[R]:
            far = run.distance(step) / (run.speed() or 1) > SLOW_SECONDS
            return host().request(
                kind,
                lane="slow" if far and lane == "quick" else lane,
                past=past,
                visit=visitor(),
                path=str(run.path),
                step=step,
                **arguments,
            )

        return self.get(question, begin)


@st.cache_resource(show_spinner=False)
def pictures() -> Pictures:
    """The server's pictures."""
    return Pictures()


@st.cache_resource(show_spinner=False)
def shelf() -> Shelf:
    """The server's answers that are of no run's step."""
    return Shelf()


def shared(kind: type[R], lane: Lane = "quick", /, **arguments: Any) -> Request[R]:
    """An answer that is of no run's step, asked for unless it is there or under way: once for all visits."""
    question = (kind.function, *sorted(arguments.items()))
    return shelf().get(question, lambda: host().request(kind, lane=lane, visit=visitor(), **arguments))


@st.cache_resource(show_spinner=False)
def discoveries() -> Recent[str, list[Event]]:
    """What viewers found in the weights of a run, by its path: the file does not hold it."""
    return Recent()


A = TypeVar("A")


def answer(request: Request[A], doing: str = "") -> A:
    """The answer, waited for. ValueError where it was refused, or takes too long and is called off.

    doing: said on the page, with the seconds that go by, where it takes more than a moment.
    """
    with suppress(NotYet):
        return request.answer.result(timeout=AT_ONCE_SECONDS)
    with st.spinner(doing, show_time=True) if doing else nullcontext():
        try:
            return request.answer.result(timeout=LONGEST_SECONDS)
        except NotYet:
            host().call_off(request)
            raise ValueError(
                f"this takes longer than {LONGEST_SECONDS:g} seconds and was called off; "
                "use a shorter text or smaller settings"
            ) from None


def obeyed(order: Future[None]) -> None:
    """Waits a moment for an order, so that the page that is drawn next already shows what it did."""
    with suppress(NotYet):
        order.result(timeout=OBEYED_SECONDS)


@st.cache_resource(show_spinner=False)
def _abouts() -> Recent[str, TaskFacts]:
    return Recent()


def about(path: str) -> TaskFacts:
    """What pages need to know of a run's task. ValueError if its text is not on this machine."""
    facts = _abouts().get(path)
    if facts is None:
        facts = _abouts()[path] = answer(host().request(About, visit=visitor(), path=path), READING)
    return facts


def fitting(config: RunConfig) -> Request[Fit]:
    """Asks whether task and model fit. A visitor's text is read by a looker of the visit's own."""
    lane: Lane = "texts" if getattr(config.task, "text", "") else "quick"
    return host().request(Fit, lane=lane, visit=visitor(), config=config.to_json())


def start(config: RunConfig, stem: str, paused: bool = False) -> Path:
    """Makes a run and lets it train, or wait at step 0. ValueError where task and model do not fit."""
    fit = answer(fitting(config), READING)
    path = catalogue.new_path(stem)
    begin(path, config)
    _abouts()[str(path)] = fit
    if not paused:
        host().order(path, "play")
    return path


def start_race(
    configs: dict[str, RunConfig], stem: str, mode: race.Mode = "lockstep", paused: bool = False
) -> list[Path]:
    """Makes a race and lets it train, or wait at step 0. ValueError where a contender's task and model do not fit."""
    fits = [fitting(config) for config in configs.values()]
    tasks = [answer(fit, READING) for fit in fits]
    paths = race.begin(configs, stem, mode)
    for path, task in zip(paths, tasks, strict=True):
        _abouts()[str(path)] = task
    if not paused:
        host().order(paths[0], "play")
    return paths


def racing(run: Run) -> dict[str, Run]:
    """All contenders of a run's race by name, in order; the run alone where it is in none."""
    return race.members(run, opened)


@st.cache_resource(show_spinner=False)
def watchers() -> Watchers:
    """The server's watchers."""
    return Watchers(host)


@st.cache_resource(show_spinner=False)
def feeds() -> dict[str, Any]:
    """What the page of each visit offers its browser to ask for, by the visit's id: see feed.py."""
    return {}


_asking: ContextVar[str] = ContextVar("asking", default="")


@contextmanager
def asking(visit: str) -> Iterator[None]:
    """What is asked for meanwhile, in a thread without a session, is asked for by this visit."""
    token = _asking.set(visit)
    try:
        yield
    finally:
        _asking.reset(token)


def visitor() -> str:
    """Which visit asks; empty where it is the server itself."""
    if asking := _asking.get():
        return asking
    return session().id if get_script_run_ctx(suppress_warning=True) is not None else ""


@dataclass
class Session:
    """A browser tab's connection, by an id that is nobody's to guess, and the runs that were made over it."""

    id: str = field(default_factory=lambda: secrets.token_hex(8))
    runs: list[str] = field(default_factory=list)


def _released(session: Session) -> None:
    with suppress(ValueError):
        host().left(session.id)
    watchers().leave(session.id)
    feeds().pop(session.id, None)


@st.cache_resource(show_spinner=False, scope="session", on_release=_released)
def session() -> Session:
    """The session of this tab; released when the tab closes. After a break of the network it is another one."""
    return Session()
