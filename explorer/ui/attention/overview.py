"""All heads of all layers, and the chosen one's edges. H heads, Q queries, K keys."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from explorer.ui import feed
from explorer.ui.attention.look import Look, causal, keys, queries
from explorer.ui.attention.naming import labels, row_name, summary
from explorer.ui.components.matrix_grid import Head, Mode, Row, attention_map, attention_message
from explorer.ui.view import View

PATTERN = Mode("pattern", "attention probability, 0 to 1", "probability")
SCORES = Mode("scores", "scores before the softmax", "signed", masked=True)
WEIGHTED = Mode("weighted", "‖attention · value · W_O‖: size of what is handed over", "magnitude")
GRADIENT = Mode("∂L/∂A", "gradient of the loss by the attention", "signed")
PRODUCT = Mode("A⊙∂L/∂A", "attention times its gradient: negative lowers the loss", "signed", product=(0, 3))
ASKED, UNASKED = (PATTERN, SCORES, WEIGHTED, GRADIENT, PRODUCT), (PATTERN, SCORES, WEIGHTED)
SENT = {"pattern": "pattern", "scores": "scores", "weighted": "weighted", "∂L/∂A": "gradient"}
ORDERS = {"entropy": "entropy", "sink": "first token", "distance": "distance", "importance": "importance"}
TALL = 720  # pixels that more than two rows of heads get


def show(view: View, given: dict[str, Any], plain: dict[str, Any], arrays: dict[str, np.ndarray]) -> Look:
    """Draws the map of all heads; gives what is chosen on it."""
    state = st.session_state
    head, query = chosen(plain)

    def choose() -> None:
        clicked = state["heads"]
        if clicked.get("selected"):
            state.head = clicked["selected"]
        if clicked.get("query") is not None:
            state.query = int(clicked["query"])

    def again(view: View) -> bytes | None:
        numbers = feed.numbers(view, "attention.patterns", **given)
        return attention_message(**told(view, head, query, *numbers)) if numbers else None

    attention_map(**told(view, head, query, plain, arrays), key="heads", on_change=choose)
    feed.offer("heads", again)
    return Look(view, given, plain, arrays, head, query)


def told(view: View, head: str, query: int, plain: dict[str, Any], arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """What the map of all heads is told: with a head and a query chosen, and what to look for."""
    modes = ASKED if plain["asked"] else UNASKED
    named = {path: labels(path, arrays[f"{path}.pattern"], plain) for path in plain["paths"]}
    rows = [row(path, named[path], plain, arrays, modes, view.config.model.kind) for path in plain["paths"]]
    return {
        "rows": rows,
        "modes": modes,
        "selected": head,
        "query": query,
        "height": None if len(rows) <= 2 else TALL,
        "step": plain["step"],
        "sentence": summary([head for heads in named.values() for head in heads], plain, arrays),
        "moment": feed.moment(view) | {"step": plain["step"]},
    }


def chosen(plain: dict[str, Any]) -> tuple[str, int]:
    """The head and the query that were chosen last, where this model and input have them.

    At first: the last layer's first head, and the last token.
    """
    head = st.session_state.get("head", "")
    path, _, number = head.rpartition(".")
    if path not in plain["paths"] or int(number) >= len(plain["scores"][path]["entropy"]):
        path = plain["paths"][-1]
        head = f"{path}.0"
    last = len(queries(plain, path)) - 1
    return head, min(st.session_state.get("query", last), last)


def row(
    path: str,
    heads: list[Head],
    plain: dict[str, Any],
    arrays: dict[str, np.ndarray],
    modes: tuple[Mode, ...],
    kind: str,
) -> Row:
    """One attention with all that the map can show of it."""
    stack, scores = path.partition("blocks.")[0], plain["scores"][path]
    layer = [p for p in plain["paths"] if p.startswith(f"{stack}blocks.") and p.endswith(".attention")]
    together = {}
    if path in layer:
        for name, words in (("rollout", "rollout"), ("relevance", "gradient relevance")):
            if f"{name}.{stack}" in arrays:
                together[words] = arrays[f"{name}.{stack}"][layer.index(path)]
    return Row(
        row_name(path),
        [arrays[f"{path}.{SENT[mode.name]}"] for mode in modes if mode.product is None],
        heads,
        queries(plain, path),
        keys(plain, path),
        causal=causal(path, kind),
        scores={words: scores[name] for name, words in ORDERS.items() if name in scores},
        gold=[(q, k) for q, k in plain["gold"].get(path, ())],
        aggregates=together,
    )
