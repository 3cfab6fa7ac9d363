"""Which run and which step this visit looks at: in one place, and in the URL."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from contextlib import suppress
from pathlib import Path

import streamlit as st

from explorer.config import memory_race, scenes
from explorer.config.quoting import quoted
from explorer.config.run import RunConfig
from explorer.runs import catalogue, deleted, quota
from explorer.runs.race import Mode, race_of
from explorer.runs.run import Run
from explorer.ui import admission, held, refusals, server, sitemap, visit

SCENE = (
    "run",
    "step",
    "head",
    "query",
    "mode",
    "axis",
    "hide",
    "projector",
)  # in the address
NOT_SETTINGS = {*SCENE, "paused", admission.ASKING}
LANGUAGE = "lang"  # in the address too, where language.py writes it
INPUT = ("input-kind", "input-sample", "input-text")
MAP = ("of", "layer", "head", "by", "3d", "trails", "neighbours", "distance", "metric", "seed", "since")
WIDGETS = {  # that Streamlit binds to the address
    "search",
    *INPUT,
    *sitemap.ROWS.values(),
    *(f"map-{name}" for name in MAP),
    *("ask-text", "ask-temperature", "prompt", "writing-seed", "wrong-at", "secret-before", "secret-number"),
    *("tree-width", "tree-depth", "tree-least", "beam-width", "beam-alpha", "beam-block", "beam-length"),
    *("edit-answer", "edit-steps", "edit-rate", "drafted-tokens", "chat-temperature"),
    *("compare-b", "compare-follows", "compare-what", "logit-a", "logit-b", "logit-position", "whatif-kind"),
    *("microscope-rows", "instruments", "weight-tensor", "weight-map"),
    *("learn-from", "vocabulary-size", "beside-words", "beside-shown", "words-since", "words-vectors"),
    *("words-bias-vectors", "gap-text", "telling-text", "digit-picture", "translate-source"),
    *("sum-start", "sum-addend", "norm-spread", "norm-mean", "norm-format", "softmax-scale", "loss-scale"),
    *("mask-rate", "mask-count", "mask-of", "clock-part", "cells-by"),
    *("surface-follows", "surface-plane", "surface-reach", "surface-seed", "slice-reach", "slice-seed"),
    *("optimizer-part", "toy", "toy-steps", "toy-optimizers", "race-axis", "encoding", "shuffle-share"),
}
NUMBERED = (  # the same, with a number or a word behind
    *(
        "wave-",
        "memory-layer-",
        "memory-states-",
        "cells-value-",
        "cells-by",
        "one-cell-at-",
        "reach-times-",
        "encoding-",
    ),
)


def of_widget(name: str) -> bool:
    """Whether a name in the address is that of something a page shows, a widget's or what is held beside them."""
    return name in WIDGETS | held.NAMES or name.startswith(NUMBERED)


def take_from_url() -> None:
    """Once a visit: what the address asks for. What it asks for wrongly is named, and nothing is lost."""
    state = visit.state()
    if state.begun:
        return
    state.begun = True
    query = dict(st.query_params)
    state.projector = query.pop("projector", "") in ("1", "true")
    held.ask(query)
    try:
        take_view(query)
    except ValueError as error:  # the rest opens all the same
        refusals.keep(str(error))
    try:
        if "run" in query and not was_deleted(query["run"]):
            open_run(query["run"])
            state.step = step_from(query.get("step"))
        elif "run" not in query and admission.trains(query):
            settings = {k: v for k, v in query.items() if k not in {*NOT_SETTINGS, LANGUAGE} and not of_widget(k)}
            config, paused = RunConfig.from_query(settings), query.get("paused") == "1"
            if asks_first(query):
                state.link = visit.Link(config.to_json(), paused)
            else:
                begin(config, paused)
    except ValueError as error:
        refusals.keep(str(error))


def was_deleted(name: str) -> bool:
    """Whether the run of this name was deleted here; its settings are then offered again."""
    former = deleted.former(name)
    if former is None or catalogue.path_of(name).exists():
        return False
    visit.state().link = visit.Link("" if former.config is None else former.config.to_json(), False, name)
    return True


def asks_first(query: Container[str]) -> bool:
    """Whether a link that trains waits for a press: it says so itself, or nobody knows where it was followed."""
    unknown = bool(st.context.headers) and not admission.guards
    return unknown or admission.ASKING in query


def step_from(word: str | None) -> int | None:
    """A step as the URL writes it. ValueError where it is not one."""
    if word is None:
        return None
    if not re.fullmatch(r"\d{1,9}", word):
        raise ValueError(f"step={word[:40]} is not a step; use a whole number from 0")
    return int(word)


def take_view(query: dict[str, str]) -> None:
    """What the address says of how it is looked at. ValueError where it says what cannot be."""
    state = visit.state()
    head, query_position = query.get("head", ""), query.get("query")
    if head and not re.fullmatch(scenes.HEAD, head):
        raise ValueError(f"head={quoted(head)} is no head; names look like blocks.1.attention.2")
    if query_position is not None and not re.fullmatch(r"\d{1,6}", query_position):
        raise ValueError(f"query={quoted(query_position)} is no position; use a whole number from 0")
    hidden = tuple(filter(None, query.get("hide", "").split(",")))
    if unknown := [name for name in hidden if name not in scenes.HIDES]:
        raise ValueError(f"hide={quoted(unknown[0])} is nothing that can be hidden; use {', '.join(scenes.HIDES)}")
    state.head, state.query = head, None if query_position is None else int(query_position)
    state.mode, state.hidden = query.get("mode", "")[:20], hidden
    state.axis = "log" if query.get("axis") == "log" else ""


def put_into_url() -> None:
    """The address says what is looked at, so that reload and share find it again."""
    state = visit.state()
    if state.link is not None:
        return  # the link stays in the address until somebody decides about it
    wanted = {}
    if state.run is not None:
        wanted["run"] = state.run
        if state.step is not None:
            wanted["step"] = str(state.step)
        wanted |= {"head": state.head} if state.head else {}
        wanted |= {"query": str(state.query)} if state.query is not None else {}
        wanted |= {"mode": state.mode} if state.mode else {}
        wanted |= {"axis": state.axis} if state.axis else {}
    if state.hidden:
        wanted["hide"] = ",".join(state.hidden)
    if state.projector:
        wanted["projector"] = "1"
    wanted |= held.shown()
    ours = NOT_SETTINGS | held.NAMES
    present = {k: v for k, v in st.query_params.items() if k in ours or admission.trains([k])}
    if present != wanted:
        for name in present:
            if name not in wanted:
                del st.query_params[name]
        for name, value in wanted.items():
            if present.get(name) != value:
                st.query_params[name] = value


def open_run(name: str) -> None:
    """Looks at another run from now on. ValueError says why not."""
    path = catalogue.path_of(name)
    server.opened(str(path))
    server.watchers().look(server.session().id, str(path))  # no page may ever be drawn: the tab may close at once
    state = visit.state()
    state.link, state.run, state.step = None, name, None
    if name not in state.opened:
        state.opened[name] = None


def room(more: int = 1) -> None:
    """Says so where there soon is no room for more runs of this visit. ValueError where there is none."""
    if sentence := quota.check(more, map(Path, server.session().runs)):
        st.toast(sentence, icon=":material/delete:")


def made(path: Path) -> None:
    """A run was made, and counts as this visit's."""
    server.session().runs.append(str(path))


def begin(config: RunConfig, paused: bool = False) -> None:
    """Starts a run and looks at it. ValueError where task and model do not fit, or there is no room."""
    room()
    path = server.start(config, config.nearest_preset()[0], paused)
    made(path)
    open_run(path.stem)


def begin_race(configs: dict[str, RunConfig], stem: str, mode: Mode = "lockstep", paused: bool = False) -> None:
    """Starts a race and looks at its first contender.

    ValueError where a contender's task and model do not fit, or there is no room.
    """
    room(len(configs))
    paths = server.start_race(configs, stem, mode, paused)
    for path in reversed(paths):  # all of them are of this visit
        made(path)
        open_run(path.stem)


def begin_again(run: Run, paused: bool = False) -> None:
    """The same from the same initial weights: the run, or the whole race it is in."""
    race = race_of(run)
    if race is None:
        begin(run.config, paused)
        return
    configs = {name: one.config for name, one in server.racing(run).items()}
    begin_race(configs, f"{run.config.nearest_preset()[0]}-race", race.mode, paused)


def run() -> Run | None:
    """The run this visit looks at; None before the first. A run that is gone or broken is reported once."""
    name = visit.state().run
    if name is None:
        return None
    try:
        return server.opened(str(catalogue.path_of(name)))
    except ValueError as error:
        visit.state().run = None
        if was_deleted(name):
            refusals.draw_again()
        refusals.keep(str(error))
        return None


def looked_at(run: Run) -> bool:
    """True if this visit looks at that very run.

    A widget of a run that was left may still call back: the browser sent its value once more before it heard.
    """
    return visit.state().run == run.id


def earlier_runs() -> list[Run]:
    """The last five other runs of this visit, the newest last: as many as one picture lays over another."""
    return opened_runs()[-5:]


def opened_runs() -> list[Run]:
    """All other runs of this visit that are still there, the newest last."""
    state = visit.state()
    return openable([name for name in state.opened if name != state.run])


def openable(names: Iterable[str]) -> list[Run]:
    """The runs of these names, without those that were removed or are broken: their own page says so."""
    runs = []
    for name in names:
        with suppress(ValueError):
            runs.append(server.opened(str(catalogue.path_of(name))))
    return runs


def differences(run: Run) -> str:
    """A run's name on a screen: the one that somebody gave it, or its preset and what differs from it."""
    return run.meta("title") or settings_of(run)


def settings_of(run: Run) -> str:
    """A run's preset and what differs from it."""
    preset, changes = run.config.nearest_preset()
    racing = race_of(run)
    if racing is not None:
        preset = "memory" if memory_race.is_one(run.config) else preset
        return f"{preset} race · {racing.name}"
    words = [f"{named(path)} {shown(value)}" for path, value in changes.items()]
    branched = run.meta("parent")
    if branched:
        words.insert(0, f"branch at {branched['step']}")
    return " · ".join([preset, *words[:4]]) + (" …" if len(words) > 4 else "")


def named(path: str) -> str:
    """What a setting is called in a run's name."""
    part, _, name = path.partition(".")
    return part if name == "name" else name


def shown(value: object) -> str:
    """A setting's value, short."""
    if value is None:
        return "none"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if len(str(value)) <= 24 else f"{str(value)[:20]}…"
