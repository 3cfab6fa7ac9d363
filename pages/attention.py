"""Attention: where each position looks, in every head of every layer."""

import streamlit as st

from explorer.ui import frame, picture
from explorer.ui.components.matrix_grid import matrix_grid
from explorer.ui.frame import View, cards
from explorer.ui.heads import head_rows, sharpest


def draw(view: View) -> None:
    """The page at a step."""
    pictures = st.container()
    text = st.text_input(
        "Look at your own input instead of the probe",
        key="own-input",
        placeholder=view.about["sample"].split(" → ")[0],
    )
    with pictures:
        grid(view, {"text": text} if text else {})
    picture.computed(
        r"$A = \mathrm{softmax}(QK^\top/\sqrt{D} + \text{mask})$ for each head (Vaswani et al. 2017, §3.2.1), "
        "from the weights at this step and the input shown, without dropout. Rows are queries and sum to 1."
    )


def grid(view: View, own: dict[str, str]) -> None:
    """Every head's pattern on the probe, or on the visitor's own text."""
    answer = view.picture("attention", **own)
    if answer is None:
        return
    plain, arrays = answer
    rows = head_rows(plain, arrays)
    with cards("heads", 1)[0]:
        st.markdown(f"**All heads** · probability, 0 to 1 · step {plain['step']}")
        matrix_grid(
            [row.patterns for row in rows],
            [row.name for row in rows],
            key="heads",
            labels=[row.labels for row in rows],
            tokens_q=[row.queries for row in rows],
            tokens_k=[row.keys for row in rows],
            scale={"kind": "probability"},
            selected=None,
            height=None if len(rows) <= 2 else 720,
            step=plain["step"],
            on_change=lambda: None,
        )
        picture.look_for("heads", sharpest(rows))


frame.watch("Attention", "Where each position looks, in every head of every layer. Rows ask, columns answer.", draw)
