"""What the server keeps for all visits: the host, open runs, pictures, and who is watching.

All of it is plain data in `st.cache_resource`. Nothing here imports torch.
"""

from __future__ import annotations

import gc
import os
import secrets
import threading
from collections import OrderedDict
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.config import RunConfig
from explorer.preset import PRESETS
from explorer.runs import catalogue, race
from explorer.runs.answer import Answer, Lane
from explorer.runs.client import Client, Request
from explorer.runs.file import begin
from explorer.runs.run import Event, Run

GRACE_SECONDS = float(os.environ.get("EXPLORER_GRACE_SECONDS", "10"))
KEPT_PICTURES = 256
OBEYED_SECONDS = 0.1
SLOW_SECONDS = 0.3  # of training again, from which a picture goes to the slow lane


@st.cache_resource(show_spinner=False, validate=lambda client: client.alive)
def host() -> Client:
    """The host process: started once a server, and again should it have ended."""
    quota = int(os.environ.get("EXPLORER_WORKERS", "0")) or None
    client = Client(quota)

    def warm_up() -> None:
        client.wait()
        from explorer.ui import picture  # brings the charts' libraries, which the first page has no need of

        picture.warm_up()
        gc.collect()
        gc.freeze()  # modules and settings never die: no later collection needs to look at them
        for preset in PRESETS:  # one after the other: what a visitor asks for meanwhile comes in between
            with suppress(ValueError):
                client.request("explorer.runs.views.task:prepare", lane="slow", preset=preset).answer.result()

    threading.Thread(target=warm_up, daemon=True).start()
    return client


@st.cache_resource(show_spinner=False, max_entries=64)
def opened(path: str) -> Run:
    """A run, opened once for all visits. ValueError says what is wrong with the file."""
    return Run.open(path)


@dataclass
class Pictures:
    """Answers by (run, events, function, arguments), the last few hundred, shared by all visits."""

    kept: OrderedDict[tuple, Request] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(
        self, run: Run, step: int, view: str, lane: Lane = "quick", past: bool = False, **arguments: Any
    ) -> Request:
        """The picture at a step, asked for unless it is there or under way.

        view: `module.function` of explorer.runs.views.   lane: slow where it takes long even with the weights at
        hand, maps for projections.   past: somebody looks back, and waits for it.
        """
        event = max((e.id for e in run.events if e.step <= step), default=0)
        key = (str(run.path), step, event, view, tuple(sorted(arguments.items())))
        with self.lock:
            if key in self.kept and not self.kept[key].broken:
                self.kept.move_to_end(key)
                return self.kept[key]
            far = run.distance(step) / (run.speed() or 1) > SLOW_SECONDS
            module, _, function = view.partition(".")
            request = host().request(
                f"explorer.runs.views.{module}:{function}",
                lane="slow" if far and lane == "quick" else lane,
                past=past,
                path=str(run.path),
                step=step,
                **arguments,
            )
            self.kept[key] = request
            while len(self.kept) > KEPT_PICTURES:
                self.kept.popitem(last=False)
        return request


@st.cache_resource(show_spinner=False)
def pictures() -> Pictures:
    """The server's pictures."""
    return Pictures()


@st.cache_resource(show_spinner=False)
def discoveries() -> dict[str, list[Event]]:
    """What viewers found in the weights of a run, by its path: the file does not hold it."""
    return {}


def answer_within(request: Request, seconds: float) -> Answer | None:
    """The answer if it is there in time. ValueError with the reason where it was refused."""
    try:
        return request.answer.result(timeout=seconds)
    except NotYet:
        return None


def obeyed(order: Future[None]) -> None:
    """Waits a moment for an order, so that the page that is drawn next already shows what it did."""
    with suppress(NotYet):
        order.result(timeout=OBEYED_SECONDS)


@st.cache_resource(show_spinner=False)
def _abouts() -> dict[str, dict[str, Any]]:
    return {}


def about(path: str) -> dict[str, Any]:
    """What pages need to know of a run's task. ValueError where its text is not on this machine."""
    known = _abouts()
    if path not in known:
        known[path] = host().request("explorer.runs.views.task:about", path=path).answer.result(timeout=60)[0]
    return known[path]


def start(config: RunConfig, stem: str, paused: bool = False) -> Path:
    """Makes a run and lets it train, or wait at step 0. ValueError where task and model do not fit."""
    fit = host().request("explorer.runs.views.task:fit", config=config.to_json()).answer.result(timeout=60)[0]
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
    fits = [host().request("explorer.runs.views.task:fit", config=config.to_json()) for config in configs.values()]
    found = [fit.answer.result(timeout=60)[0] for fit in fits]
    paths = race.begin(configs, stem, mode)
    for path, fit in zip(paths, found, strict=True):
        _abouts()[str(path)] = fit
    if not paused:
        host().order(paths[0], "play")
    return paths


def racing(run: Run) -> dict[str, Run]:
    """All contenders of a run's race by name, in order; the run alone where it is in none."""
    return race.members(run, opened)


@dataclass
class Watchers:
    """Who is looking at which run. A run that nobody watches any more pauses after a grace time."""

    runs: dict[str, set[str]] = field(default_factory=dict)  # run or search path -> visits
    looks: dict[str, str] = field(default_factory=dict)  # visit -> the run it looks at
    lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, visit: str, path: str) -> None:
        """This visit is looking at this run, and at no other any more."""
        with self.lock:
            before = self.looks.get(visit, path)
            self.looks[visit] = path
            self.runs.setdefault(path, set()).add(visit)
            if before != path:
                self.runs.get(before, set()).discard(visit)
        if before != path:  # went on to another run, so there is no network to have blinked
            self.pause_unwatched([before])

    def keep(self, visit: str, path: str) -> None:
        """This visit wants this search to go on, whatever else it looks at."""
        with self.lock:
            self.runs.setdefault(path, set()).add(visit)

    def leave(self, visit: str) -> None:
        """This visit's tab was closed, or the network blinked: a reconnect within the grace undoes it."""
        with self.lock:
            self.looks.pop(visit, None)
            left = [path for path, visits in self.runs.items() if visit in visits]
            for path in left:
                self.runs[path].discard(visit)
        if left:
            timer = threading.Timer(GRACE_SECONDS, self.pause_unwatched, args=(left,))
            timer.daemon = True
            timer.start()

    def pause_unwatched(self, paths: list[str]) -> None:
        """Pauses those of these runs that nobody is looking at; who looks at one of a race looks at all."""
        for path in paths:
            together = [str(own) for own in race.together(Path(path))[0]]
            with self.lock:
                watched = any(self.runs.get(own) for own in together)
                if not self.runs.get(path):
                    self.runs.pop(path, None)
            working = [Path(own) for own in together if host().working(Path(own))]
            if not watched and working:
                host().order(working[0], "pause", reason="nobody was watching")


@st.cache_resource(show_spinner=False)
def watchers() -> Watchers:
    """The server's watchers."""
    return Watchers()


@st.cache_resource(show_spinner=False)
def feeds() -> dict[str, Any]:
    """What the page of each visit offers its browser to ask for, by the visit's id: see feed.py."""
    return {}


def _released(visit: dict[str, str]) -> None:
    watchers().leave(visit["id"])
    feeds().pop(visit["id"], None)


@st.cache_resource(show_spinner=False, scope="session", on_release=_released)
def visit() -> dict[str, str]:
    """This browser tab's visit; released when the tab closes. Its id is nobody else's to guess."""
    return {"id": secrets.token_hex(8)}
