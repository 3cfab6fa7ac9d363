"""One head turned by hand: its temperature, one row of its attention, and what becomes of the next token. K key."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st

from explorer.charts import interventions as charts
from explorer.runs.answer import Answer
from explorer.ui import picture
from explorer.ui.attention.look import Look
from explorer.ui.steered import present, steered
from explorer.ui.tokens import escaped, shown_token

EVERY = 1.2  # seconds: an Altair chart's update costs the browser 45 ms
TEMPERATURES = [0.1, 0.13, 0.16, 0.2, 0.25, 0.32, 0.4, 0.5, 0.63, 0.79]
TEMPERATURES += [1.0, 1.3, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0, 6.3, 7.9, 10.0]  # 1 in the middle: as it is
STAYS = 1e-3  # nats of divergence below which a distribution is said to stay

Weights = tuple[float, ...]  # a row of attention, (K,)


def turn(look: Look) -> None:
    """The controls and, before beside after, the row and the next token."""
    st.markdown(f"**Turn {look.name} by hand** · the training does not notice")
    if not np.isfinite(look.pattern[look.query]).all():
        st.warning(
            "this row is not finite, so there is nothing to turn; look at an earlier step", icon=":material/info:"
        )
        return
    visible = np.flatnonzero(look.arrays[f"{look.path}.scores"][look.number, look.query] > -np.inf)
    temperature, weights = controls(look, visible)
    answer = look.view.picture(
        "interventions.experiment",
        EVERY,
        head=look.head,
        query=look.query,
        temperature=temperature,
        weights=weights,
        **look.given,
    )
    if answer is None:
        return
    plain, arrays = answer
    st.markdown(f"{next_words(look, answer)} · step {plain['step']}")
    left, right = st.columns([3, 2])
    with left:
        keys = [shown_token(look.keys[k]) for k in visible]
        table = charts.pairs_frame(keys, arrays["row_before"][visible], arrays["row_after"][visible])
        picture.show(charts.row, table, "turned-row")
    with right:
        tokens = [shown_token(token) for token in plain["tokens"]]
        target = plain["tokens"].index(plain["target"]) if plain["target"] else None
        table = charts.pairs_frame(tokens, arrays["before"], arrays["after"], target)
        picture.show(charts.next_token, table, "turned-token")
    picture.look_for("turned", sentence(look, answer, temperature != 1 or weights is not None))


def controls(look: Look, visible: np.ndarray) -> tuple[float, Weights | None]:
    """The temperature, and what the row becomes: None as it is. visible: the keys that the query sees."""
    state = st.session_state
    place = (look.view.run.id, look.head, look.query, *sorted(look.given.items()))
    edited, held = state.get("turned-row", (None, None))
    weights = held if edited == place else None
    row = look.pattern[look.query].astype(np.float64) if weights is None else np.array(weights)
    chosen, held_key = state.get("turned-key", (None, 0))
    key = held_key if chosen == place else int(row.argmax())  # at first where the row looks most
    state["turned-key"] = (place, key)
    asks, answers = steered("turned-query-box", look.query), steered("turned-key-box", key)
    pressed, resets = state.setdefault("turned-pressed", 0), state.setdefault("turned-resets", 0)
    slider = (place, key, pressed, None if look.view.live else look.step)  # while it trains it stays under the hand
    known, number, start = state.get("turned-slider", (None, 0, 0))
    if known != slider:
        number, start = number + 1, round(100 * float(row[key]))
        state["turned-slider"] = (slider, number, start)
    share = f"turned-share-{number}"

    def hold(new: Weights | None) -> None:
        state["turned-row"] = (place, new)
        state["turned-pressed"] += 1

    def ask() -> None:
        if present("turned-query-box", asks):
            state.query = state[asks]

    def answer() -> None:
        if present("turned-key-box", answers):
            state["turned-key"] = (place, state[answers])

    def put() -> None:
        if number == state["turned-slider"][1]:  # as `steered` has it
            state["turned-row"] = (place, with_share(row, visible, key, state[share] / 100))

    def reset() -> None:
        hold(None)
        state["turned-resets"] += 1

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


def next_words(look: Look, answer: Answer) -> str:
    """What becomes of the next token, in words."""
    plain, arrays = answer
    where = f"at position {plain['position']} “{quoted(look.plain['tokens'][plain['position']])}”"
    if not plain["target"]:
        before, after = arrays["before"][0], arrays["after"][0]
        return f"p(“{quoted(plain['tokens'][0])}”) **{before:.3f} → {after:.3f}** {where}, where nothing is asked"
    before, after = (math.exp(-loss) for loss in plain["loss"])
    return (
        f"p(right token “{quoted(plain['target'])}”) **{before:.3f} → {after:.3f}** {where} · "
        f"loss there {plain['loss'][0]:.3f} → {plain['loss'][1]:.3f} nats"
    )


def sentence(look: Look, answer: Answer, turned: bool) -> str:
    """How far the distributions moved, here and where most."""
    plain, kl = answer[0], answer[1]["kl"]
    at, most = plain["position"], int(kl.argmax())
    if plain["off"]:
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
    here = f"the next token at position {at} moved by {kl[at]:.3g} nats (KL divergence)"
    if most == at:
        return f"{here}, more than at any other position."
    token = shown_token(look.plain["tokens"][most])
    return f"{here}; position {most} “{token}” moved most, by {kl[most]:.3g} nats."


def quoted(token: str) -> str:
    """A token in Markdown, whatever is in it."""
    return escaped(shown_token(token))
