"""Highways: how the gradient splits between the skip paths and the blocks, and inside every attention."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from explorer.charts import gradients, highways
from explorer.ui import picture
from explorer.ui.frame import cards
from explorer.ui.view import View

EVERY = 1.0  # seconds between two looks at a growing run
COMPUTED = (
    "The stream shows the mean |∂L/∂x| over positions and channels at each residual junction. Where the stream "
    "forks into a skip path and a block, the gradient that arrives is the sum of what comes back along both: "
    "∂L/∂x = g_skip + g_block, as vectors. A part’s share is its length along the whole, g_part · g / ‖g‖², so that "
    "shares sum to 1; a negative share pulls the other way. Inside an attention the same is done for what comes "
    "through queries, keys and values, and through each head. One forward and backward pass on the probe, without "
    "dropout; tests hold the parts against autograd."
)


def show(view: View) -> None:
    """Down the stream, then the forks of the stream and the attentions."""
    flowing = view.picture("gradients.flow", EVERY)
    with cards("flow", 1)[0]:
        if flowing is not None:
            plain, arrays = flowing
            st.markdown(f"**Down the residual stream** · on the probe, step {plain['step']}")
            picture.show(gradients.flow, gradients.flow_frame(arrays["gradient"], plain["taps"]), "flow")
            picture.look_for("flow", flow_sentence(arrays["gradient"], plain["taps"]))
    answer = view.picture("backward.split", EVERY)
    if answer is None:
        return
    plain, _ = answer
    forks = [row for row in plain["rows"] if row["kind"] == "fork"]
    inside = [row for row in plain["rows"] if row["kind"] == "attention"]
    left, right = cards("highways", 1, 1)
    with left:
        st.markdown(f"**At every fork** · on the probe, step {plain['step']}")
        picture.show(highways.forks, highways.fork_frame(plain["rows"]), "forks", places=len(forks))
        picture.look_for("forks", fork_sentence(forks))
    with right:
        st.markdown(f"**In every attention** · on the probe, step {plain['step']}")
        picture.show(highways.inside, highways.attention_frame(plain["rows"]), "inside", places=2 * len(inside))
        picture.look_for("inside", inside_sentence(inside))
    picture.computed(COMPUTED, title="How the highways are computed")


def flow_sentence(values: np.ndarray, taps: list[str]) -> str:
    """How the gradient changes on its way from the last junction to the first."""
    stream = [v for v, tap in zip(values, taps, strict=True) if tap != "logits"]
    change = stream[0] / max(stream[-1], 1e-30)
    word = "grows" if change > 1.5 else "shrinks" if change < 0.67 else "keeps its size"
    return f"from the last junction back to the first the gradient {word} (× {change:.2g})."


def fork_sentence(rows: list[dict[str, Any]]) -> str:
    """What to look for at the forks."""
    through = {row["through"]: row["block"] / max(row["skip"], 1e-300) for row in rows}
    most = max(through, key=through.__getitem__)
    whole = [row["whole"] for row in rows]
    change = whole[0] / max(whole[-1], 1e-300)
    return (
        f"from the last fork to the first the gradient goes from {whole[-1]:.1e} to {whole[0]:.1e} (× {change:.2g}); "
        f"through {highways.place(most)} comes {through[most]:.2f} times as much as past it, the most of all forks."
    )


def inside_sentence(rows: list[dict[str, Any]]) -> str:
    """What to look for in the attentions."""
    roles = {role: sum(row["parts"][role]["share"] for row in rows) / len(rows) for role in highways.ROLES}
    most = max(roles, key=roles.__getitem__)
    heads = {(highways.place(row["at"]), h + 1): head["share"] for row in rows for h, head in enumerate(row["heads"])}
    (where, number), share = max(heads.items(), key=lambda found: found[1])
    return (
        f"on average {roles[most]:.0%} of an attention’s gradient comes through its {most}; the single head that most "
        f"of its attention’s gradient comes through is head {number} of {where}: {share:.0%}."
    )
