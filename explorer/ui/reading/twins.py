"""Twins: two runs of equal size on one text, of which one reads from both sides and one from the left alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from explorer.config.run import RunConfig
from explorer.runs import catalogue
from explorer.runs.run import Run
from explorer.tasks.fields import TASKS
from explorer.ui import chosen, refusals, server, visit
from explorer.ui.view import View
from models.families import kind_of

SEARCHED = 20  # runs of this machine, the newest, among which a twin is looked for


@dataclass
class Twin:
    """The twin of a run, as far as this visit knows. name: of its run; None if there is none."""

    searched: bool = False
    name: str | None = None


def both_sides(config: RunConfig) -> bool:
    """Whether the model sees what comes after a place."""
    return kind_of(config.model).reads == "in place"


def on_text(config: RunConfig) -> bool:
    """Whether the run reads a text, from both sides or from the left alone."""
    reads = kind_of(config.model).reads
    return TASKS[config.task.name].corpus is not None and reads in ("in place", "onward") and config.has("logits")


def twin_of(config: RunConfig) -> RunConfig | None:
    """The settings of its twin; None of a model that has no counterpart of equal size."""
    if not on_text(config) or not config.has("attention heads"):
        return None
    task, changes = config.task.name, {f"task.{name}": value for name, value in config.plain()["task"].items()}
    if both_sides(config):
        changes |= {"model.kind": "decoder", "task.name": TASKS[task].onward or task}
    else:
        fills = next((name for name, kind in TASKS.items() if kind.onward == task), task)
        changes |= {"model.kind": "encoder", "task.name": fills}
    return config.replace(changes)


def find(run: Run, wanted: RunConfig) -> Run | None:
    """A run of the same model on the same text, of this visit or among the newest here; looked for once.

    Of the newest the first that has as many steps, so that both can be seen at one step, or else the longest.
    """
    twin = visit.kept(Twin, run.id)
    names = list(reversed(list(visit.state().opened)))
    for name in [twin.name, *names] if twin.name else names:
        if (other := of_settings(name, run, wanted)) is not None:
            twin.name = name
            return other
    longest: Run | None = None
    for path in () if twin.searched else catalogue.newest(SEARCHED):
        other = of_settings(path.stem, run, wanted)
        if other is not None and (longest is None or other.last > longest.last):
            twin.name, longest = path.stem, other
            if other.last >= run.last:
                break
    twin.searched = True
    return longest


def of_settings(name: str, run: Run, wanted: RunConfig) -> Run | None:
    """A run by its name, if it is another than this and has this model and task."""
    try:
        other = server.opened(str(catalogue.path_of(name)))
    except ValueError:
        return None  # deleted since, or broken: its own page says so
    same = (other.config.model, other.config.task) == (wanted.model, wanted.task)
    return other if same and other.id != run.id else None


def view_of(view: View, other: Run) -> View:
    """The twin at the same step, or at its last one; while this one trains, at a step whose weights are there."""
    step = min(view.step, other.last)
    if view.live:
        step = max((at for at in other.snapshot_steps if at <= step), default=0)
    return replace(view, run=other, step=step, last=other.last, place=f"twin {other.id}")


def offer(wanted: RunConfig) -> None:
    """One press trains the twin."""
    which = "both sides" if both_sides(wanted) else "the left alone"
    st.markdown(f"There is no run yet that reads the same text from {which}, with a model of the same size.")
    st.button("Train its twin", key="train-twin", icon=":material/play_arrow:", on_click=begin, args=(wanted,))


def begin(wanted: RunConfig) -> None:
    """Starts the twin and looks at it, on this page; a refusal is shown here."""
    try:
        chosen.begin(wanted)
        visit.state().rerun = True
    except ValueError as error:
        refusals.keep(str(error))
