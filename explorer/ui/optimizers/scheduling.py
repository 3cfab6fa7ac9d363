"""Schedules: how the learning rate will go on, previewed, and changed while the run trains."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from explorer.charts import theme, timeline
from explorer.charts.timeline import Panel
from explorer.config.form import settings
from explorer.config.run import RunConfig, points
from explorer.config.schedules import SCHEDULES
from explorer.measure.names import number
from explorer.runs.run import Run
from explorer.training.schedules import learning_rate
from explorer.ui import branching, picture, refusals, visit
from explorer.ui.components.sketch import PLACES, Paper, Sketched, message, sketch
from explorer.ui.frame import cards
from explorer.ui.view import View

POINTS = 200
PANEL = Panel("Learning rate", "Learning rate so far and as it would go on", "step size", "linear", (0, 1e-6), 300)


def computed() -> str:
    """How the schedules are computed, in words."""
    meanings = [schedule.meaning for schedule in SCHEDULES.values()]
    return (
        f"Warm-up rises evenly to the peak. Then: {'; '.join(meanings[:-1])}; or {meanings[-1]}. A change is an event "
        "in the run’s file: it acts from the next step on, and a replay makes it again at the same step."
    )


def show(view: View) -> None:
    """The form, its preview over the run so far, and the button that makes it so."""
    with cards("schedule", 1)[0]:
        wanted = chosen_schedule(view.run, view.run.config_at(view.last))
        if wanted is None:
            return
        curves = [*so_far(view), *ahead(wanted, view.last), *timeline.marks(view.events, view.cursor)]
        picture.curves(PANEL, curves, "schedule")
        picture.look_for("schedule", sentence(view, wanted))
    shares = (schedule.share for schedule in SCHEDULES.values())
    picture.computed(computed(), learning_rate, *shares, title="How the schedules are computed")


def chosen_schedule(run: Run, config: RunConfig) -> RunConfig | None:
    """The config with the schedule that the form shows; None, with the reason on the page, if that cannot be."""
    before = config.optimizer
    key = f"schedule:{run.id}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = list(SCHEDULES)
        name = st.selectbox("Schedule", names, names.index(before.schedule), key=f"{key}:name", width=180)
        ends = {one.path: (one.limit(one.low), one.limit(one.high)) for one in settings(config)}
        peak = st.number_input("Peak", *ends["optimizer.lr"], before.lr, format="%g", key=f"{key}:lr", width=150)
        warmup = st.number_input(
            "Warm-up steps", *ends["optimizer.warmup"], before.warmup, key=f"{key}:warmup", width=150
        )
        total = config.train.steps or 1000
        steps = st.number_input("Steps in all", *ends["train.steps"], total, key=f"{key}:steps", width=160)
        place = st.empty()
    curve = drawn_by_hand(key, before.drawn, max(1, int(steps - warmup))) if SCHEDULES[name].by_hand else before.drawn
    changes = {
        "optimizer.schedule": name,
        "optimizer.lr": float(peak),
        "optimizer.warmup": int(warmup),
        "train.steps": int(steps),
        "optimizer.drawn": curve,
    }
    try:
        wanted = config.replace(changes)
    except ValueError as error:
        refusals.say(str(error))
        return None
    changed = {path: value for path, value in changes.items() if value != config.get(path)}
    use = f"Use it from step {run.last:,} on"
    place.button(use, key=f"{key}:use", type="primary", disabled=not changed, on_click=send, args=(run, changed))
    return wanted


def send(run: Run, changes: dict[str, Any]) -> None:
    """Tells the run, which makes an event of it."""
    branching.order(run, "set", **changes)


def drawn_by_hand(key: str, before: str, steps: int) -> str:
    """A place to draw the curve on, as the config writes it. steps: after the warm-up."""
    places, drawings = np.linspace(0, 1, PLACES), visit.state().schedule_drawings
    heights = drawings.setdefault(key, np.interp(places, *np.array(points(before)).T).tolist())

    def keep(new: list[float]) -> None:
        drawings[key] = new

    paper = Paper(
        "Draw the schedule",
        "Share of the peak over the steps after the warm-up",
        "of the peak",
        1.0,
        "step",
        steps,
        220,
    )
    line = Sketched("the rate", theme.WARN, heights)
    sketch(message(paper, line, (), visit.state().projector), high=1.0, key=f"{key}:sketch", on_drawn=keep)
    return " ".join(f"{at:g}:{height:.3g}" for at, height in zip(places, heights, strict=True))


def so_far(view: View) -> list[dict[str, Any]]:
    """The rate as it was applied."""
    curve = view.run.curve(POINTS)
    look = {"series": "as applied", "color": theme.TRAIN}
    return timeline.curve("train", curve["step"], curve["lr_mean"], **look) if len(curve["step"]) else []


def ahead(config: RunConfig, last: int) -> list[dict[str, Any]]:
    """The rate of the steps to come, as the form has it."""
    steps = config.train.steps or last + 1000
    at = np.unique(np.linspace(min(last, steps), steps, POINTS).astype(int))
    rates = np.array([learning_rate(config.optimizer, int(step), config.train.steps) for step in at])
    return timeline.curve("earlier", at, rates, series="as it would go on", color=theme.WARN)


def sentence(view: View, wanted: RunConfig) -> str:
    """What the next step has, and what the last one will have."""
    steps, optimizer = wanted.train.steps or view.last, wanted.optimizer
    if view.last >= steps:
        return f"the run has come to its end at step {view.last:,}: give it more steps for a schedule to act on."
    following, final = (learning_rate(optimizer, step, wanted.train.steps) for step in (view.last, steps - 1))
    return (
        f"with this schedule step {view.last:,} would have {number(following)} and the last one, {steps - 1}, "
        f"{number(final)}."
    )
