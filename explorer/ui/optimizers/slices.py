"""A slice: the loss along a straight line from the weights that the surface is drawn around."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from explorer.answers.records.landscape import Slice
from explorer.charts import slices as charts
from explorer.measure.names import fixed, number, plural
from explorer.ui import picture
from explorer.ui.optimizers.plane_choice import REACHES, Walker, end
from explorer.ui.view import View

RANDOM = ("", 0)
FLAT = 0.02  # nats above the higher end that count as no barrier
FORMULA = (
    r"$L(\theta + t\,d)$ at 49 places, by running the model forward without dropout: on the batch of the step, and on "
    r"samples that are not trained on. To another step or run $d = \theta_b - \theta_a$, so that at t = 1 the curve is "
    "on that one’s own loss (Goodfellow et al. 2015). A barrier is how far the loss rises above the higher of "
    "its ends (Frankle et al. 2020 take it above their mean). A random direction is filter-normalised (Li et al. 2018)."
)


def show(view: View, centre: int, walkers: list[Walker]) -> None:
    """The line's other end to choose, and the loss along it."""
    st.markdown("**Slice** · the loss along a straight line")
    places = ends(view, centre, walkers)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        to = st.selectbox(
            f"From step {centre:,} to",
            list(places),
            format_func=places.__getitem__,
            key=f"slice-to-{view.run.id}-{centre}",
        )
        reach, seed = 1.0, 0
        if to == RANDOM:
            reach = st.select_slider(
                "Reach",
                REACHES,
                value=1.0,
                format_func=lambda r: f"± {r:g}",
                key="slice-reach",
                bind="query-params",
                width=180,
            )
            seed = int(st.number_input("Seed", 0, 9999, key="slice-seed", bind="query-params", width=120))
    given: dict[str, Any] = {"seed": seed, "reach": reach} if to == RANDOM else {"to": to[0], "at": to[1]}
    doing = "walking {of} places along the line"
    answer = view.at(centre, "slice").picture(Slice, lane="slow", doing=doing, **given)
    if answer is None:
        return
    losses = {"train": answer.train, "held_out": answer.held_out}
    marked = {0.0: f"step {centre:,}"} | ({} if to == RANDOM else {1.0: places[to]})
    picture.show(charts.slices, charts.frame(answer.t, losses, marked), "slice")
    fresh = "new samples, which this task never runs out of" if answer.fresh else "samples that are held out"
    st.caption(
        f"training: {answer.samples[0]} sample{plural(answer.samples[0])} of the batch of step {centre:,} · held out: "
        f"{answer.samples[1]} {fresh} · ‖d‖ = {number(answer.distance, 4)}"
    )
    picture.look_for("slice", sentence(answer, places[to], to == RANDOM))
    picture.computed(FORMULA, title="How the slice is computed")


def ends(view: View, centre: int, walkers: list[Walker]) -> dict[tuple[str, int], str]:
    """What a line can lead to: other steps of this run, the ends of the others, or any way at all."""
    path = str(view.run.path)
    steps = [step for step in dict.fromkeys((0, centre // 2, end(view.run, centre))) if step != centre]
    places = {(path, step): f"step {step:,} of this run" for step in steps}
    for walker in walkers:
        if walker.run.id != view.run.id:
            step = end(walker.run, centre)
            places[str(walker.run.path), step] = f"step {step:,} of {walker.name}"
    return places | {RANDOM: "a random direction"}


def sentence(answer: Slice, name: str, random: bool) -> str:
    """Whether something stands between the two ends, or how the valley looks from its floor."""
    t, train, held = answer.t, answer.train, answer.held_out
    if not (np.isfinite(train).all() and np.isfinite(held).all()):
        return "somewhere along this line the loss is not finite."
    here, there = int(np.argmin(np.abs(t))), int(np.argmin(np.abs(t - 1)))
    first, last, lowest = nats(train[0]), nats(train[-1]), nats(train.min())
    if random:
        where = signed(t[int(train.argmin())])
        return (
            f"from {nats(train[here])} nats here the loss on the batch goes to {first} at t = {signed(t[0])} and to "
            f"{last} at t = {signed(t[-1])}; the lowest of the slice is {lowest}, at t = {where}."
        )
    between = slice(here, there + 1)
    above = train[between] - max(train[here], train[there])
    top = int(above.argmax())
    hill = (
        "nothing between is higher than the higher end, so no barrier parts them"
        if above[top] < FLAT
        else f"a barrier rises {nats(above[top])} nats above the higher end, at t = {fixed(t[between][top], 2)}"
    )
    gap = held[there] - train[there]
    return (
        f"from {nats(train[here])} nats here to {nats(train[there])} at {name}, {hill}; held out it is "
        f"{nats(held[there])} there, {nats(abs(gap))} {'more' if gap > 0 else 'less'}."
    )


def nats(loss: float) -> str:
    """A loss in a sentence."""
    return number(float(loss), 3)


def signed(t: float) -> str:
    """A place along the line."""
    return fixed(t, 2).replace("-", "−")
