"""Which run and which step this visit looks at: in one place, and in the URL.

Session state: `run` (a run's id) and `step` (a number, or None while following the newest).
"""

from __future__ import annotations

import re

import streamlit as st

from explorer.config import RunConfig
from explorer.runs import catalogue
from explorer.runs.race import Mode, race_of
from explorer.runs.run import Run
from explorer.ui import server

NOT_SETTINGS = {"run", "step", "paused", "projector"}
MAP = ("of", "layer", "head", "by", "3d", "trails", "neighbours", "distance", "metric", "seed", "since", "closer")
WIDGETS = {
    "closer",
    "inside",
    "about",
    "company",
    "contest",
    "order",
    "search",
    "topic",
    *(f"map-{name}" for name in MAP),
}  # what Streamlit binds to the address itself


def take_from_url() -> None:
    """Once a visit: what the address asks for. What it asks for wrongly is told, and nothing is lost."""
    state = st.session_state
    if "visit_begun" in state:
        return
    state.visit_begun = True
    query = dict(st.query_params)
    state.projector = query.pop("projector", "") in ("1", "true")
    try:
        if "run" in query:
            open_run(query["run"])
            state.step = step_from(query.get("step"))
        elif query.keys() & {"preset", "v"} or any("." in name for name in query):
            settings = {k: v for k, v in query.items() if k not in NOT_SETTINGS | WIDGETS}
            begin(RunConfig.from_query(settings), paused=query.get("paused") == "1")
    except ValueError as error:
        complain(str(error))


def step_from(word: str | None) -> int | None:
    """A step as the URL writes it. ValueError where it is not one."""
    if word is None:
        return None
    if not re.fullmatch(r"\d{1,9}", word):
        raise ValueError(f"step={word[:40]} is not a step; use a whole number from 0")
    return int(word)


def put_into_url() -> None:
    """The address says what is looked at, so that reload and share find it again."""
    wanted = {}
    if st.session_state.get("run"):
        wanted["run"] = st.session_state.run
        if st.session_state.get("step") is not None:
            wanted["step"] = str(st.session_state.step)
    if st.session_state.get("projector"):
        wanted["projector"] = "1"
    present = {k: v for k, v in st.query_params.items() if k in (*NOT_SETTINGS, "preset", "v") or "." in k}
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
    st.session_state.run = name
    st.session_state.step = None
    seen = st.session_state.setdefault("seen", [])
    if name not in seen:
        seen.append(name)


def begin(config: RunConfig, paused: bool = False) -> None:
    """Starts a run and looks at it. ValueError where task and model do not fit."""
    open_run(server.start(config, config.nearest_preset()[0], paused).stem)


def begin_race(configs: dict[str, RunConfig], stem: str, mode: Mode = "lockstep", paused: bool = False) -> None:
    """Starts a race and looks at its first contender. ValueError where a contender's task and model do not fit."""
    paths = server.start_race(configs, stem, mode, paused)
    for path in reversed(paths):  # all of them are of this visit
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
    """The run this visit looks at; None before the first. A run that is gone or broken is told once."""
    name = st.session_state.get("run")
    if name is None:
        return None
    try:
        return server.opened(str(catalogue.path_of(name)))
    except ValueError as error:
        complain(str(error))
        st.session_state.run = None
        return None


def looked_at(run: Run) -> bool:
    """True if this visit looks at that very run.

    A widget of a run that was left may still call back: the browser told its value once more before it heard.
    """
    return bool(st.session_state.get("run") == run.id)


def earlier_runs() -> list[Run]:
    """The other runs of this visit, the newest last."""
    found = []
    for name in st.session_state.get("seen", []):
        if name != st.session_state.get("run"):
            try:
                found.append(server.opened(str(catalogue.path_of(name))))
            except ValueError:
                continue  # removed since: it is missing from the overlay, and its own page says so
    return found[-5:]


def complain(sentence: str) -> None:
    """Keeps a refusal to be shown on top of the page."""
    st.session_state.setdefault("complaints", []).append(sentence)


def complaints() -> None:
    """Shows what was refused, in a sentence each."""
    for sentence in st.session_state.pop("complaints", []):
        st.error(sentence, icon=":material/block:")


def differences(run: Run) -> str:
    """A run's name on a screen: its preset and what differs from it."""
    preset, changes = run.config.nearest_preset()
    racing = race_of(run)
    if racing is not None:
        return f"{preset} race · {racing.name}"
    words = [f"{path.split('.')[1]} {shown(value)}" for path, value in changes.items()]
    branched = run.meta("parent")
    if branched:
        words.insert(0, f"branch at {branched['step']}")
    return " · ".join([preset, *words[:4]]) + (" …" if len(words) > 4 else "")


def shown(value: object) -> str:
    """A setting's value, short."""
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if len(str(value)) <= 24 else f"{str(value)[:20]}…"
