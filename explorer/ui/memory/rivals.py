"""Rivals: the runs whose gradient through time stands beside that of the run looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from explorer.answers.records.recurrence import ThroughTime
from explorer.config.quoting import quoted
from explorer.runs import catalogue
from explorer.runs.race import race_of
from explorer.runs.run import Run
from explorer.ui import chosen, held, server, visit
from explorer.ui.parts import lanes
from explorer.ui.view import View

NOTHING = "nothing"


@dataclass
class Beside:
    """The run that a visit wants beside this one, by its id, or NOTHING; "" before it was asked. One for each race."""

    run: str = ""


def here(word: str) -> str:
    """A run beside another as the address writes it. ValueError where there is none of that name."""
    if word != NOTHING and not catalogue.path_of(word).is_file():
        raise ValueError(f"there is no run “{quoted(word)}” here; choose another under “Beside it”")
    return word


def words(view: View) -> str:
    """The run looked at, in the legend."""
    return named(view, view.run)


def named(view: View, run: Run) -> str:
    """A run in the legend: in one race with the run looked at by its name there, else by its kind and what differs."""
    mine, its = race_of(view.run), race_of(run)
    if mine is not None and its is not None and mine.id == its.id and not run.meta("title"):
        return its.name
    return f"{run.config.model.kind} · {chosen.differences(run)}"


def racing(view: View) -> dict[str, Run]:
    """The others of the race that the run is in, each by the run of its lowest seed; none where it is in no race."""
    if race_of(view.run) is None:
        return {}
    others = [one for one in lanes.contenders(view) if view.run.id not in {run.id for run in one.runs.values()}]
    return {one.name: one.first for one in others if one.first.config.has("logits", "states")}


def offered(view: View, wanted: str) -> dict[str, Run]:
    """The runs that can stand beside it, by id: one of each other contender, the other seeds, and all of this visit.

    wanted: the id of one more, such as that of a shared address; "" for none.
    """
    seeds = server.racing(view.run).values() if race_of(view.run) else ()
    runs = [*racing(view).values(), *seeds, *chosen.opened_runs()[::-1]]
    if wanted not in ("", NOTHING, *(run.id for run in runs)):
        runs += chosen.openable([wanted])
    return {run.id: run for run in runs if run.id != view.run.id and run.config.has("logits", "states")}


def beside(view: View) -> View | None:
    """Another run, to be drawn beside; None if none is chosen. In a race at first one that reads by attention where
    this one does not, or the other way round.
    """
    state = visit.kept(Beside, race_id(view))
    held.holds("beside", state, "run", here)
    runs = offered(view, state.run)
    if not runs:
        st.caption("Train another kind of model and its picture can stand beside this one.")
        return None
    unlike = [run.id for run in racing(view).values() if run.config.has("attention") != view.config.has("attention")]
    name = state.run if state.run in (NOTHING, *runs) else next(iter(unlike), NOTHING)
    key = f"memory-beside-{race_id(view)}"
    if st.session_state.get(key) != name:
        st.session_state[key] = name

    def choose() -> None:
        state.run = st.session_state[key]

    st.selectbox(
        "Beside it",
        [NOTHING, *runs],
        key=key,
        format_func=lambda name: name if name == NOTHING else named(view, runs[name]),
        on_change=choose,
        width=360,
    )
    return None if name == NOTHING else moved(view, runs[name], "memory-beside")


def moved(view: View, run: Run, place: str) -> View:
    """Another run, at its newest weights while the newest are looked at, else at the same step, or the last it has."""
    step = run.newest_snapshot() if view.live else min(view.step, run.last)
    return replace(view, run=run, step=step, last=run.last, place=place)


def race_id(view: View) -> str:
    """The race that the run is in, "" for none: each has a choice of its own."""
    race = race_of(view.run)
    return "" if race is None else race.id


def colors(view: View) -> dict[str, str]:
    """The colours that those of the race have in its pictures, by their names here; none where it is in no race."""
    if race_of(view.run) is None:
        return {}
    return {
        name: one.color
        for one in lanes.contenders(view)
        for name in (one.name, *(named(view, run) for run in one.runs.values()))
    }


def curves(view: View, other: View | None, every: float, layer: int) -> dict[str, ThroughTime]:
    """What the contenders have that are drawn nowhere else, by name."""
    rest = {name: run for name, run in racing(view).items() if other is None or run.id != other.run.id}
    answers = {}
    for name, run in rest.items():
        depth = min(layer, run.config.model.layers - 1)
        answer = moved(view, run, f"memory-curve {run.id}").picture(
            ThroughTime, every * (1 + len(rest)), lane="slow", says=False, layer=depth
        )
        if answer is not None:
            answers[name] = answer
    return answers
