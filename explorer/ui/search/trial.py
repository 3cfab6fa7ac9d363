"""One trial of a search: its settings, its curves with what ended it, and the way into its run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from explorer.charts import trials
from explorer.measure.names import fixed, plural
from explorer.runs.run import Run
from explorer.search import ledger
from explorer.search.ledger import Trial
from explorer.search.stopping import overfitting_from
from explorer.ui import foreign, server, visit
from explorer.ui.components import curves as canvas
from explorer.ui.frame import cards
from explorer.ui.parts import searching, settings
from explorer.ui.parts.searching import Standing
from explorer.ui.pressing import pressed
from explorer.ui.search import pictures

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
        row.markdown(f"**Trial {trial.number}** · {foreign.text(settings.described(trial.params))}")
        if pressed(row.button, "Open its run", "search-open", icon=":material/open_in_new:"):
            searching.open_trial(trial)
            visit.state().opens_trial = True
        run = server.opened(str(trial.path))
        projector = visit.state().projector
        marks = events(now, trial, run)
        curve = run.curve(POINTS)
        train = (curve["step"], curve["loss_mean"])
        held_out = (trial.steps, trial.losses) if trial.held_out and len(trial.steps) else None
        over = overfitting(trial, run)
        chart = trials.course(train, held_out, marks, None if over is None else over[0])
        caption = sentence(now, trial, run)
        data = canvas.message(trials.COURSE, chart, projector, caption)
        canvas.curves([data], key="search-trial-curve", on_step=lambda step: None)


def shown(now: Standing) -> Trial | None:
    """The trial to show."""
    number = pictures.selected(now)
    chosen = next((t for t in now.trials if t.number == number), None)
    if chosen is not None:
        return chosen
    training = [t for t in now.trials if t.state == "training" and t.last]
    return training[-1] if training else ledger.best_seen(now.trials)


def events(now: Standing, trial: Trial, run: Run) -> list[Mark]:
    """The best so far, the point of overfitting, and what ended the trial, as marks on the axis."""
    rows = []
    if trial.best_step is not None and trial.lowest is not None:
        words = f"best so far: {'held-out' if trial.held_out else 'mean training'} loss {fixed(trial.lowest, 4)}"
        rows.append(Mark(trial.best_step, "bookmark", words))
    over = overfitting(trial, run)
    if over is not None:
        words = f"overfits from here: held-out +{fixed(over[1], 3)}, training −{fixed(over[2], 3)} nats"
        rows.append(Mark(over[0], "set", words))
    if trial.over and trial.end != "finished":
        rows.append(
            Mark(trial.last, "diverged" if trial.state == "diverged" else "paused", f"{trial.end}: {trial.reason}")
        )
    return rows


def first(now: Standing) -> str:
    """What is said before there is a measurement."""
    return f"the first measurement comes at step {now.search.every:,}."


def overfitting(trial: Trial, run: Run) -> tuple[int, float, float] | None:
    """From where the trial overfits; None where it does not, or nothing is held out."""
    if not trial.held_out:
        return None
    losses = run.steps["loss"][: trial.last]
    return overfitting_from(trial.steps, trial.losses, np.arange(len(losses)), losses)


def sentence(now: Standing, trial: Trial, run: Run) -> str:
    """What this trial says now: patience, overfitting, its end."""
    if trial.best_step is None or trial.lowest is None:
        end = f" {trial.end.capitalize()}: {trial.reason}." if trial.over else ""
        if len(trial.losses):
            return (
                f"its loss was finite at none of its {len(trial.losses)} measurement{plural(len(trial.losses))}.{end}"
            )
        return f"it ended before its first measurement.{end}" if end else first(now)
    since = (trial.last if trial.over else int(trial.steps[-1])) - trial.best_step
    patience = now.search.patience
    waited = f"{since:,} of {patience:,} steps of patience" if patience else f"{since:,} step{plural(since)}"
    words = f"best {fixed(trial.lowest, 4)} at step {trial.best_step:,}, nothing better for {waited}. "
    over = overfitting(trial, run)
    if over is not None:
        words += (
            f"From step {over[0]:,} on it learns by heart: held-out loss +{fixed(over[1], 3)}, "
            f"training −{fixed(over[2], 3)} nats. "
        )
    elif not trial.held_out:
        words += "Every batch is new here, so the training loss is measured: there is nothing to learn by heart. "
    if trial.over:
        words += f"{trial.end.capitalize()}: {trial.reason}."
    return words
