"""One head turned by hand: its temperature, one row of its attention, and what becomes of the next token. K key."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import streamlit as st

from explorer.answers.records.interventions import Experiment
from explorer.charts import interventions as charts
from explorer.measure.names import fixed, number
from explorer.ui import picture, visit
from explorer.ui.attention import opening
from explorer.ui.attention.look import Look
from explorer.ui.parts.steered import present, steered
from explorer.ui.parts.tokens import escaped, shown_token

EVERY = 1.2  # seconds: an Altair chart's update costs the browser 45 ms
TEMPERATURES = [0.1, 0.13, 0.16, 0.2, 0.25, 0.32, 0.4, 0.5, 0.63, 0.79]
TEMPERATURES += [1.0, 1.3, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0, 6.3, 7.9, 10.0]  # 1 in the middle: as it is
STAYS = 1e-3  # nats of divergence below which a distribution is said to stay

Weights = tuple[float, ...]  # a row of attention, (K,)


def turn(look: Look) -> None:
    """The controls and, before beside after, the row and the next token."""
    st.markdown(f"**Turn {look.name} by hand** · the training does not notice")
    if (there := look.row()) is None:
        return
    row, scores = there
    if not np.isfinite(row).all():
        st.warning(
            "this row is not finite, so there is nothing to turn; look at an earlier step", icon=":material/info:"
        )
        return
    visible = np.flatnonzero(scores > -np.inf)
    temperature, weights = controls(look, row, visible)
    answer = look.view.picture(
        Experiment,
        EVERY,
        head=look.head,
        query=look.query,
        temperature=temperature,
        weights=weights,
        **look.given,
    )
    if answer is None:
        return
    st.markdown(f"{next_words(look, answer)} · step {answer.step:,}")
    left, right = st.columns([3, 2])
    with left:
        keys = [shown_token(look.keys[k]) for k in visible]
        table = charts.pairs_frame(keys, answer.row_before[visible], answer.row_after[visible])
        picture.show(charts.row, table, "turned-row")
    with right:
        tokens = [shown_token(token) for token in answer.tokens]
        target = answer.tokens.index(answer.target) if answer.target else None
        table = charts.pairs_frame(tokens, answer.before, answer.after, target)
        picture.show(charts.next_token, table, "turned-token")
    picture.look_for("turned", sentence(look, answer, temperature != 1 or weights is not None))


@dataclass
class Turned:
    """A row under the visitor's hand, of one place: a head's query on an input.

    weights: what it becomes, None as it is.   key: whose share is put.   pressed: how often a button changed the row.
    slider: what the slider of now shows, its number, and where it stood at first.
    """

    weights: Weights | None = None
    key: int | None = None
    pressed: int = 0
    slider: tuple[object, int, int] = (None, 0, 0)


def controls(look: Look, shares: np.ndarray, visible: np.ndarray) -> tuple[float, Weights | None]:
    """The temperature, and what the row becomes: None as it is.

    shares: the row as it is, (K,).   visible: the keys that the query sees.
    """
    place = (look.view.run.id, look.head, look.query, *sorted(look.given.items()))
    turned, turns = visit.kept(Turned, place), visit.state().turns
    weights = turned.weights
    row = shares.astype(np.float64) if weights is None else np.array(weights)
    if turned.key is None:
        turned.key = int(row.argmax())  # at first where the row looks most
    key = turned.key
    asks, answers = steered("turned-query-box", look.query), steered("turned-key-box", key)
    slider = (key, turned.pressed, None if look.view.live else look.step)  # in training it stays under the hand
    slider_before, number, start = turned.slider
    if slider_before != slider:
        number, start = number + 1, round(100 * float(row[key]))
        turned.slider = (slider, number, start)
    share, resets = f"turned-share-{place}-{number}", turns.setdefault("temperature", 0)

    def hold(new: Weights | None) -> None:
        turned.weights = new
        turned.pressed += 1
        opening.hold(look)

    def ask() -> None:
        if present("turned-query-box", asks):
            visit.state().head, visit.state().query = look.head, st.session_state[asks]

    def answer() -> None:
        if present("turned-key-box", answers):
            turned.key = st.session_state[answers]
            opening.hold(look)

    def put() -> None:
        if number == turned.slider[1]:  # as `steered` has it
            turned.weights = with_share(row, visible, key, st.session_state[share] / 100)
            opening.hold(look)

    def reset() -> None:
        hold(None)
        turns["temperature"] += 1

    with st.container(horizontal=True, vertical_alignment="bottom", key="turned-controls"):
        st.selectbox(
            "Position that asks",
            range(len(look.queries)),
            look.query,
            format_func=lambda q: f"{q}: {shown_token(look.queries[q])}",
            key=asks,
            on_change=ask,
            width=150,
        )
        temperature = st.select_slider(
            "Temperature of the whole head",
            TEMPERATURES,
            value=1.0,
            format_func=lambda t: f"{t:g}",
            key=f"turned-temperature-{resets}",
            on_change=lambda: opening.hold(look),
            width=260,
            help="Scores are divided by it: below 1 the head looks more sharply, above 1 more evenly.",
        )
        st.selectbox(
            "Key in this row",
            visible.tolist(),
            visible.tolist().index(key),
            format_func=lambda k: f"{k}: {shown_token(look.keys[k])}",
            key=answers,
            on_change=answer,
            width=150,
        )
        st.slider(
            "Put this share on it",
            0,
            100,
            start,
            format="%d %%",
            key=share,
            on_change=put,
            disabled=len(visible) == 1,
            width=260,
            help="The other keys share the rest as they did before.",
        )
        st.button("Even out", key="turned-even", on_click=lambda: hold(even(len(row), visible)))
        st.button("Reset", key="turned-reset", on_click=reset, disabled=weights is None and temperature == 1)
    return temperature, weights


def with_share(row: np.ndarray, visible: np.ndarray, key: int, share: float) -> Weights:
    """A row (K,) with this share on a key; the other visible ones keep their proportions, or are even if all were 0."""
    rest = np.zeros(len(row))
    others = visible[visible != key]
    rest[others] = row[others] if row[others].sum() > 0 else 1.0
    new = (1 - share) * rest / rest.sum()
    new[key] = share
    return tuple(new.tolist())


def even(keys: int, visible: np.ndarray) -> Weights:
    """A row that spreads evenly over the visible keys."""
    row = np.zeros(keys)
    row[visible] = 1 / len(visible)
    return tuple(row.tolist())


def next_words(look: Look, answer: Experiment) -> str:
    """What becomes of the next token, in words."""
    where = f"at position {answer.position} “{quoted(look.maps.tokens[answer.position])}”"
    if not answer.target:
        before, after = answer.before[0], answer.after[0]
        return (
            f"p(“{quoted(answer.tokens[0])}”) **{fixed(before, 3)} → {fixed(after, 3)}** {where}, where nothing is "
            "asked"
        )
    before, after = (math.exp(-loss) for loss in answer.loss)
    return (
        f"p(right token “{quoted(answer.target)}”) **{fixed(before, 3)} → {fixed(after, 3)}** {where} · "
        f"loss there {fixed(answer.loss[0], 3)} → {fixed(answer.loss[1], 3)} nats"
    )


def sentence(look: Look, answer: Experiment, turned: bool) -> str:
    """How far the distributions moved, here and where most."""
    kl = answer.kl
    at, most = answer.position, int(kl.argmax())
    if answer.off:
        return f"{look.name} is switched off at this step, so that turning it changes nothing."
    if not np.isfinite(kl).all():
        return "the model’s answer is not finite any more, so that there is nothing to compare."
    if not turned:
        return "nothing is turned yet: move the temperature, or put more or less of the row on a key."
    if kl[most] < STAYS:
        return (
            f"no position’s next token moves by {STAYS:g} nats or more: on this input the model hardly needs what "
            f"{look.name} looks at."
        )
    here = f"the next token at position {at} moved by {number(kl[at])} nats (KL divergence)"
    if most == at:
        return f"{here}, more than at any other position."
    token = shown_token(look.maps.tokens[most])
    return f"{here}; position {most} “{token}” moved most, by {number(kl[most])} nats."


def quoted(token: str) -> str:
    """A token in Markdown, whatever is in it."""
    return escaped(shown_token(token))
