"""Rotation: one pair of channels of a query and a key, turned by moving positions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import streamlit as st

from explorer.answers.records.positions import Lecture, Rotation
from explorer.config.encodings import ENCODINGS
from explorer.measure.names import head_name, number
from explorer.ui import held, picture, visit
from explorer.ui.asking import at_once
from explorer.ui.components.rotation import Turning, message, rotation
from explorer.ui.frame import cards
from explorer.ui.positions.common import EVERY
from explorer.ui.positions.encodings import BASE, BASES, LENGTHS, WIDTHS, knob
from explorer.ui.view import View

COMPUTED = (
    r"At position $m$ pair $i$ of a query is turned by $m\,\theta_i$, at $n$ that of a key by $n\,\theta_i$, "
    r"$\theta_i = b^{-2i/D}$ (Su et al. 2021, §3.2). Two turned vectors have the product "
    r"$|q||k|\cos\!\left(\varphi + (m - n)\,\theta_i\right)$ with $\varphi$ the angle from $k$ to $q$ before turning: "
    r"move both and nothing changes. The score is the sum over all $D/2$ pairs, divided by $\sqrt D$."
    "\n\nIn a rotary run query and key are the head’s own on the probe, before the encoding turns them, in float64 "
    "worked back from what the model used; at the positions where they stand the product is the model’s own score."
)


def show(view: View | None) -> None:
    """The turning pair of the run, or of a stated example."""
    if view is not None and turns(view):
        shown = of_run(view)
    else:
        if view is not None:
            kind = ENCODINGS[view.config.model.positions].spoken
            st.caption(f"This run’s positions are {kind}: nothing turns in it. Shown is the formula on q = k = (1, 0).")
        shown = of_formula()
    if shown is None:
        return
    with cards("rotation", 1)[0]:
        rotation(
            picture.paced(lambda: message(shown, visit.state().projector), "rotation", identity(shown), 1e9),
            key="rotation",
        )
        picture.look_for("rotation", sentence(shown))
    picture.computed(COMPUTED, over)


def turns(view: View) -> bool:
    """Whether the run turns pairs of channels by waves."""
    encoding = ENCODINGS[view.config.model.positions]
    return encoding.waves and encoding.acts == "turns"


def identity(shown: Turning) -> tuple[Any, ...]:
    """What a picture of it depends on."""
    return (
        shown.q.tobytes(),
        shown.k.tobytes(),
        shown.theta.tobytes(),
        shown.query,
        shown.key,
        shown.last,
        shown.subject,
        visit.state().projector,
    )


def of_formula() -> Turning:
    """Query and key (1, 0) in every pair."""
    with st.container(horizontal=True, key="rotation-knobs"):
        length = knob("Positions", LENGTHS, 64)
        width = knob("Channels of a head", WIDTHS, 16, "turned")
        base = knob("Base of the wavelengths", BASES, BASE, "rotary")
    lecture = at_once(Lecture, kind="rotary", length=length, width=width, heads=1, base=base)
    assert lecture.angles is not None
    ones = np.tile([1.0, 0.0], (width // 2, 1))
    return Turning(ones, ones, lecture.angles[1].astype(np.float64), 3, 1, length - 1, "q = k = (1, 0) in every pair")


@dataclass
class Turned:
    """Whose query and key are turned; query -1 is the last."""

    head: str = ""
    query: int = -1
    key: int = 0


def of_run(view: View) -> Turning | None:
    """A head's own query and key on the probe."""
    place = st.container(horizontal=True, key="rotation-knobs")
    turned = visit.kept(Turned)
    held.holds("turning-head", turned, "head", head_of(view))
    held.holds("turning-query", turned, "query", held.whole, -1)
    held.holds("turning-key", turned, "key", held.whole, 0)
    answer = view.picture(Rotation, EVERY, **asdict(turned))
    if answer is None:
        return None
    with place:
        choose(answer)
    subject = f"{head_name(answer.head)} · step {answer.step:,}"
    last = view.config.model.context - 1
    return Turning(answer.q, answer.k, answer.theta.astype(np.float64), answer.query, answer.key, last, subject)


def head_of(view: View) -> Callable[[str], str]:
    """What makes sure that a name is that of a head of the run."""

    def checked(name: str) -> str:
        model = view.config.model
        if name not in [f"{path}.{h}" for path in model.attentions for h in range(model.heads)]:
            raise ValueError("this run has no such head")
        return name

    return checked


def choose(answer: Rotation) -> None:
    """Which head, and the tokens whose query and key are turned."""
    heads, tokens = answer.heads, answer.tokens

    def take(name: str, key: str) -> None:
        setattr(visit.kept(Turned), name, st.session_state[key])

    def box(name: str, words: str, options: list[Any], at: int, labels: Any) -> None:
        key = f"turning-{name}-{len(heads)}-{len(tokens)}"
        st.selectbox(words, options, at, format_func=labels, key=key, on_change=take, args=(name, key), width=220)

    def token(i: int) -> str:
        return f"{i}: {tokens[i] if tokens[i].strip() else repr(tokens[i])[1:-1]}"

    box("head", "Head", heads, heads.index(answer.head), head_name)
    box("query", "Query of the token at", list(range(len(tokens))), answer.query, token)
    box("key", "Key of the token at", list(range(len(tokens))), answer.key, token)


def sentence(shown: Turning) -> str:
    """What the distance does to the product of all pairs, where the two stand."""
    if not (np.isfinite(shown.q).all() and np.isfinite(shown.k).all()):
        return "query and key are not finite any more."
    distances = np.arange(shown.last + 1)
    products = over(shown, distances)
    here = shown.query - shown.key
    now, best = float(over(shown, np.array([here]))[0]), int(np.argmax(products))
    return (
        f"move both and the product stays; move one and it follows the curve. Where they stand, {here} apart, all "
        f"pairs make {number(now, 3)}; they would make most at a distance of {distances[best]}."
    )


def over(shown: Turning, distances: np.ndarray) -> np.ndarray:
    """The product of all pairs at distances (n,), (n,)."""
    q, k = (part[:, 0] + 1j * part[:, 1] for part in (shown.q, shown.k))
    return (q * k.conj() * np.exp(1j * np.multiply.outer(distances, shown.theta))).real.sum(-1)
