"""Two steps compared: every head at step a, at step b, and what it moved. H heads, Q query, K key."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from explorer.measure.attention import moved
from explorer.runs.answer import Answer
from explorer.runs.run import head_name
from explorer.ui import picture, steered
from explorer.ui.attention.look import Look, keys, queries
from explorer.ui.attention.naming import labels, row_name
from explorer.ui.components.matrix_grid import Head, matrix_grid
from explorer.ui.frame import cards

LAYER, ALL = "the chosen head’s layer", "all layers"
REST, ROW = 75, 115  # pixels: of a card besides its pictures, and of a row of pictures
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
        st.caption(f"step {max(early)} is not trained yet: this run has steps 0 to {look.view.last}")
        return
    before = look.view.at(a, "step a").picture("attention.patterns", **look.given)
    after = (
        (look.plain, look.arrays)
        if b is None
        else look.view.at(b, "step b").picture("attention.patterns", **look.given)
    )
    if before is None or after is None:
        return
    paths = [look.path] if what == LAYER else look.plain["paths"]
    moves = {path: moved(before[1][f"{path}.pattern"], after[1][f"{path}.pattern"]) for path in look.plain["paths"]}
    height = REST + ROW * len(paths)
    with cards("step-a", 1)[0]:
        st.markdown(f"**Step a** · step {before[0]['step']}")
        grid(look, before, paths, "patterns-a", height)
    with cards("step-b", 1)[0]:
        st.markdown(f"**Step b** · step {after[0]['step']}")
        grid(look, after, paths, "patterns-b", height)
    with cards("difference", 1)[0]:
        st.markdown(f"**Difference** · step {after[0]['step']} minus step {before[0]['step']}")
        difference(look, before, after, paths, moves, height)
        picture.look_for("compare", sentence(before[0]["step"], after[0]["step"], moves))
    picture.computed(COMPUTED)


def controls(look: Look) -> tuple[int, int | None, str]:
    """Step a, step b (None: the one looked at), and which heads are shown."""
    state = st.session_state
    with st.container(horizontal=True, vertical_alignment="bottom", key="compared"):
        follows = state.get("compare-follows", True)
        if follows:
            state["compare-b"] = look.step
        state.setdefault("compare-a", 0)
        a = steered.number("Step a", 0, MOST, "compare-a", width=150)
        st.button("a = this step", key="compare-here", on_click=lambda: state.update({"compare-a": look.step}))
        b = st.number_input("Step b", 0, MOST, key="compare-b", width=150, disabled=follows, persist_state="session")
        st.toggle("b is the step looked at", value=True, key="compare-follows", persist_state="session")
        what = st.segmented_control(
            "Heads",
            [LAYER, ALL],
            default=LAYER,
            key="compare-what",
            label_visibility="collapsed",
            required=True,
            persist_state="session",
        )
    return a, None if follows else b, what


def grid(look: Look, answer: Answer, paths: list[str], key: str, height: int) -> None:
    """The patterns of one step."""
    plain, arrays = answer
    patterns = [arrays[f"{path}.pattern"] for path in paths]
    heads = [labels(path, pattern, plain) for path, pattern in zip(paths, patterns, strict=True)]
    draw(look, paths, patterns, heads, key, {"kind": "probability"}, height, plain["step"])


def difference(
    look: Look, before: Answer, after: Answer, paths: list[str], moves: dict[str, np.ndarray], height: int
) -> None:
    """What each head moved, on one scale for all that is shown."""
    changes = [after[1][f"{path}.pattern"] - before[1][f"{path}.pattern"] for path in paths]
    heads = [
        [
            replace(head, note=f"moved {share:.2f}", good=False)
            for head, share in zip(labels(path, after[1][f"{path}.pattern"], after[0]), moves[path], strict=True)
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
        if told := st.session_state[key]["selected"]:
            st.session_state.head = told

    matrix_grid(
        matrices,
        [row_name(path) for path in paths],
        key=key,
        labels=heads,
        tokens_q=[queries(look.plain, path) for path in paths],
        tokens_k=[keys(look.plain, path) for path in paths],
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
    return (
        f"of all heads {most} changed most between step {a} and step {b}: on average a row put "
        f"{shares[most]:.1%} of its attention elsewhere (total variation distance {shares[most]:.3f}); "
        f"{least} changed least ({shares[least]:.3f})."
    )
