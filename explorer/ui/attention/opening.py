"""What the attention page opens on until its visitor chooses: the head that stands out, a query in the answer.

Once a head stands out it stays, unless another clearly leads; what a visitor chose is never moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from explorer.answers.records.attention import AttentionMaps
from explorer.measure.names import head_name
from explorer.measure.standing import leader, middle
from explorer.ui import visit
from explorer.ui.attention.look import Look
from explorer.ui.attention.naming import claims
from explorer.ui.parts.steered import present, steered
from explorer.ui.parts.tokens import shown_token
from explorer.ui.view import View


@dataclass
class Opening:
    """What is shown of one run without having been chosen: a head, and a measure of all heads. "" before the first."""

    HANDED_ON = True  # to a branch

    head: str = ""
    measure: str = ""


@dataclass
class Measure:
    """The measure that this visitor chose; "" before."""

    chosen: str = ""


def head_and_query(run: str, maps: AttentionMaps) -> tuple[str, int]:
    """The head and the query that were chosen last, where this model and input have them; else what to open on.

    run: its id. While nothing stands out it is the last layer's first head.
    """
    head, query, opening = visit.state().head, visit.state().query, visit.kept(Opening, run)
    if not is_there(head, maps):
        standing = opening.head if is_there(opening.head, maps) else ""
        opening.head = leader({name: does.lead for name, does in claims(maps).items()}, standing)
        head = opening.head or f"{maps.paths[-1]}.0"
    path = head.rpartition(".")[0]
    length = len(maps.queries(path))
    if query is None:
        query = middle([] if path.startswith("encoder.") else maps.predicted, length)
    return head, min(query, length - 1)


def looking(view: View, given: dict[str, Any]) -> Look | None:
    """What the sections are about at a step and on an input; None while no attention is there."""
    maps = view.picture(AttentionMaps, says=False, **given)
    return None if maps is None else Look(view, given, maps, *head_and_query(view.run.id, maps))


def choose(look: Look) -> None:
    """A list of the heads and one of the chosen head's queries, for sections without the map of all heads."""
    heads = [f"{path}.{h}" for path, one in look.maps.attentions.items() for h in range(len(one.pattern))]
    asks, answers = steered("chosen-head", look.head), steered("chosen-query", look.query)

    def take() -> None:
        if present("chosen-head", asks) and present("chosen-query", answers):
            visit.state().head, visit.state().query = st.session_state[asks], st.session_state[answers]

    st.selectbox(
        "Head",
        heads,
        heads.index(look.head),
        format_func=lambda name: head_name(name).capitalize(),
        key=asks,
        label_visibility="collapsed",
        on_change=take,
        width=190,  # beside the input and the query at 1024 pixels
    )
    st.selectbox(
        "Query",
        range(len(look.queries)),
        look.query,
        format_func=lambda at: f"query {at}: {shown_token(look.queries[at])}",
        key=answers,
        label_visibility="collapsed",
        on_change=take,
        width=150,
    )


def is_there(head: str, maps: AttentionMaps) -> bool:
    """Whether a model has this head."""
    path, _, number = head.rpartition(".")
    return path in maps.attentions and int(number) < len(maps.attentions[path].pattern)


def hold(look: Look) -> None:
    """Keeps what is looked at, since the visitor has begun to work with it."""
    visit.state().head, visit.state().query = look.head, look.query


def measure_of(run: str, leads: Mapping[str, float], offered: list[str]) -> str:
    """The measure that was chosen last, where it is offered; else the one in which a head stands out, the first before.

    leads: of the measures in which some head stands out, how far it does.
    """
    opening, chosen = visit.kept(Opening, run), visit.kept(Measure).chosen
    if chosen in offered:
        return chosen
    opening.measure = leader(leads, opening.measure if opening.measure in offered else "")
    return opening.measure or offered[0]
