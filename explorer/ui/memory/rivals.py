"""Rivals: the runs whose gradient through time stands beside that of the run looked at."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from explorer.answers.records.recurrence import ThroughTime
from explorer.runs.race import race_of
from explorer.runs.run import Run
from explorer.ui import chosen
from explorer.ui.parts import lanes
from explorer.ui.view import View


def words(view: View) -> str:
    """A run in the legend."""
    return named(view.run)


def named(run: Run) -> str:
    """The same of a run."""
    return f"{run.config.model.kind} · {chosen.differences(run)}"


def racing(view: View) -> dict[str, Run]:
    """The others of the race that the run is in, each by the run of its lowest seed; none where it is in no race."""
    if race_of(view.run) is None:
        return {}
    others = [one for one in lanes.contenders(view) if view.run.id not in {run.id for run in one.runs.values()}]
    return {one.name: one.first for one in others if one.first.config.has("logits", "states")}


def beside(view: View) -> View | None:
    """Another run at its newest step, to be drawn beside; None if none is chosen. In a race at first one that reads by
    attention where this one does not, or the other way round.
    """
    race = {run.id: run for run in racing(view).values()}
    runs = race | {
        run.id: run for run in chosen.earlier_runs() if run.config.has("logits") and run.config.has("states")
    }
    if not runs:
        st.caption("Train another kind of model and its picture can stand beside this one.")
        return None
    unlike = [name for name, run in race.items() if run.config.has("attention") != view.config.has("attention")]
    options = [None, *runs]
    name = st.selectbox(
        "Beside it",
        options,
        index=options.index(unlike[0]) if unlike else 0,
        key=f"memory-beside-{race_id(view)}",
        format_func=lambda name: "nothing" if name is None else named(runs[name]),
    )
    if name is None:
        return None
    return replace(view, run=runs[name], step=runs[name].newest_snapshot(), live=False, place="memory-beside")


def race_id(view: View) -> str:
    """The race that the run is in, "" for none: each has a choice of its own."""
    race = race_of(view.run)
    return "" if race is None else race.id


def curves(view: View, other: View | None, every: float, layer: int) -> dict[str, ThroughTime]:
    """What the contenders have that are drawn nowhere else, by name."""
    rest = {name: run for name, run in racing(view).items() if other is None or run.id != other.run.id}
    answers = {}
    for name, run in rest.items():
        step = run.newest_snapshot() if view.live else min(view.step, run.last)
        one = replace(view, run=run, step=step, last=run.last, place=f"memory-curve {run.id}")
        depth = min(layer, run.config.model.layers - 1)
        answer = one.picture(ThroughTime, every * (1 + len(rest)), lane="slow", says=False, layer=depth)
        if answer is not None:
            answers[name] = answer
    return answers
