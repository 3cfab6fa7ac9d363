"""Tuned fairly: a sweep of learning rates for each contender, and a race in which each has its best one."""

from __future__ import annotations

import math
from html import escape
from pathlib import Path

import pandas as pd
import streamlit as st

from explorer.charts import theme
from explorer.charts import tuning as charts
from explorer.config.optimizers import OPTIMIZERS, meanings
from explorer.measure.names import fixed, number, plural
from explorer.measure.valley import SHARE, Valley, valley
from explorer.search.space import FloatKnob
from explorer.ui import chosen, picture, refusals, sitemap, visit
from explorer.ui.frame import cards
from explorer.ui.optimizers import sweeping
from explorer.ui.optimizers.sweeping import Sweep
from explorer.ui.parts import searching, settings
from explorer.ui.parts.searching import Standing
from explorer.ui.pressing import pressed
from explorer.ui.view import View

USUAL = ("sgd", "momentum", "adamw", "muon")
STEPS = 150
MOST = 8  # contenders
HEAD = (
    "contender",
    "trained",
    "given up",
    "best rate",
    "loss there",
    "valley, from rate to rate",
    "how wide",
)
COMPUTED = rf"""
Each contender is trained once for every learning rate of a grid, evenly spread on a log scale, from coarse to fine, on
the same initial weights and the same batches. Its **loss at the end** is the last measurement: on held-out data or,
where every batch is new, the mean over the last steps. A training is **given up** where its best measurement so far is
worse than the median of the same contender's trainings at that step; it stands where it was (▾).

The **valley** is the range of rates around the best one in which the loss is at most
$L^* + {SHARE:g}\,(L_0 - L^*)$: a tenth of the way from the best loss to $L_0$, that of even odds. Between two rates the
loss is taken as linear in log rate. A wide valley forgives a badly chosen rate. Every training is a run of its own: it
stands under Runs and on the Search page.
"""


def show(view: View) -> None:
    """What is tuned, how far it is, the curves with their valleys, and the race with the best."""
    with cards("tuning", 1)[0]:
        begin(view)
        path = looked_at(view)
        if path is None:
            picture.look_for(
                "tuning", "nothing is tuned yet: an optimizer with a badly chosen step size proves nothing."
            )
        else:
            sweep(view, path)
    picture.computed(COMPUTED, valley, title="How the tuning is computed")


def looked_at(view: View) -> Path | None:
    """The sweep to show: the one begun here, else the newest of this model and task."""
    name = visit.state().sweeps.get(view.run.id)
    return name if name and name.exists() else sweeping.newest(view.run.config)


def begin(view: View) -> None:
    """Who is tuned, over which rates, how long; and the button."""
    racing = sweeping.contenders(view)
    who = st.container()
    low, high, points, steps, button = st.columns([1, 1, 1, 1, 1.35], vertical_alignment="bottom")
    if racing:
        names = who.multiselect("Contenders of this race", list(racing), list(racing), max_selections=MOST)
        chosen_ones = {name: racing[name] for name in names}
    else:
        names = who.multiselect("Optimizers", list(OPTIMIZERS), USUAL, max_selections=MOST, help=meanings())
        chosen_ones = {name: {"optimizer.name": name} for name in names}
    first = low.text_input("Rates from", "1e-4", key="tuning-low")
    last = high.text_input("to", "1", key="tuning-high")
    count = points.number_input("Rates", 3, 25, 9, key="tuning-points")
    usual = min(STEPS, view.config.train.steps or STEPS)
    length = steps.number_input("Steps each", min(10, usual), 100_000, usual, key="tuning-steps")
    wanted = pressed(
        button.button, "Start tuning", "tuning-begin", icon=":material/tune:", type="primary", width="stretch"
    )
    with refusals.at("tuning-form"):
        if wanted:
            ends = (settings.parsed("the learning rate", first), settings.parsed("the learning rate", last))
            search = sweeping.composed(view.run.config, chosen_ones, ends, int(count), int(length))
            visit.state().sweeps[view.run.id] = searching.begin(search)


def sweep(view: View, path: Path) -> None:
    """How a sweep stands, its curves, its table, what can be done."""
    now = searching.standing(path)
    if now.busy:
        searching.keep(path)
    guess, _ = view.about.guessing
    sweeps = sweeping.sweeps_of(now, guess)
    buttons(view, now, sweeps)
    rates = next(k for k in now.search.knobs if isinstance(k, FloatKnob))

    def frame() -> pd.DataFrame:
        return charts.frame({s.name: s.points for s in sweeps}, {s.name: s.valley for s in sweeps}, guess)

    data = picture.paced(frame, "tuning", (path.stem, len(now.over), guess), math.inf)
    picture.show(charts.sweep, data, "tuning", ends=(rates.low, rates.high))
    table(sweeps)
    picture.look_for("tuning", sentence(sweeps))


def buttons(view: View, now: Standing, sweeps: list[Sweep]) -> None:
    """The budget, how much of it is spent, and stop, go on, race."""
    words, first, second = st.columns([2, 1, 2], vertical_alignment="center")
    spent = sum(t.last for t in now.trials)
    words.html(
        f'<p class="search-state">{len(now.over)} of {now.budget} trainings over · {spent:,} of at most '
        f"{now.budget * now.search.steps:,} steps · {state(now)}</p>"
    )
    searching.stop_or_go_on(first, now, "tuning")
    best = sweeping.tuned(now, sweeps, view.run.config)

    def race() -> None:
        try:
            chosen.begin_race(best, "tuned")
            visit.state().rerun = True
            st.session_state[sitemap.ROWS["optimizers"]] = "Race"  # where it is seen
        except ValueError as error:
            refusals.keep(str(error))

    second.button(
        "Race with the best",
        icon=":material/flag:",
        key="tuning-race",
        width="stretch",
        disabled=len(best) < 2,
        help="A race of all contenders that have a best rate, each with it.",
        on_click=race,
    )


def state(now: Standing) -> str:
    """The state in a word or two."""
    if now.place:
        return f"waiting, place {now.place} in the queue"
    return {"searching": "tuning", "paused": "stopped", "waiting": "ready"}.get(now.status.state, now.status.state)


def table(sweeps: list[Sweep]) -> None:
    """Each contender in one row."""
    rows: list[str] = []
    for index, s in enumerate(sweeps):
        cells = (
            f"{len(s.points)} of {s.wanted}",
            str(sum(1 for p in s.points if p.ended != charts.FULL)),
            "–" if s.best is None else number(s.best.params[sweeping.LR]),
            "–" if s.best is None or s.best.value is None else fixed(s.best.value, 4),
            "–" if s.valley is None else words(s.valley),
            "–" if s.valley is None else wide(s.valley),
        )
        dot = f'<i style="background:{theme.head(index)}"></i>'
        rows.append(f"<tr><td>{dot}{escape(s.name)}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    head = "".join(f"<th>{name}</th>" for name in HEAD)
    body = f'<table class="standings sweeps"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    st.html(f'<div class="wide">{body}</div>')


def words(valley: Valley) -> str:
    """A valley's ends, and whether it goes on beyond the rates that were tried."""
    beyond = " or less" if valley.open_low else ""
    return f"{number(valley.low, 2)}{beyond} to {number(valley.high, 2)}{' or more' if valley.open_high else ''}"


def wide(valley: Valley) -> str:
    """A valley's width as a factor."""
    return f"{'≥ ' if valley.open_low or valley.open_high else ''}× {number(valley.factor)}"


def sentence(sweeps: list[Sweep]) -> str:
    """Who is best, and who forgives most."""
    tuned = [(s.best.value, s.best.params[sweeping.LR], s.name) for s in sweeps if s.best and s.best.value is not None]
    if not tuned and any(s.points for s in sweeps):
        over, diverged = (
            sum(1 for s in sweeps for p in s.points if p.ended in ended)
            for ended in ((charts.FULL, charts.GIVEN_UP, charts.DIVERGED), (charts.DIVERGED,))
        )
        return (
            f"none of the {over} training{plural(over)} that {'is' if over == 1 else 'are'} over has a loss at its "
            f"end; {diverged} diverged: try smaller rates."
        )
    if not tuned:
        return "the first trainings are under way; each will be a point at its learning rate."
    loss, rate, name = min(tuned)
    words = f"{name} comes lowest, {fixed(loss, 4)} at {number(rate)}"
    valleys = [(s.valley.factor, s.name) for s in sweeps if s.valley is not None]
    if len(valleys) > 1:
        factor, name = max(valleys)
        words += f"; {name} has the widest valley, a factor of {number(factor)}"
    rest = sum(s.wanted - len(s.points) for s in sweeps)
    if rest:
        words += f"; {rest} training{plural(rest)} {'is' if rest == 1 else 'are'} to come"
    return f"{words}."
