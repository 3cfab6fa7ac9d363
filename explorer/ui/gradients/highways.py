"""Highways: how the gradient splits between the skip paths and the blocks, and inside every attention."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.answers.records.backward import Split
from explorer.answers.records.gradients import Flow
from explorer.charts import gradients, highways
from explorer.measure.glossary import TERMS
from explorer.measure.highways import AttentionSplit, Fork
from explorer.measure.names import finite, lost, module_name, number, percent
from explorer.ui import picture
from explorer.ui.frame import cards
from explorer.ui.view import View

HEIGHT = 420  # pixels of the stream
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
    flow = view.picture(Flow, EVERY, says=False)
    with cards("flow", 1)[0]:
        if flow is None:
            picture.making(view.waiting)
        else:
            where = "at its junctions, where each block adds to it"
            st.markdown(
                f"**Down the residual stream** · {where} · on the probe, step {flow.step:,}", help=TERMS["junction"]
            )
            picture.show(gradients.flow, gradients.flow_frame(flow.gradient, flow.taps), "flow", height=HEIGHT)
            picture.look_for("flow", flow_sentence(flow.step, flow.gradient, flow.taps))
    picture.details(lambda: splits(view))
    picture.computed(COMPUTED, title="How the highways are computed")


def splits(view: View) -> None:
    """How the gradient splits at the forks of the stream and in the attentions."""
    split = view.picture(Split, EVERY)
    if split is None:
        return
    forks, attentions = split.forks, split.attentions
    left, right = cards("highways", 1, 1)
    with left:
        st.markdown(f"**At every fork** · on the probe, step {split.step:,}", help=TERMS["fork"])
        picture.show(highways.forks, highways.fork_frame(forks), "forks", places=len(forks))
        picture.look_for("forks", fork_sentence(split.step, forks))
    with right:
        st.markdown(f"**In every attention** · on the probe, step {split.step:,}")
        picture.show(highways.inside, highways.attention_frame(attentions), "inside", places=2 * len(attentions))
        picture.look_for("inside", inside_sentence(split.step, attentions))


def flow_sentence(step: int, values: np.ndarray, taps: list[str]) -> str:
    """How the gradient changes on its way from the last junction to the first."""
    stream = [v for v, tap in zip(values, taps, strict=True) if tap != "logits"]
    if not finite(stream):
        return lost("the gradient along the stream", step)
    if not stream[-1]:
        return "no gradient comes to the last junction."
    change = stream[0] / max(stream[-1], 1e-30)
    word = "grows" if change > 1.5 else "shrinks" if change < 0.67 else "keeps its size"
    return f"from the last junction back to the first the gradient {word} (× {number(change, 2)})."


def fork_sentence(step: int, forks: list[Fork]) -> str:
    """What to look for at the forks."""
    if not finite(*(size for fork in forks for size in (fork.whole, fork.skip, fork.block))):
        return lost("the gradient at some fork", step)
    whole = [fork.whole for fork in forks]
    if not whole[-1]:
        return "no gradient comes to the last fork."
    past = {fork.through: fork.block / fork.skip for fork in forks if fork.skip}
    if not past:
        return "There is no skip path here: all of the gradient has to go through every block."
    most = max(past, key=past.__getitem__)
    return (
        f"from the last fork to the first the gradient changes by a factor of {number(whole[0] / whole[-1], 2)}; most "
        f"of all comes through {module_name(most)}, {number(past[most], 2)} times as much as past it."
    )


def inside_sentence(step: int, attentions: list[AttentionSplit]) -> str:
    """What to look for in the attentions."""
    shares = {(module_name(one.at), h + 1): head.share for one in attentions for h, head in enumerate(one.heads)}
    if not finite(*(one.whole for one in attentions), *shares.values()):
        return lost("the gradient in some attention", step)
    roles = {role: sum(one.parts[role].share for one in attentions) / len(attentions) for role in highways.ROLES}
    most = max(roles, key=roles.__getitem__)
    (where, nth), share = max(shares.items(), key=lambda head: head[1])
    return (
        f"on average {percent(roles[most])} of an attention’s gradient comes through its {most}; the one head "
        f"that most of its attention’s gradient comes through is head {nth} of {where}: {percent(share)}."
    )
