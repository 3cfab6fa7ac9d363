"""Since when each example stays right, and the loss of each token over training. In the fold of the page."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.answers.records.learning.graduation import Graduation, PlaceLosses
from explorer.charts import graduation as charts
from explorer.measure.names import percent
from explorer.ui import picture, visit
from explorer.ui.components.heat_map import Look, Side, heat_map, message
from explorer.ui.frame import cards
from explorer.ui.parts.tables import table
from explorer.ui.parts.tokens import shown_token
from explorer.ui.view import View

EVERY = 6.0  # seconds between two answers while it trains
COARSE, FINE = 12, 200  # snapshots that are looked at: at first, and then
ANSWERING, MEASURING = "answering at {of} snapshots", "measuring {of} snapshots"
TALL, LOSSES = 330, 560  # pixels of the list and of the map of losses
ENDS = (-3.0, 1.0)  # powers of ten of a loss in nats between which its colours lie
COMPUTED = r"""
**Since when.** At each snapshot the model answers the same examples: all pairs of a task that adds, the first tokens of
a held-out text, and of any other task 64 held-out or new examples. An answer is right if each of its tokens is the
likeliest after the right ones before it, which is when the model would write just that. An example *stays right* since
the first snapshot from which on it is right at all later ones; learned and forgotten again counts from the last time
(compare Toneva et al. 2019). Between two snapshots the step is not known: hover says at which step it was last wrong.

**The loss of each token** is $-\ln p$ of the right token in nats, after the right ones before it, at each snapshot.
"""


def show(view: View) -> None:
    """Both, of a run that answers in tokens."""
    if not view.config.has("logits"):
        st.caption("This run scores pairs of words and gives no answers, so there is none that could stay right.")
        return
    graduation(view)
    losses(view)
    picture.computed(COMPUTED, title="How “since when” and the loss of each token are computed")


def graduation(view: View) -> None:
    """The map of a task that adds, else the list; beside it how many stay right over training."""
    newest, answer = view.newest(), None
    for most in (COARSE, FINE):  # a coarse one first: the fine one measures the same snapshots and more
        finer = newest.picture(Graduation, EVERY, lane="slow", doing=ANSWERING, says=False, most=most)
        answer = finer or answer
        if finer is None:
            break
    left, right = cards("graduation", 1.15, 1)
    with left:
        if answer is None:
            picture.making("".join(view.refines[-1:]) or "answering", charts.HEIGHT)
        elif answer.modulus and answer.modulus <= charts.LARGEST:
            data = charts.frame(answer.modulus, answer.since, answer.wrong, answer.trained)
            picture.show(charts.pairs, data, "graduation-map")
        else:
            listed(answer)
    with right:
        if answer is not None:
            names = {1: charts.TRAINED, 0: charts.HELD_OUT} if answer.modulus else {0: f"{answer.of}s"}
            drawing = charts.parts(answer.steps, answer.since, answer.trained, names, view.cursor)
            picture.curves(charts.RIGHT_FOR_GOOD, drawing, "graduation-curve")
            picture.look_for("graduation", sentence(answer))


def listed(answer: Graduation) -> None:
    """The examples in the order in which they came to stay right."""
    if answer.modulus:
        st.caption(f"A map of {answer.modulus**2:,} pairs is larger than a screen; it is drawn up to modulo 113.")
        return
    st.markdown(f"**Since when each {answer.of} stays right**")
    late = np.where(answer.since < 0, np.iinfo(np.int64).max, answer.since)
    rows = [
        (
            f"step {answer.since[i]:,}" if answer.since[i] >= 0 else "not yet",
            f"step {answer.wrong[i]:,}" if answer.wrong[i] >= 0 else "never",
            answer.read[i],
            shown_token(answer.right[i]) if answer.of == "token" else answer.right[i],
        )
        for i in np.argsort(late, kind="stable")
    ]
    with st.container(height=charts.HEIGHT - 60, border=False):
        st.html(table(("right since", "last wrong", "reads", f"right {answer.of}"), rows, style="scores words"))


def sentence(answer: Graduation) -> str:
    """How many stay right, of those trained on and of others, and which came first."""
    if not len(answer.steps):
        return "there is no snapshot yet."
    stays, newest = answer.since >= 0, int(answer.steps[-1])
    if answer.modulus:
        shares = {
            name: percent(float(stays[answer.trained == kind].mean()))
            for kind, name in ((1, "the pairs trained on"), (0, "those held out"))
        }
        words = f"at step {newest:,} {' and '.join(f'{share} of {name}' for name, share in shares.items())} are right. "
        shapes = "Squares are trained on, dots are held out, and an empty place is not right yet. "
    else:
        words = f"at step {newest:,} {int(stays.sum())} of {len(stays)} {answer.of}s are right. "
        shapes = ""
    if not stays.any():
        return f"{words}{shapes}".strip()
    first = int(np.where(stays, answer.since, np.iinfo(np.int64).max).argmin())
    last = int(np.where(stays, answer.since, -1).argmax())
    return (
        f"{words}{shapes}The first to stay right, since step {answer.since[first]:,}, is {named(answer, first)}, the "
        f"last, since step {answer.since[last]:,}, {named(answer, last)}."
    )


def named(answer: Graduation, i: int) -> str:
    """An example in a sentence."""
    right = shown_token(answer.right[i]) if answer.of == "token" else answer.right[i]
    return f"“{answer.read[i]}” → “{right}”"


def losses(view: View) -> None:
    """The loss of each token of fixed examples, at each snapshot."""
    answer = view.newest().picture(PlaceLosses, EVERY, lane="slow", doing=MEASURING, says=False)
    with cards("token-losses", 1)[0]:
        if answer is None or not len(answer.steps):
            picture.making("".join(view.refines[-1:]) or "measuring", LOSSES)
            return
        rows = [f"{i + 1} {shown_token(token)}" for i, token in enumerate(answer.tokens)]
        with np.errstate(divide="ignore"):
            powers = np.log10(answer.losses.T).astype(np.float32)  # (P, N)
        look = Look(
            "The loss of each token, snapshot by snapshot",
            "Rows are the right tokens of fixed examples in their order, columns the snapshots",
            "loss, nats",
            "power",
            height=min(LOSSES, 90 + 15 * len(rows)),
            ends=ENDS,
        )
        sides = Side("token", rows), Side("step", [str(step) for step in answer.steps])
        heat_map(message({"loss": powers}, *sides, look, visit.state().projector), key="token-losses")
        picture.look_for("token-losses", hardest(answer))


def hardest(answer: PlaceLosses) -> str:
    """Which token is hardest at the newest snapshot, and which came down most."""
    newest = answer.losses[-1]
    if not np.isfinite(newest).all():
        return f"at step {answer.steps[-1]:,} the model’s numbers are not finite any more."
    most, fell = int(newest.argmax()), answer.losses[0] - newest
    best = int(np.nan_to_num(fell, nan=-np.inf).argmax())
    return (
        f"a row that stays strong is a token that is not learned. At step {answer.steps[-1]:,} the hardest is "
        f"{of(answer, most)} with {newest[most]:.3g} nats; {of(answer, best)} came down most, "
        f"from {answer.losses[0][best]:.3g} to {newest[best]:.3g}."
    )


def of(answer: PlaceLosses, i: int) -> str:
    """A token in a sentence."""
    return f"“{shown_token(answer.tokens[i])}” in row {i + 1}"
