"""One trial of a search: its settings, its curves with what ended it, and the way into its run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from explorer.charts import search as charts
from explorer.runs.run import Run
from explorer.search import ledger
from explorer.search.ledger import Trial
from explorer.search.stopping import overfitting_from
from explorer.ui import server
from explorer.ui.components import curves as canvas
from explorer.ui.frame import cards
from explorer.ui.search import pictures, searching, settings
from explorer.ui.search.searching import Standing

POINTS = 400  # of a curve


@dataclass(frozen=True)
class Mark:
    """Something on the step axis that the run's file does not call an event."""

    step: int
    kind: str
    label: str


def show(now: Standing) -> None:
    """The trial that was clicked, else the one that trains, else the best."""
    trial = shown(now)
    if trial is None:
        return
    with cards("search-trial", 1)[0]:
        row = st.container(horizontal=True, vertical_alignment="center")
        row.markdown(f"**Trial {trial.number}** · {settings.described(trial.params)}")
        if row.button("Open its run", key="search-open", icon=":material/open_in_new:"):
            searching.open_trial(trial)
            st.session_state.search_leaves = True
        run = server.opened(str(trial.path))
        projector = bool(st.session_state.get("projector"))
        marks = events(now, trial, run)
        curve = run.curve(POINTS)
        train = (curve["step"], curve["loss_mean"])
        held_out = (trial.steps, trial.losses) if trial.held_out and len(trial.steps) else None
        over = overfitting(trial, run)
        told = charts.course(train, held_out, marks, None if over is None else over[0])
        said = sentence(now, trial, run)
        drawn = canvas.message(charts.COURSE, told, projector, said)
        canvas.curves([drawn], key="search-trial-curve", on_step=lambda step: None)


def shown(now: Standing) -> Trial | None:
    """The trial to show."""
    number = pictures.selected(now)
    found = next((t for t in now.trials if t.number == number), None)
    if found is not None:
        return found
    training = [t for t in now.trials if t.state == "training" and t.last]
    return training[-1] if training else ledger.best(now.trials)


def events(now: Standing, trial: Trial, run: Run) -> list[Mark]:
    """The best so far, the point of overfitting, and what ended the trial, as marks on the axis."""
    found = []
    if trial.best_step is not None:
        best = float(trial.losses.min())
        what = "held-out" if trial.held_out else "mean training"
        found.append(Mark(trial.best_step, "bookmark", f"best so far: {what} loss {best:.4f}"))
    over = overfitting(trial, run)
    if over is not None:
        found.append(Mark(over[0], "set", f"overfits from here: held-out +{over[1]:.3f}, training −{over[2]:.3f} nats"))
    if trial.over and trial.end != "finished":
        found.append(
            Mark(trial.last, "diverged" if trial.state == "diverged" else "paused", f"{trial.end}: {trial.reason}")
        )
    return found


def overfitting(trial: Trial, run: Run) -> tuple[int, float, float] | None:
    """From where the trial overfits; None where it does not, or nothing is held out."""
    if not trial.held_out:
        return None
    losses = run.steps["loss"][: trial.last]
    return overfitting_from(trial.steps, trial.losses, np.arange(len(losses)), losses)


def sentence(now: Standing, trial: Trial, run: Run) -> str:
    """What this trial says now: patience, overfitting, its end."""
    if trial.best_step is None:
        return f"the first measurement comes at step {now.search.every}."
    since = (trial.last if trial.over else int(trial.steps[-1])) - trial.best_step
    patience = f" of {now.search.patience} steps of patience" if now.search.patience else " steps"
    told = f"best {trial.losses.min():.4f} at step {trial.best_step}, nothing better for {since}{patience}. "
    over = overfitting(trial, run)
    if over is not None:
        told += (
            f"From step {over[0]} on it learns by heart: held-out loss +{over[1]:.3f}, training −{over[2]:.3f} nats. "
        )
    elif not trial.held_out:
        told += "Every batch is new here, so the training loss is measured: there is nothing to learn by heart. "
    if trial.over:
        told += f"{trial.end.capitalize()}: {trial.reason}."
    return told
