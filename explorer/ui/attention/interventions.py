"""What if: what each head is worth, a head changed in the running training, and one head turned by hand.

A head is chosen once for the whole page, here as on the map.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from explorer.answers.records.interventions import Ablations
from explorer.charts import interventions as charts
from explorer.charts import progress
from explorer.measure.names import fixed, head_name, number, plural
from explorer.runs.run import Event
from explorer.ui import branching, picture
from explorer.ui.attention import opening
from explorer.ui.attention.look import Look
from explorer.ui.attention.turning import turn
from explorer.ui.frame import cards
from explorer.ui.view import View

EVERY = 3.0  # seconds: to replace every head takes long, and an Altair chart's update costs the browser 45 ms
STAND_INS = {"zero": "nothing", "mean": "its mean", "resample": "another example’s", "afresh": "fresh weights"}
IN_ITS_PLACE = {
    "zero": "with nothing in its place",
    "mean": "with its mean output in its place",
    "resample": "with what it says to another example in its place",
    "afresh": "with fresh weights",
}
NEAR = 0.01  # nats: a head that changes the loss by less is not said to matter
LOSS = replace(  # a head may cost little of the first loss and much of the present one
    progress.LOSS, text="Loss over steps, on a log scale", scale="log", holds=(0.1, 1), height=210
)
POINTS = 500  # of its curve
CLEARLY = 1.1  # times: from there one head is said to cost more than another
IN_FULL = 14  # heads whose bars have their full width on one screen; more of them share that room
NEARBY = 10  # steps whose mean loss is shown
OFF, FROZEN = ("ablate", "restore"), ("freeze", "unfreeze")
ORDERS = {  # what a button says in the running training, and from another step
    "ablate": ("Switch off", "Branch with it off"),
    "restore": ("Switch on", "Branch with it on"),
    "freeze": ("Freeze", "Branch with it frozen"),
    "unfreeze": ("Thaw", "Branch with it thawed"),
    "reset": ("Start afresh", "Branch with it afresh"),
}
FORMULAS = (
    "**Worth:** the mean cross-entropy of the examples without the head, minus that with it. Its output becomes 0 "
    "(Michel, Levy & Neubig 2019), its mean over examples and positions, what it says to the next example of the "
    "batch (resample ablation: Chan et al. 2022), or its weights are drawn again, normal with their matrix’s own "
    "standard deviation. Everything after the head is computed again; heads are replaced one at a time, so two that "
    "stand in for each other may both seem idle.\n\n"
    r"**Turned:** $A = \mathrm{softmax}(s / \tau)$ in this head alone, at every query; the edited row is "
    r"$w_k / \sum_i w_i$ over the keys that the query sees. Before and after are two passes through the whole model, "
    r"and $\mathrm{KL}(p\,\Vert\,q) = \sum_v p_v \ln(p_v / q_v)$ in nats, from $p$ before to $q$ after."
)


def show(look: Look) -> None:
    """The worth of all heads beside the chosen one's switches; below them the chosen head turned by hand."""
    left, right = cards("whatif", 3, 2)
    with left:
        worth(look)
    with right:
        switches(look)
    picture.details(lambda: turned(look))
    picture.computed(FORMULAS, title="How these what-ifs are computed")


def turned(look: Look) -> None:
    """The chosen head turned by hand."""
    with cards("turned", 1)[0]:
        turn(look)


def worth(look: Look) -> None:
    """How the loss changes without each head."""
    title = st.empty()
    kind = st.segmented_control(
        "In the head’s place",
        list(STAND_INS),
        format_func=STAND_INS.__getitem__,
        default="zero",
        key="whatif-kind",
        bind="query-params",
        required=True,
    )
    title.markdown("**What each head is worth**")
    answer = look.view.picture(Ablations, EVERY, lane="slow", kind=kind)
    if answer is None:
        return
    title.markdown(f"**What each head is worth** · {answer.examples:,} examples, step {answer.step:,}")
    heads = {head: head_name(head) for head in answer.heads}
    table = charts.worth_frame(heads, answer.losses, answer.rights, answer.off)
    picture.show(charts.worth, table, "worth", heads=min(len(heads), IN_FULL))
    picture.look_for("worth", worth_sentence(answer))


def worth_sentence(answer: Ablations) -> str:
    """Which head hurts most relative to the others, if any does."""
    losses = answer.losses
    if not np.isfinite(losses).all():
        return "without some heads the loss is not finite any more."
    names = [head_name(head) for head in answer.heads]
    order = np.argsort(-losses)
    best, least = int(order[0]), int(order[-1])
    lower = f" The loss is lower by {fixed(-losses[least], 3)} without {names[least]}." if losses[least] < -NEAR else ""
    off = f" Switched off already: {', '.join(head_name(head) for head in answer.off)}." if answer.off else ""
    if losses[best] < NEAR:
        return (
            f"no head by itself is needed: none, when it is replaced, raises the loss of {fixed(answer.loss, 3)} "
            f"by {NEAR:g} nats or more.{lower}{off}"
        )
    after = answer.loss + losses[best]
    words = (
        f"{names[best]} matters most: {IN_ITS_PLACE[answer.kind]} the loss goes from {fixed(answer.loss, 3)} to "
        f"{fixed(after, 3)} nats"
    )
    if len(order) > 1:
        second = int(order[1])
        times = losses[best] / losses[second] if losses[second] >= NEAR else np.inf
        words += (
            f"; no other head costs {NEAR:g} nats"
            if np.isinf(times)
            else f"; {names[second]}, the next, costs less"
            if times >= CLEARLY
            else f"; {names[second]} costs nearly as much"
        )
    return f"{words}.{lower}{off}"


def switches(look: Look) -> None:
    """The chosen head's state in words, and what can be done to it; beside it the loss with its marks."""
    view = look.view
    here = view.live and view.status.state not in ("finished", "diverged")
    st.markdown("**In the running training**" if here else f"**From step {look.step:,} on** · in a branch")
    events = [e for e in view.run.events if e.detail.get("head") == look.head and (here or e.step <= look.step)]
    off, frozen = (newest(events, pair) for pair in (OFF, FROZEN))
    st.markdown(standing(look.name, events))
    kinds = [
        "restore" if off is not None and off.kind == "ablate" else "ablate",
        "unfreeze" if frozen is not None and frozen.kind == "freeze" else "freeze",
        "reset",
    ]
    with st.container(horizontal=True):
        for kind in kinds:
            st.button(
                ORDERS[kind][0 if here else 1],
                key=f"whatif-{kind}",
                icon=None if here else ":material/fork_right:",
                on_click=order if here else branch,
                args=(look, kind),
            )
    curve = progress.parts(view.run.curve(POINTS), "loss", events=view.events, cursor=view.cursor)
    picture.curves(LOSS, curve, "whatif-loss")
    picture.look_for("whatif-loss", loss_sentence(view, look.name, look.step, events, here))


def newest(events: list[Event], kinds: tuple[str, ...]) -> Event | None:
    """The last event of these kinds."""
    return next((e for e in reversed(events) if e.kind in kinds), None)


def standing(name: str, events: list[Event]) -> str:
    """A head's state in words, from its events."""
    off, frozen, fresh = (newest(events, kinds) for kinds in (OFF, FROZEN, ("reset",)))
    head, stays = name.capitalize(), frozen is not None and frozen.kind == "freeze"
    words = [f"{head} is on" if stays else f"{head} is on and learns"]
    if off is not None and off.kind == "ablate":
        words = [f"{head} is switched off since step {off.step:,}: nothing of it reaches the others"]
    if frozen is not None and stays:
        words.append(f"frozen since step {frozen.step:,}: its weights stay as they are")
    if fresh is not None:
        words.append(f"it was started afresh at step {fresh.step:,}")
    return "; ".join(words) + "."


def order(look: Look, kind: str) -> None:
    """Sends an order about the chosen head to the running training, before the page is drawn again."""
    opening.hold(look)
    branching.order(look.view.run, kind, head=look.head)


def branch(look: Look, kind: str) -> None:
    """Makes a branch at the step, changes the head there, lets it train and looks at it."""
    opening.hold(look)
    branching.begin(look.view.run, look.step, {}, [(kind, {"head": look.head}), branching.PLAY])


def loss_sentence(view: View, head: str, step: int, events: list[Event], here: bool) -> str:
    """What the loss did when the chosen head was last changed."""
    last = view.last if here else step
    now = mean_loss(view, last - NEARBY, last)
    if now is None:
        return "nothing is trained yet; what is done to a head leaves a mark on this curve and on the scrubber."
    if not events:
        return (
            f"the loss of the last {min(NEARBY, last)} step{plural(last)} is {number(now, 4)} on average. What "
            f"is done to {head} "
            "leaves a mark on this curve and on the scrubber."
        )
    event = events[-1]
    passed = min(NEARBY, last - event.step)
    before = mean_loss(view, event.step - NEARBY, event.step)
    first = mean_loss(view, event.step, event.step + passed)
    if before is None or first is None:
        return f"{event.label}; the loss follows with the next steps."
    words = (
        f"{event.label}. The mean loss went from {number(before, 4)} in the {min(NEARBY, event.step)} "
        f"step{plural(event.step)} before to "
        f"{number(first, 4)} in the {passed} after"
    )
    return f"{words}, and in the last {NEARBY} it is {number(now, 4)}." if last > event.step + NEARBY else f"{words}."


def mean_loss(view: View, start: int, end: int) -> float | None:
    """Mean training loss of the recorded steps from start to before end; None where there are none."""
    rows = [view.run.step_row(step) for step in range(max(0, start), end)]
    losses = [row["loss"] for row in rows if row is not None]
    return float(np.mean(losses)) if losses else None
