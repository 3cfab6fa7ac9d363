"""Bench: encodings side by side, on the same batches; how far each reaches, and how far its heads look."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import streamlit as st

from explorer.charts import positions as charts
from explorer.charts import races
from explorer.measure.positions import by_distance, right_by_position
from explorer.runs.answer import Answer
from explorer.runs.race import race_of, weights_hash
from explorer.ui import picture, server
from explorer.ui.frame import board, cards
from explorer.ui.optimizers import lanes, racing
from explorer.ui.optimizers.lanes import Contender
from explorer.ui.picture import Curves
from explorer.ui.positions import benching, judged
from explorer.ui.positions.asked import KINDS, heat
from explorer.ui.view import View

EVERY = 4.0  # seconds between two looks at five runs that train
PATIENCE = 0.2  # seconds that all measurements together are waited for
MEASURES = ("reach.lengths", "reach.distances")
LOSS = replace(races.LOSS, height=300, text="Loss of each encoding")
METRIC = replace(races.METRIC, height=300, text="Right answers of each encoding")
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
    lengths: Answer | None = None
    distances: Answer | None = None


def show(view: View | None) -> None:
    """The form, curves, the reach at longer lengths, and attention by distance."""
    if view is None:
        benching.offer()
        return
    racing_now = race_of(view.run) is not None
    if racing_now:
        racing.look_at(view, "bench")
    else:
        benching.form(open_=True)
    contenders = lanes.contenders(view)
    curves(view, contenders)
    if view.first:
        view.waits.append("computing…")
        return  # the curves first; the rest a quarter of a second later
    entries = measured([entered(view, contender, racing_now) for contender in contenders])
    if view.waits and not all(entry.lengths and entry.distances for entry in entries):
        st.caption("computing…")  # all come together, so that nothing grows while it is looked at
        return
    reach(entries)
    far(entries)
    if racing_now:
        benching.form(open_=False)
    picture.computed(COMPUTED, right_by_position, by_distance, title="How the bench is run and judged")


def entered(view: View, contender: Contender, racing_now: bool) -> Entry:
    """A contender at the step looked at or its newest; a single run by its encoding's name."""
    run = contender.first
    step = run.newest_snapshot() if view.live else min(view.step, run.last)
    name = contender.name if racing_now else KINDS[run.config.transformer.positions]
    return Entry(name, contender.color, replace(view, run=run, step=step, last=run.last, place=f"bench {run.id}"))


def measured(entries: list[Entry]) -> list[Entry]:
    """The entries with what was measured of each.

    All is asked for at once and waited for a moment together; what is not there yet is shown as it was last.
    """
    shown = st.session_state.setdefault("shown", {})
    asked = []
    for entry in entries:
        for function in MEASURES:
            key = (entry.view.run.id, function)
            asked.append((key, entry.view, entry.view.asked(key, function, EVERY, "slow", {})))
    end = time.monotonic() + PATIENCE
    for key, view, request in asked:
        try:
            answer = server.answer_within(request, max(0.0, end - time.monotonic()))
        except ValueError as error:
            st.warning(str(error), icon=":material/info:")
            continue
        if answer is not None:
            shown[key] = answer
        elif not view.live or key not in shown:
            view.waits.append("computing…")
    ids = [entry.view.run.id for entry in entries]
    return [
        replace(entry, lengths=shown.get((run, MEASURES[0])), distances=shown.get((run, MEASURES[1])))
        for entry, run in zip(entries, ids, strict=True)
    ]


def curves(view: View, contenders: list[Contender]) -> None:
    """Loss and right answers of all, while they train."""
    drawn = [lanes.lane(contender, "steps") for contender in contenders]
    loss, metric = (races.parts(drawn, column, view.cursor) for column in ("loss", "metric"))
    with board("bench"):
        picture.panels("bench", [Curves(LOSS, loss), Curves(METRIC, metric)])
    hashes = {contender.name: weights_hash(contender.first) for contender in contenders}
    configs = {contender.name: contender.first.config for contender in contenders}
    learned = {name for name, config in configs.items() if config.transformer.positions == "learned"}
    batches = {(c.task, c.train.seed, c.train.batch, c.train.accumulate) for c in configs.values()}
    picture.look_for("bench-curves", judged.start_sentence(hashes, learned, len(batches) == 1))


def reach(entries: list[Entry]) -> None:
    """Right answers at longer lengths: the table, the same as a chart, and by position."""
    known = [(e.name, e.color, e.lengths) for e in entries if e.lengths is not None]
    if not known:
        return
    left, right = cards("reach", 1, 1)
    with left:
        picture.show(charts.reach, charts.frame(judged.reach_lines(known)), "reach")
        picture.look_for("reach", judged.reach_sentence(known))
    with right:
        offered = {f"{times} ×": times for times in judged.TIMES if judged.possible(known, times)}
        key = f"reach-times-{len(offered)}"
        at = st.session_state.get(key) or list(offered)[-1]
        lines, marks = judged.position_lines(known, offered[at])
        picture.show(charts.by_position, charts.frame(lines, marks), "reach-by-position")
        st.segmented_control("At a length of", list(offered), default=at, key=key, required=True)
    with cards("reach-table", 1)[0]:
        st.html(judged.table(known))


def far(entries: list[Entry]) -> None:
    """Every head's attention by distance, a panel for each encoding."""
    known = [(e.name, e.distances) for e in entries if e.distances is not None]
    whose = tuple(e.view.run.id for e in entries)
    if not known:
        return
    shape = known[-1][1][1]["mean"].shape
    alike = [(name, answer) for name, answer in known if answer[1]["mean"].shape == shape]
    of = whose, tuple((name, answer[0]["step"]) for name, answer in alike)
    with cards("far", 1)[0]:
        heat(lambda: judged.distance_map(alike), "attention-by-distance", of)
        picture.look_for("far", judged.distance_sentence(alike))
