"""The contenders of a race as pictures take them: names, colours, seeds together, places on the axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from explorer.charts import gradients, theme
from explorer.charts.races import Lane
from explorer.config.run import RunConfig
from explorer.runs.race import race_of
from explorer.runs.run import Run
from explorer.ui import chosen, server, visit
from explorer.ui.view import View

POINTS = 300  # of a curve
LAST = 20  # steps, of which the mean loss decides who leads


@dataclass(frozen=True)
class Contender:
    """One contender with its runs, one a seed, by the seed."""

    name: str
    color: str
    runs: dict[int, Run]

    @property
    def first(self) -> Run:
        """Its run of the lowest seed."""
        return next(iter(self.runs.values()))


def contenders(view: View) -> list[Contender]:
    """Those of the race that the run looked at is in; it alone in none. Those that differ by the seed are one."""
    members: list[Contender] = []
    alike: dict[RunConfig, Contender] = {}
    racing = server.racing(view.run) if race_of(view.run) else {chosen.differences(view.run): view.run}
    for name, run in racing.items():
        seedless = run.config.replace({"train.seed": 0})
        if seedless not in alike:
            alike[seedless] = Contender(seeded(name, run), theme.layer(len(members)), {})
            members.append(alike[seedless])
        alike[seedless].runs[run.config.train.seed] = run
    return members


def seeded(name: str, run: Run) -> str:
    """A contender's name without its seed."""
    return name.removesuffix(f" · seed {run.config.train.seed}")


def lane(contender: Contender, axis: str) -> Lane:
    """Its curves over steps, tokens or time."""
    curves = [with_ratios(run) for run in contender.runs.values()]
    across = (
        None if axis == "steps" else [places(r, c, axis) for r, c in zip(contender.runs.values(), curves, strict=True)]
    )
    diverged = []
    for i, run in enumerate(contender.runs.values()):
        status = run.status
        if status.state == "diverged":
            place = float(run.last) if across is None else float(across[i][-1]) if len(across[i]) else 0.0
            diverged.append((place, run.last, status.reason))
    return Lane(contender.name, contender.color, curves, across, diverged)


def with_ratios(run: Run) -> dict[str, np.ndarray]:
    """The run's curve, and the median update ratio of its matrices at each bucket's peak."""
    curve = dict(run.curve(POINTS))
    peaks = curve["peak"].astype(int)
    curve["ratio_mean"] = np.full(len(peaks), np.nan)
    if len(peaks):
        steps, _, ratios = run.tensor_norms(peaks)
        middle = np.median(ratios[:, gradients.matrices(run.tensors)], axis=1)
        at = np.searchsorted(steps, peaks).clip(max=len(steps) - 1)
        curve["ratio_mean"] = np.where(steps[at] == peaks, middle[at], np.nan)
    return curve


def places(run: Run, curve: dict[str, np.ndarray], axis: str) -> np.ndarray:
    """Where each bucket begins: in tokens asked before, or seconds of training."""
    steps = curve["step"]
    if axis == "tokens":
        return np.nan_to_num(run.tokens_at(steps - 1))
    sizes = np.diff(steps, append=max(run.last, steps[-1] + 1) if len(steps) else 0)
    spent = np.cumsum(curve["seconds_mean"] * sizes)
    return np.concatenate([[0.0], spent[:-1]])[: len(steps)]


def cursor(view: View, axis: str) -> float | None:
    """Where the step looked at lies on the axis, by the run looked at; None while following the newest."""
    if view.live:
        return None
    if axis == "steps":
        return float(view.step)
    curve = view.run.curve(POINTS)
    return float(np.interp(view.step, curve["step"], places(view.run, curve, axis))) if len(curve["step"]) else None


def standing(run: Run, step: int) -> dict[str, Any]:
    """Where a run stands before step `step`: its state, and means of its last few losses and right answers."""
    rows = run.query("SELECT loss, metric FROM steps WHERE step < ? AND step >= ?", (step, step - LAST))
    losses, metrics = (np.array([row[i] for row in rows], dtype=float) for i in (0, 1))
    return {
        "state": run.status.state,
        "last": run.last,
        "loss": float(losses.mean()) if len(losses) else None,
        "metric": float(metrics.mean()) if len(metrics) else None,
    }


def compared_at(members: list[Contender], step: int) -> int:
    """The step at which contenders are compared: `step`, or the last that all who did not diverge have come to.

    Side by side one is ahead of another, and one of a race may have been trained on alone.
    """
    going = [run for contender in members if not diverged(contender) for run in contender.runs.values()]
    return min([step, *(run.last for run in going)])


def diverged(contender: Contender) -> bool:
    """True if one of its seeds did."""
    return any(run.status.state == "diverged" for run in contender.runs.values())


def ranked(members: list[Contender], step: int) -> list[tuple[Contender, float, float]]:
    """Contenders that did not diverge, the lowest mean loss first, with loss and right answers, means over seeds.

    step: as `compared_at` gives it.   Empty before the first step.
    """
    rows = []
    for contender in members:
        standings = [standing(run, step) for run in contender.runs.values()]
        if not diverged(contender) and all(t["loss"] is not None for t in standings):
            mean = [float(np.mean([t[name] for t in standings])) for name in ("loss", "metric")]
            rows.append((contender, mean[0], mean[1]))
    return sorted(rows, key=lambda row: row[1])


def look_at(view: View, place: str) -> None:
    """Which contender's weights this and the other pages show."""
    names = {run.id: label(contender, run.id) for contender in contenders(view) for run in contender.runs.values()}
    key = f"{place}-look:{view.run.id}"

    def look() -> None:
        if not chosen.looked_at(view.run):
            return
        step = visit.state().step
        chosen.open_run(st.session_state[key])
        visit.state().step = step
        visit.state().rerun = True

    at = list(names).index(view.run.id)
    st.selectbox(
        "Weights looked at",
        list(names),
        at,
        format_func=lambda stem: f"weights of {names[stem]}",
        key=key,
        on_change=look,
        width=260,
        label_visibility="collapsed",
    )


def label(contender: Contender, stem: str) -> str:
    """A contender's name, with the seed where it has several."""
    (seed,) = [seed for seed, run in contender.runs.items() if run.id == stem]
    return contender.name if len(contender.runs) == 1 else f"{contender.name} · seed {seed}"
