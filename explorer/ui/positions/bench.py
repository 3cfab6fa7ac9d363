"""Bench: encodings side by side, on the same batches; how far each reaches, and how far its heads look."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from explorer.answers.records.reach import Distances, Reach
from explorer.charts import positions as charts
from explorer.charts import races
from explorer.config.encodings import ENCODINGS
from explorer.measure.positions import by_distance, right_by_position
from explorer.runs.race import race_of, weights_hash
from explorer.ui import foreign, picture
from explorer.ui.asking import Question
from explorer.ui.frame import board, cards
from explorer.ui.parts import lanes
from explorer.ui.parts.lanes import Contender
from explorer.ui.picture import Curves
from explorer.ui.positions import bench_runs, evaluation
from explorer.ui.positions.common import heat
from explorer.ui.view import View

EVERY = 4.0  # seconds between two looks at five runs that train
PATIENCE = 0.2  # seconds that all measurements together are waited for
LOSS = replace(races.LOSS, height=200, text="Loss of each encoding")
METRIC = replace(races.METRIC, height=200, text="Right answers of each encoding")
COMPUTED = (
    "The five are ordinary runs of one race: the same seed, the same batches, one step of each in turn, and each "
    "trains as it would alone, bit for bit. A learned table is drawn before the blocks, so with the same seed the "
    "blocks of that one begin with other numbers; the hash of the initial weights tells.\n\n"
    "**Longer**: the same weights read sequences two and four times as long as those trained on: for reverse and sort "
    "twice as many symbols mean twice as long an input and answer. Encodings that follow a formula are worked out "
    "further; a learned table has the rows that it has, and those beyond the trained length were never trained. Right "
    "answers are counted on the same unseen examples at every step, 64 or, of very long ones, fewer.\n\n"
    "**Attention by distance**: the mean of $A_{qk}$ over the 16 examples and all pairs with $q - k = d$, so divided "
    "by the number of queries that have a key so far away. Weighted by that number it sums to all attention, one for "
    "each query. *Even* is a head that spreads evenly over what it may see."
)


@dataclass(frozen=True)
class Entry:
    """One encoding on the bench: what it is called, its colour, its run at the step, and what was measured."""

    name: str
    color: str
    view: View
    lengths: Reach | None = None
    distances: Distances | None = None


def show(view: View | None) -> None:
    """The form, curves, the reach at longer lengths, and attention by distance."""
    if view is None:
        bench_runs.offer()
        return
    racing_now = race_of(view.run) is not None
    if racing_now:
        lanes.look_at(view, "bench")
    else:
        bench_runs.form(open_=True)
    contenders = lanes.contenders(view)
    curves(view, contenders)
    if view.first:
        view.waits.append("computing…")
        return  # the curves first; the rest a quarter of a second later
    entries = measured([entered(view, contender, racing_now) for contender in contenders])
    if view.waits and not all(entry.lengths and entry.distances for entry in entries):
        st.caption("computing…")  # all come together, so that nothing grows while it is looked at
        return
    places(entries)
    picture.details(lambda: reach(entries))
    picture.details(lambda: far(entries))
    if racing_now:
        picture.details(lambda: bench_runs.form(open_=True))
    picture.computed(COMPUTED, right_by_position, by_distance, title="How the bench is run and judged")


def entered(view: View, contender: Contender, racing_now: bool) -> Entry:
    """A contender at the step looked at or its newest; a single run by its encoding's name."""
    run = contender.first
    step = run.newest_snapshot() if view.live else min(view.step, run.last)
    name = contender.name if racing_now else ENCODINGS[run.config.model.positions].title
    return Entry(name, contender.color, replace(view, run=run, step=step, last=run.last, place=f"bench {run.id}"))


def measured(entries: list[Entry]) -> list[Entry]:
    """The entries with what was measured of each.

    All is asked for at once and waited for a moment together; what is not there yet is shown as it was last.
    """
    lengths = [entry.view.question(Reach, EVERY, "slow") for entry in entries]
    distances = [entry.view.question(Distances, EVERY, "slow") for entry in entries]
    end = time.monotonic() + PATIENCE
    questions: list[Question[Any]] = [*lengths, *distances]
    for entry, question in zip((*entries, *entries), questions, strict=True):
        try:
            if not question.wait(max(0.0, end - time.monotonic())):
                entry.view.wait_for(question, "computing…")
        except ValueError as error:
            st.warning(foreign.sentence(str(error)), icon=":material/info:")
    return [
        replace(entry, lengths=reach.shown, distances=apart.shown)
        for entry, reach, apart in zip(entries, lengths, distances, strict=True)
    ]


def curves(view: View, contenders: list[Contender]) -> None:
    """Loss and right answers of all, while they train."""
    raced = [lanes.lane(contender, "steps") for contender in contenders]
    loss, metric = (races.parts(raced, column, view.cursor) for column in ("loss", "metric"))
    with board("bench"):
        picture.panels("bench", [Curves(LOSS, loss), Curves(METRIC, metric)])
    hashes = {contender.name: weights_hash(contender.first) for contender in contenders}
    configs = {contender.name: contender.first.config for contender in contenders}
    learned = {name for name, config in configs.items() if ENCODINGS[config.model.positions].learned}
    batches = {(c.task, c.train.seed, c.train.batch, c.train.accumulate) for c in configs.values()}
    picture.look_for("bench-curves", evaluation.start_sentence(hashes, learned, len(batches) == 1))


def places(entries: list[Entry]) -> None:
    """Right answers at longer lengths, as a table."""
    measured_entries = [(e.name, e.color, e.lengths) for e in entries if e.lengths is not None]
    with cards("reach-table", 1)[0]:
        if measured_entries:
            st.html(evaluation.table(measured_entries))
            picture.look_for("reach", evaluation.reach_sentence(measured_entries))


def reach(entries: list[Entry]) -> None:
    """Right answers at longer lengths as a chart, and by position."""
    measured_entries = [(e.name, e.color, e.lengths) for e in entries if e.lengths is not None]
    if not measured_entries:
        return
    left, right = cards("reach", 1, 1)
    with left:
        picture.show(charts.reach, charts.frame(evaluation.reach_lines(measured_entries)), "reach")
    with right:
        offered = {f"{times} ×": times for times in evaluation.TIMES if evaluation.possible(measured_entries, times)}
        key = f"reach-times-{len(offered)}"
        at = st.session_state.get(key) or list(offered)[-1]
        lines, marks = evaluation.position_lines(measured_entries, offered[at])
        data = charts.frame(lines, marks)
        picture.show(charts.by_position, data, "reach-by-position", holds=charts.ends(data))
        st.segmented_control("At a length of", list(offered), default=at, key=key, required=True, bind="query-params")


def far(entries: list[Entry]) -> None:
    """Every head's attention by distance, a panel for each encoding."""
    measured_entries = [(e.name, e.distances) for e in entries if e.distances is not None]
    whose = tuple(e.view.run.id for e in entries)
    if not measured_entries:
        return
    shape = measured_entries[-1][1].mean.shape
    alike = [(name, answer) for name, answer in measured_entries if answer.mean.shape == shape]
    of = whose, tuple((name, answer.step) for name, answer in alike)
    with cards("far", 1)[0]:
        heat(lambda: evaluation.distance_map(alike), "attention-by-distance", of)
        picture.look_for("far", evaluation.distance_sentence(alike))
