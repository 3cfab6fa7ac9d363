"""All heads of all layers, and the chosen one's edges. H heads, Q queries, K keys."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from explorer.answers.records.attention import KINDS, AttentionDetail, AttentionMaps
from explorer.measure.heads import ON_INPUT
from explorer.measure.names import attention_name
from explorer.ui import feed, visit
from explorer.ui.attention import large
from explorer.ui.attention.look import Look
from explorer.ui.attention.naming import labels, summary
from explorer.ui.components.matrix_grid import Head, Mode, Row, attention_message, mount
from explorer.ui.frame import cards
from explorer.ui.view import View

PATTERN = Mode("pattern", "attention probability, 0 to 1", "probability")
SCORES = Mode("scores", "scores before the softmax", "signed", masked=True)
WEIGHTED = Mode("weighted", "‖attention · value · W_O‖: size of what is handed over", "magnitude")
GRADIENT = Mode("∂L/∂A", "gradient of the loss by the attention", "signed")
PRODUCT = Mode("A⊙∂L/∂A", "attention times its gradient: negative lowers the loss", "signed", product=(0, 3))
ALL_MODES, WITHOUT_TARGETS = (PATTERN, SCORES, WEIGHTED, GRADIENT, PRODUCT), (PATTERN, SCORES, WEIGHTED)
FIELDS = dict(zip([mode.name for mode in ALL_MODES], KINDS, strict=True))  # of AttentionMap
MANY, FEW = 410, 430  # pixels that more than two rows of heads get, and that fewer get
ENLARGED = 35  # pixels less of them where a lecture hall enlarges them, so that the sentence below stays in sight


def show(look: Look) -> None:
    """Draws the map of all heads; a click on it chooses a head, one on the chosen head's edges a query."""
    view, given, head, query = look.view, look.given, look.head, look.query

    def choose_head() -> None:
        if clicked := st.session_state["heads"].get("selected"):
            visit.state().head = clicked

    def choose_query() -> None:
        if (clicked := st.session_state["heads"].get("query")) is not None:
            visit.state().head, visit.state().query = head, int(clicked)

    def choose_mode() -> None:
        if clicked := st.session_state["heads"].get("mode"):
            visit.state().mode = "" if clicked == PATTERN.name else clicked

    mode = visit.state().mode or PATTERN.name
    less = ENLARGED * visit.state().projector

    ask = feed.way_to("heads", view, partial(large.line, given=given))
    detail = large.detail(look)

    def message(view: View, maps: AttentionMaps, detail: AttentionDetail | None) -> bytes:
        parts = message_parts(view, head, query, maps)
        parts["height"] -= less
        if maps.block is None:
            return attention_message(**parts, mode=mode)
        return large.message(maps, detail, parts, FIELDS, mode, ask)

    def again(view: View) -> bytes | None:
        if (newer := feed.numbers(view, AttentionMaps, **given)) is None:
            return None
        finer = None if newer.block is None else feed.numbers(view, AttentionDetail, head=head, **given)
        return message(view, newer, finer)

    with cards("heads", 1)[0]:
        mount(
            key="heads",
            data=message(view, look.maps, detail),
            on_selected_change=choose_head,
            on_query_change=choose_query,
            on_mode_change=choose_mode,
        )
    feed.offer("heads", again)


def message_parts(view: View, head: str, query: int, maps: AttentionMaps) -> dict[str, Any]:
    """The arguments of the message to the map of all heads, with a head and a query chosen."""
    modes = ALL_MODES if maps.targets else WITHOUT_TARGETS
    named = {path: labels(path, maps) for path in maps.paths}
    rows = [row(path, named[path], maps, modes if maps.block is None else ()) for path in maps.paths]
    return {
        "rows": rows,
        "modes": modes,
        "selected": head,
        "query": query,
        "height": FEW if len(rows) <= 2 else MANY,
        "step": maps.step,
        "sentence": summary(maps),
        "moment": feed.moment(view) | {"step": maps.step},
    }


def orders() -> dict[str, str]:
    """The scores that the heads can be put in the order of, each in words."""
    return {name: score.order for name, score in ON_INPUT.items()} | {"importance": "importance"}


def row(
    path: str,
    heads: list[Head],
    maps: AttentionMaps,
    modes: tuple[Mode, ...],
) -> Row:
    """One attention with all that the map can show of it."""
    stack, one = path.partition("blocks.")[0], maps.attentions[path]
    layer = [p for p in maps.paths if p.startswith(f"{stack}blocks.") and p.endswith(".attention")]
    together = {}
    if path in layer and maps.block is None:
        flow, place = maps.flows[stack], layer.index(path)
        together["rollout"] = flow.rollout[place]
        if flow.relevance is not None:
            together["gradient relevance"] = flow.relevance[place]
    return Row(
        attention_name(path),
        [getattr(one, FIELDS[mode.name]) for mode in modes if mode.product is None],
        heads,
        maps.queries(path),
        maps.keys(path),
        causal=one.causal,
        scores={words: one.scores[name] for name, words in orders().items() if name in one.scores},
        gold=one.gold,
        aggregates=together,
    )
