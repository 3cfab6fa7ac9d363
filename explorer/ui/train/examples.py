"""Since when each example stays right, and the loss of each token over training. In the fold of the page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from explorer.answers.records.learning.graduation import Graduation, PlaceLosses
from explorer.charts import graduation as charts
from explorer.measure.names import number, percent
from explorer.ui import held, picture, sitemap, visit
from explorer.ui.components.heat_map import Look, Side, heat_map, message
from explorer.ui.frame import cards
from explorer.ui.parts.tables import table
from explorer.ui.parts.tokens import shown_token
from explorer.ui.view import View

EVERY = 6.0  # seconds between two answers while it trains
COARSE, FINE = 12, 200  # snapshots that are looked at: at first, and then
ANSWERING, MEASURING = "answering at {of} snapshots", "measuring {of} snapshots"
TALL, LOSSES = 330, 560  # pixels of the list and of the map of losses
MANY = 2.0  # times the loss of guessing: from there on a colour is strongest
COMPUTED = r"""
**Since when.** At each snapshot the model answers the same examples: all pairs of a task that adds, the first tokens of
a held-out text, and of any other task 64 held-out or new examples. An answer is right if each of its tokens is the
likeliest after the right ones before it, which is when the model would write just that. An example *stays right* since
the first snapshot from which on it is right at all later ones; learned and forgotten again counts from the last time
(compare Toneva et al. 2019). Between two snapshots the step is not known: hover says at which step it was last wrong.

**The loss of each token** is $-\ln p$ of the right token in nats, after the right ones before it, at each snapshot.
Colours go from 0 to twice the loss of guessing, their strength with the square root, so that a token that is known has
next to none and one that is lost again stands out. A click on a column looks at the steps between it and the one
before: which token's loss rose most, and which of the batches that were trained on in between had the highest loss.
That is where to look for a cause, and no proof of one.
"""


@dataclass
class Looked:
    """step: of the snapshot whose column was clicked; None before."""

    step: int | None = None


@dataclass(frozen=True)
class Rise:
    """What happened from one snapshot to the next. token: whose loss rose most.   batch: the step of those in between
    whose batch had the highest loss, and that loss; None where no step is recorded."""

    column: int
    token: int
    batch: tuple[int, float] | None


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
        head = ("right since", "last wrong", "reads", f"right {answer.of}")
        st.html(table(head, rows, style="scores words", foreign=(2, 3)))


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
        words = (
            f"at step {newest:,} {int(stays.sum()):,} of {len(stays):,} {answer.of}s "
            f"{'is' if stays.sum() == 1 else 'are'} right. "
        )
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
        mine = visit.kept(Looked, "token-losses")
        held.holds("losses-at", mine, "step", held.whole)
        rise = rise_of(answer, mine.step, view.run.steps["loss"])
        rows = [f"{i + 1} {shown_token(token)}" for i, token in enumerate(answer.tokens)]
        look = Look(
            "The loss of each token, snapshot by snapshot",
            "Rows are the right tokens of fixed examples in their order, columns the snapshots",
            "loss, nats",
            "size",
            height=min(LOSSES, 90 + 15 * len(rows)),
            ends=(0.0, MANY * view.about.guessing[0]),
            column=-1 if rise is None else rise.column,
        )
        sides = Side("token", rows), Side("step", [str(step) for step in answer.steps])
        drawing = message({"loss": answer.losses.T.astype(np.float32)}, *sides, look, visit.state().projector)
        heat_map(drawing, key="token-losses", on_column=lambda c: setattr(mine, "step", int(answer.steps[c])))
        picture.look_for("token-losses", hardest(answer))
        if rise is not None:
            which_batch(answer, rise)


def rise_of(answer: PlaceLosses, chosen: int | None, losses: np.ndarray) -> Rise | None:
    """Of the snapshot that was chosen, or else of the one up to which the mean loss rose most; None of the first.

    losses: of the run's batches, by step.
    """
    if len(answer.steps) < 2:
        return None
    rises = np.nan_to_num(np.diff(answer.losses, axis=0), nan=-np.inf)  # (N − 1, P)
    column = int(rises.mean(1).argmax()) + 1
    if chosen is not None:
        column = int(np.abs(answer.steps - chosen).argmin())
    if column == 0:
        return Rise(0, 0, None)
    first, end = int(answer.steps[column - 1]), int(answer.steps[column])
    between = np.where(np.isfinite(losses[first:end]), losses[first:end], np.inf)
    batch = (first + int(between.argmax()), float(losses[first + int(between.argmax())])) if len(between) else None
    return Rise(column, int(rises[column - 1].argmax()), batch)


def which_batch(answer: PlaceLosses, rise: Rise) -> None:
    """What rose up to the column, and the way to the batch that was trained on."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(rise_in_words(answer, rise))
        if rise.batch is not None:
            label, way = f"Which batch: step {rise.batch[0]:,}", (rise.batch[0],)
            st.button(label, key="which-batch", icon=":material/bolt:", on_click=to_batch, args=way)


def rise_in_words(answer: PlaceLosses, rise: Rise) -> str:
    """Whose loss rose most between two snapshots, and which batch may have done it."""
    if rise.column == 0:
        return f"Step {answer.steps[0]:,} is the first snapshot. Click on a later column."
    first, end = answer.steps[rise.column - 1], answer.steps[rise.column]
    before, after = answer.losses[rise.column - 1 : rise.column + 1, rise.token]
    token, rose = of(answer, rise.token), f"from {number(before)} to {number(after)}"
    words = f"From step {first:,} to {end:,} no token’s loss rose."
    if after > before:
        words = f"From step {first:,} to {end:,} the loss of {token} rose most, {rose}."
    if rise.batch is not None:
        step, loss = rise.batch
        words += f" Of the batches in between that of step {step:,} had the highest loss, {number(loss)}."
    return f"{words} Click on another column."


def to_batch(step: int) -> None:
    """Goes to the examples that a step was trained on."""
    picture.go(step)
    sitemap.go_to("gradients", {sitemap.ROWS["gradients"]: ["Which batch"]})


def hardest(answer: PlaceLosses) -> str:
    """Which token is hardest at the newest snapshot, and which came down most."""
    newest = answer.losses[-1]
    if not np.isfinite(newest).all():
        return f"at step {answer.steps[-1]:,} the model’s numbers are not finite any more."
    most, fell = int(newest.argmax()), answer.losses[0] - newest
    best = int(np.nan_to_num(fell, nan=-np.inf).argmax())
    return (
        "a row that stays strong is a token that is not learned, and where many rows turn strong again the loss has a "
        f"spike. At step {answer.steps[-1]:,} the hardest is "
        f"{of(answer, most)} with {newest[most]:.3g} nats; {of(answer, best)} came down most, "
        f"from {answer.losses[0][best]:.3g} to {newest[best]:.3g}."
    )


def of(answer: PlaceLosses, i: int) -> str:
    """A token in a sentence."""
    return f"“{shown_token(answer.tokens[i])}” in row {i + 1}"
