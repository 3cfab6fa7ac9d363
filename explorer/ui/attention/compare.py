"""Two steps compared: every head at step a, at step b, and what it moved. H heads, Q query, K key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from explorer.answers.records.attention import AttentionMaps, AttentionMoves
from explorer.measure.attention import moved
from explorer.measure.names import attention_name, fixed, head_name, percent
from explorer.ui import held, picture, visit
from explorer.ui.attention.look import Look
from explorer.ui.attention.naming import labels
from explorer.ui.components.matrix_grid import Head, Mode, Row, matrix_grid, mount
from explorer.ui.components.matrix_grid.coarse import Coarse, coarse_message, modes_of
from explorer.ui.frame import cards
from explorer.ui.parts import steered

LAYER, ALL = "the chosen head’s layer", "all layers"
REST, ROW = 75, 80  # pixels: of a card besides its pictures, and of a row of pictures
ENLARGED = 62  # pixels of such a row where a lecture hall enlarges it
MOST = 999_999_999  # a step's number
COMPUTED = r"""
The difference is that of the attention of each head on the same input, in the weights of the two steps. How much a
head changed is the total variation distance of its rows, on average over queries: the share of its attention that
went elsewhere, 0 to 1.

$$\frac{1}{Q}\sum_q \frac{1}{2}\sum_k |A_b[q,k] - A_a[q,k]|$$
"""


def show(look: Look) -> None:
    """The two steps' patterns and their signed difference; which head changed most."""
    a, b, what = controls(look)
    early = [step for step in (a, b) if step is not None and step > look.view.last]
    if early:
        st.caption(f"step {max(early):,} is not trained yet: this run has steps 0 to {look.view.last:,}")
        return
    before = look.view.at(a, "step a").picture(AttentionMaps, **look.given)
    after = look.maps if b is None else look.view.at(b, "step b").picture(AttentionMaps, **look.given)
    if before is None or after is None:
        return
    paths = [look.path] if what == LAYER else look.maps.paths
    moves = shares(look, before, after)
    if moves is None:
        return
    height = REST + (ENLARGED if visit.state().projector else ROW) * len(paths)
    left, right = cards("steps", 1, 1)
    with left:
        st.markdown(f"**Step a** · step {before.step:,}")
        grid(look, before, paths, "patterns-a", height)
    with right:
        st.markdown(f"**Step b** · step {after.step:,}")
        grid(look, after, paths, "patterns-b", height)
    with cards("difference", 1)[0]:
        st.markdown(f"**Difference** · step {after.step:,} minus step {before.step:,}")
        difference(look, before, after, paths, moves, height)
        picture.look_for("compare", sentence(before.step, after.step, moves))
    picture.computed(COMPUTED)


def shares(look: Look, before: AttentionMaps, after: AttentionMaps) -> dict[str, np.ndarray] | None:
    """What each head moved, (H,) by path: of the exact patterns, also where the maps hold means. None before it is."""
    if before.block is None:
        return {path: moved(one.pattern, after.attentions[path].pattern) for path, one in before.attentions.items()}
    view = look.view.at(after.step, "moves")
    answer = view.picture(AttentionMoves, before=before.step, **look.given)
    return None if answer is None else answer.shares


def controls(look: Look) -> tuple[int, int | None, str]:
    """Step a, step b (None: the one looked at), and which heads are shown."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="compared"):
        follows = st.session_state.get("compare-follows", True)
        if follows:
            st.session_state["compare-b"] = look.step
        state = visit.state()
        held.holds("compare-a", state, "compared", held.whole, 0)
        a = steered.number("Step a", 0, MOST, state, "compared", width=150)
        st.button("a = this step", key="compare-here", on_click=lambda: setattr(state, "compared", look.step))
        bound: Any = {"persist_state": "session"} if follows else {"bind": "query-params"}
        b = st.number_input("Step b", 0, MOST, key="compare-b", width=150, disabled=follows, **bound)
        st.toggle("b is the step looked at", value=True, key="compare-follows", bind="query-params")
        what = st.segmented_control(
            "Heads",
            [LAYER, ALL],
            default=LAYER,
            key="compare-what",
            label_visibility="collapsed",
            required=True,
            bind="query-params",
        )
    return a, None if follows else b, what


def grid(look: Look, maps: AttentionMaps, paths: list[str], key: str, height: int) -> None:
    """The patterns of one step."""
    patterns = [maps.attentions[path].pattern for path in paths]
    heads = [labels(path, maps) for path in paths]
    draw(look, paths, patterns, heads, key, {"kind": "probability"}, height, maps.step)


def difference(
    look: Look,
    before: AttentionMaps,
    after: AttentionMaps,
    paths: list[str],
    moves: dict[str, np.ndarray],
    height: int,
) -> None:
    """What each head moved, on one scale for all that is shown."""
    changes = [after.attentions[path].pattern - before.attentions[path].pattern for path in paths]
    heads = [
        [
            replace(head, note=f"moved {fixed(share, 2)}", good=False)
            for head, share in zip(labels(path, after), moves[path], strict=True)
        ]
        for path in paths
    ]
    draw(look, paths, changes, heads, "patterns-difference", {"kind": "signed", "scope": "all"}, height, None)


def draw(
    look: Look,
    paths: list[str],
    matrices: list[np.ndarray],
    heads: list[list[Head]],
    key: str,
    scale: dict[str, str],
    height: int,
    step: int | None,
) -> None:
    """One grid; a click chooses a head as it does on the map."""

    def choose() -> None:
        if head := st.session_state[key]["selected"]:
            visit.state().head = head

    if block := look.maps.block:
        rows = [
            Row(
                attention_name(path),
                [means],
                named,
                look.maps.queries(path),
                look.maps.keys(path),
                causal=look.maps.attentions[path].causal,
            )
            for path, means, named in zip(paths, matrices, heads, strict=True)
        ]
        more: dict[str, Any] = {
            "scope": "all",
            "colours": [],
            "selected": look.head,
            "query": None,
            "height": height,
            "step": step,
        }
        modes = modes_of([Mode("values", "", scale["kind"])], block)
        mount(key=key, data=coarse_message(rows, modes, 0, Coarse(block), **more), on_selected_change=choose)
        return
    matrix_grid(
        matrices,
        [attention_name(path) for path in paths],
        key=key,
        labels=heads,
        tokens_q=[look.maps.queries(path) for path in paths],
        tokens_k=[look.maps.keys(path) for path in paths],
        scale=scale,
        selected=look.head,
        height=height,
        step=step,
        on_change=choose,
    )


def sentence(a: int, b: int, moves: dict[str, np.ndarray]) -> str:
    """Which head of the model changed most between steps a and b."""
    if a == b:
        return "a and b are the same step, so nothing differs; choose another step a."
    shares = {head_name(f"{path}.{h}"): share for path, of in moves.items() for h, share in enumerate(of)}
    if not np.isfinite(list(shares.values())).all():
        return "a pattern is not finite any more, so it cannot be compared."
    most, least = max(shares, key=shares.__getitem__), min(shares, key=shares.__getitem__)
    went = percent(shares[most])
    return f"{most} changed most: {went} of its attention went elsewhere (total variation distance); {least} least."
