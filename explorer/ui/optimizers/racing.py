"""Race: the curves of all contenders, who stands where at the step looked at, and that all began alike."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import Any

import streamlit as st

from explorer.charts import races
from explorer.charts.races import Lane
from explorer.measure.names import fixed, percent, plural
from explorer.runs.race import race_of, weights_hash
from explorer.ui import chosen, picture, refusals, visit
from explorer.ui.frame import board, cards
from explorer.ui.optimizers import contenders
from explorer.ui.parts import lanes
from explorer.ui.parts.lanes import LAST, Contender
from explorer.ui.picture import Curves
from explorer.ui.view import View

CALM_SECONDS = 0.8
COMPUTED = (
    "A contender is an ordinary run in a file of its own, with the seed’s initial weights and batches. In lockstep one "
    "process takes one step of each in turn; side by side each has a process. Either way its losses are those of the "
    "same config trained alone, bit for bit (a test trains both).\n\n"
    "**Place** goes by the mean loss of the last 20 steps before the step looked at, or before the last that all who "
    "did not diverge have come to, on training batches, without label smoothing. "
    "**Time** is the seconds that this contender’s own steps took, not those it waited for others. "
    "**Tokens** are those asked. **Update ratio**: ‖Δθ‖/‖θ‖ of the median matrix. Several seeds of one contender are "
    "their mean, in the band from the least to the most. Of up to three contenders a single seed stands in the band of "
    "its own extremes, where a point of the curve is many steps. What is higher than the picture goes, as of one that "
    "diverges, runs along its upper edge. The **hash** is the SHA-256 of the initial weights as they lie in each file "
    "(first ten digits)."
)


def show(view: View) -> None:
    """Who wins and the loss of all; in the fold the other curves and the form for another race."""
    rivals = lanes.contenders(view)
    racing = race_of(view.run) is not None
    controls(view, racing)
    axis = st.session_state.get("race-axis") or "steps"
    with cards("standings", 1)[0]:
        if racing:
            st.html(standings(view, rivals))
        else:
            contenders.planned(view.run.config)
        picture.look_for("standings", sentence(view, rivals))
    across, cursor = races.AXES[axis], lanes.cursor(view, axis)
    curves = [lanes.lane(contender, axis) for contender in rivals]
    losses = races.over(races.loss_panel(view.about.unit, view.about.answer, curves), across)
    with board("race"):
        picture.panels("race", [Curves(losses, races.parts(curves, "loss", cursor))])
    picture.details(lambda: others(view, curves, axis))
    picture.details(lambda: contenders.form(view.run.config, open_=True))
    picture.computed(COMPUTED, weights_hash, lanes.ranked, title="How the race is run and judged")


def controls(view: View, racing: bool) -> None:
    """What the axis counts, whose weights other pages show, race again."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            "Over", list(races.AXES), default="steps", key="race-axis", required=True, bind="query-params"
        )
        if not racing:
            contenders.one_click("race-first", view.run.config)
            return
        lanes.look_at(view, "race")
        st.button(
            "Race again",
            key="race-again",
            icon=":material/replay:",
            on_click=again,
            args=(view,),
            help="The same contenders from the same initial weights, as a new race.",
        )


def again(view: View) -> None:
    """The same race anew."""
    try:
        chosen.begin_again(view.run)
        visit.state().rerun = True
    except ValueError as error:
        refusals.keep(str(error))


def others(view: View, curves: list[Lane], axis: str) -> None:
    """Right answers, update ratio and gradient norm of all."""
    across, cursor = races.AXES[axis], lanes.cursor(view, axis)
    calm: dict[str, Any] = {"every": CALM_SECONDS, "of": (view.moment, axis)}
    columns = ((races.METRIC, "metric"), (races.RATIO, "ratio"), (races.NORM, "grad_norm"))
    shown = [
        Curves(races.over(panel, across), partial(races.parts, curves, column, cursor), **calm)
        for panel, column in columns
    ]
    with board("race-more"):
        picture.panels("race-more", shown)


def standings(view: View, rivals: list[Contender]) -> str:
    """A table of places: the names are escaped, the rest are numbers and words of ours."""
    step = lanes.compared_at(rivals, view.step)
    order = [contender for contender, _, _ in lanes.ranked(rivals, step)]
    rows = []
    for contender in sorted(rivals, key=lambda c: order.index(c) if c in order else len(order)):
        for run in contender.runs.values():
            standing = lanes.standing(run, step)
            place = str(order.index(contender) + 1) if contender in order else "–"
            loss = "–" if standing["loss"] is None else fixed(standing["loss"], 4)
            right = "–" if standing["metric"] is None else percent(standing["metric"], 1)
            cells = (
                place,
                f"{swatch(contender)}{escape(lanes.label(contender, run.id))}",
                standing["state"],
                f"{standing['last']:,}",
                loss,
                right,
                weights_hash(run) or "–",
            )
            rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    heads = ("Place", "Contender", "State", "Steps", f"Loss, last {LAST}", "Right", "Initial weights")
    head = "".join(f"<th>{name}</th>" for name in heads)
    body = f'<table class="standings"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    return f'<div class="wide">{body}</div>'


def swatch(contender: Contender) -> str:
    """A dot in the contender's colour."""
    return f'<i style="background:{contender.color}"></i>'


def sentence(view: View, rivals: list[Contender]) -> str:
    """Who leads by how much, who diverged, and whether all began from the same weights."""
    runs = [run for contender in rivals for run in contender.runs.values()]
    hashes = {weights_hash(run) for run in runs}
    by_seed = {run.config.train.seed: weights_hash(run) for run in runs}
    if None in hashes:
        waiting = sum(weights_hash(run) is None for run in runs)
        same = f"{waiting} of {len(runs)} run{plural(len(runs))} {'has' if waiting == 1 else 'have'} not begun yet"
    elif len(hashes) == len(by_seed) and all(by_seed[run.config.train.seed] == weights_hash(run) for run in runs):
        same = (
            "all began from the same weights" if len(hashes) == 1 else "each seed began from the same weights for all"
        )
    else:
        same = "not all began from the same weights: their models or seeds differ"
    gone = [contender.name for contender in rivals if lanes.diverged(contender)]
    out = f" {', '.join(gone)} diverged." if gone else ""
    step, unit = lanes.compared_at(rivals, view.step), view.about.unit
    ranked = lanes.ranked(rivals, step)
    if len(rivals) < 2:
        return (
            "a single run is no race yet: its curve is here. One click has these three take "
            f"{contenders.STEPS:,} steps each on this run’s task, from the same weights on the same batches."
        )
    if not ranked:
        return f"no contender has taken a step yet at step {step:,}; {same}.{out}"
    if len(ranked) == 1:
        only, loss, _ = ranked[0]
        return f"at step {step:,} only {only.name} is still in the race, at {fixed(loss, 3)} {unit}; {same}.{out}"
    (leader, loss, _), (second, behind, _) = ranked[:2]
    return (
        f"at step {step:,} {leader.name} leads with {fixed(loss, 3)} {unit}, {fixed(behind - loss, 3)} before "
        f"{second.name}; "
        f"{same}.{out}"
    )
