"""Race: the curves of all contenders, who stands where at the step looked at, and that all began alike."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import Any

import streamlit as st

from explorer.charts import races
from explorer.charts.races import Lane
from explorer.runs.race import race_of, weights_hash
from explorer.ui import chosen, picture
from explorer.ui.frame import board, cards
from explorer.ui.optimizers import contenders, lanes
from explorer.ui.optimizers.lanes import LAST, Contender
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
    """Curves, standings and the form for another race."""
    found = lanes.contenders(view)
    racing = race_of(view.run) is not None
    controls(view, racing)
    axis = st.session_state.get("race-axis") or "steps"
    pictures(view, found, axis)
    with cards("standings", 1)[0]:
        st.html(standings(view, found))
        picture.look_for("standings", sentence(view, found))
    contenders.form(view.run.config)
    picture.computed(COMPUTED, weights_hash, lanes.ranked, title="How the race is run and judged")


def controls(view: View, racing: bool) -> None:
    """What the axis counts, whose weights other pages show, race again."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            "Over", list(races.AXES), default="steps", key="race-axis", required=True, persist_state="session"
        )
        if not racing:
            contenders.one_click("race-first")
            return
        look_at(view, "race")
        st.button(
            "Race again",
            key="race-again",
            icon=":material/replay:",
            on_click=again,
            args=(view,),
            help="The same contenders from the same initial weights, as a new race.",
        )


def look_at(view: View, place: str) -> None:
    """Which contender's weights this and the other pages show."""
    names = {
        run.id: label(contender, run.id) for contender in lanes.contenders(view) for run in contender.runs.values()
    }
    key = f"{place}-look:{view.run.id}"

    def look() -> None:
        if not chosen.looked_at(view.run):
            return
        step = st.session_state.get("step")
        chosen.open_run(st.session_state[key])
        st.session_state.step = step
        st.session_state.rerun = True

    at = list(names).index(view.run.id)
    st.selectbox(
        "Weights looked at", list(names), at, format_func=names.__getitem__, key=key, on_change=look, width=260
    )


def label(contender: Contender, stem: str) -> str:
    """A contender's name, with the seed where it has several."""
    (seed,) = [seed for seed, run in contender.runs.items() if run.id == stem]
    return contender.name if len(contender.runs) == 1 else f"{contender.name} · seed {seed}"


def again(view: View) -> None:
    """The same race anew."""
    try:
        chosen.begin_again(view.run)
        st.session_state.rerun = True
    except ValueError as error:
        chosen.complain(str(error))


def pictures(view: View, found: list[Contender], axis: str) -> None:
    """Loss, right answers, update ratio and gradient norm of all."""
    across, cursor = races.AXES[axis], lanes.cursor(view, axis)
    drawn: list[Lane] = [lanes.lane(contender, axis) for contender in found]
    calm: dict[str, Any] = {"every": CALM_SECONDS, "of": (view.moment, axis)}
    loss = races.over(races.loss_panel(view.about["unit"], view.about["answer"], drawn), across)
    shown = [Curves(loss, races.parts(drawn, "loss", cursor))]
    if not view.first:  # the loss first; the rest a quarter of a second later
        for panel, column in ((races.METRIC, "metric"), (races.RATIO, "ratio"), (races.NORM, "grad_norm")):
            shown.append(Curves(races.over(panel, across), partial(races.parts, drawn, column, cursor), **calm))
    with board("race"):
        picture.panels("race", shown)


def standings(view: View, found: list[Contender]) -> str:
    """A table of places: the names are escaped, the rest are numbers and words of ours."""
    step = lanes.compared_at(found, view.step)
    order = [contender for contender, _, _ in lanes.ranked(found, step)]
    rows = []
    for contender in sorted(found, key=lambda c: order.index(c) if c in order else len(order)):
        for run in contender.runs.values():
            told = lanes.standing(run, step)
            place = str(order.index(contender) + 1) if contender in order else "–"
            loss = "–" if told["loss"] is None else f"{told['loss']:.4f}"
            right = "–" if told["metric"] is None else f"{told['metric']:.1%}"
            cells = (
                place,
                swatch(contender),
                told["state"],
                f"{told['last']:,}",
                loss,
                right,
                weights_hash(run) or "–",
            )
            rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
            rows[-1] = rows[-1].replace(swatch(contender), swatch(contender) + escape(label(contender, run.id)), 1)
    heads = ("Place", "Contender", "State", "Steps", f"Loss, last {LAST}", "Right", "Initial weights")
    head = "".join(f"<th>{name}</th>" for name in heads)
    return f'<table class="standings"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def swatch(contender: Contender) -> str:
    """A dot in the contender's colour."""
    return f'<i style="background:{contender.color}"></i>'


def sentence(view: View, found: list[Contender]) -> str:
    """Who leads by how much, who diverged, and whether all began from the same weights."""
    runs = [run for contender in found for run in contender.runs.values()]
    hashes = {weights_hash(run) for run in runs}
    by_seed = {run.config.train.seed: weights_hash(run) for run in runs}
    if None in hashes:
        waiting = sum(weights_hash(run) is None for run in runs)
        same = f"{waiting} of {len(runs)} runs have not begun yet"
    elif len(hashes) == len(by_seed) and all(by_seed[run.config.train.seed] == weights_hash(run) for run in runs):
        same = (
            "all began from the same weights" if len(hashes) == 1 else "each seed began from the same weights for all"
        )
    else:
        same = "not all began from the same weights: their models or seeds differ"
    gone = [contender.name for contender in found if lanes.diverged(contender)]
    out = f" {', '.join(gone)} diverged." if gone else ""
    step, unit = lanes.compared_at(found, view.step), view.about["unit"]
    ranked = lanes.ranked(found, step)
    if len(found) < 2:
        return "a single run is no race yet: its curve is here, and a race starts with one click."
    if not ranked:
        return f"no contender has taken a step yet at step {step:,}; {same}.{out}"
    if len(ranked) == 1:
        only, loss, _ = ranked[0]
        return f"at step {step:,} only {only.name} is still in the race, at {loss:.3f} {unit}; {same}.{out}"
    (leader, loss, _), (second, behind, _) = ranked[:2]
    return (
        f"at step {step:,} {leader.name} leads with {loss:.3f} {unit}, {behind - loss:.3f} before {second.name}; "
        f"{same}.{out}"
    )
