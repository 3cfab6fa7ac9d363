"""The tree of the likeliest continuations: it thins as the model learns."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from explorer.answers.records.decoding import Tree
from explorer.answers.records.writing import TreeHistory
from explorer.charts import writing as charts
from explorer.measure.names import fixed, percent
from explorer.ui import picture, visit
from explorer.ui.components import branches
from explorer.ui.frame import cards
from explorer.ui.view import View

SELDOM = 8.0  # the same of the curve, which asks at every snapshot
GROWING = "growing the trees of {of} snapshots"
EVERY = 1.0  # seconds between two answers while it trains
HEIGHT = 330  # pixels of the tree
FATES = {"kept": "among the likeliest after what stands before it"}
COMPUTED = r"""
Each node is a token with its probability after the tokens before it; $\log p$ is the sum along its way. At each node
the tree has at most as many tokens as it is wide, and only those with at least the threshold's probability, all tokens
of the way together. It has at most 200 nodes, the likeliest of each level. The curve is the
entropy of the next token in bits, the mean over the nodes that the tree goes on from, each by its probability.
"""


def show(view: View, given: dict[str, Any]) -> None:
    """Settings and the tree; folded, how many ways there were to go on."""
    with cards("tree", 1)[0]:
        width, depth, threshold = st.columns(3)
        settings: dict[str, Any] = {
            "width": width.slider("Tokens at each node", 1, 10, 3, key="tree-width", bind="query-params"),
            "depth": depth.slider("Depth", 1, 20, 8, key="tree-depth", bind="query-params"),
            "threshold": threshold.select_slider(
                "Least probability",
                [0.001, 0.003, 0.01, 0.03, 0.1],
                0.003,
                key="tree-least",
                bind="query-params",
                format_func=percent,
            ),
        }
        answer = view.picture(Tree, EVERY, **settings, **given)
        if answer is None:
            return
        title = f"Likeliest continuations · step {answer.step:,}"
        apart = "" if view.about.writes else " "
        drawing = branches.message(
            title, answer.branches, FATES, likeliest(answer), apart, "tree", visit.state().projector, HEIGHT
        )
        branches.branches(drawing, key="tree")
        picture.look_for("tree", sentence(answer))
    picture.details(lambda: past(view, settings | given))
    picture.computed(COMPUTED, title="How the tree is computed")


def past(view: View, given: dict[str, Any]) -> None:
    """How many ways there were to go on, over training."""
    with cards("tree-history", 1)[0]:
        history = view.newest().picture(TreeHistory, SELDOM, lane="slow", doing=GROWING, **given)
        if history is not None:
            drawn = charts.over_training(history.steps, history.bits, cursor=view.cursor)
            picture.curves(charts.ENTROPY, drawn, "tree-entropy", since(history))


def since(history: TreeHistory) -> str:
    """How the tree has changed since the first snapshot."""
    known = history.bits[np.isfinite(history.bits)]
    if len(known) < 2:
        return "the curve begins at the second snapshot."
    return (
        f"from {fixed(known[0], 2)} bits a token at step {history.steps[0]:,} to {fixed(known[-1], 2)} at step "
        f"{history.steps[-1]:,}. 0 bits is one way to go on; a token drawn evenly has the most."
    )


def likeliest(answer: Tree) -> list[int]:
    """The places of the likeliest leaf and all above it."""
    parents = {one.parent for one in answer.branches}
    leaves = [i for i in range(len(answer.branches)) if i not in parents]
    deepest = max((answer.branches[i].column for i in leaves), default=0)
    ends = [i for i in leaves if answer.branches[i].column == deepest]
    at, way = max(ends, key=lambda i: answer.branches[i].log_p, default=-1), []
    while at >= 0:
        way.append(at)
        at = answer.branches[at].parent
    return way


def sentence(answer: Tree) -> str:
    """How many continuations are likely, and what they hold together."""
    parents = {one.parent for one in answer.branches}
    leaves = sum(i not in parents for i in range(len(answer.branches)))
    if not leaves:
        return "no token has the least probability: the model is unsure of all. Lower it, or train on."
    ways = "one way to go on has" if leaves == 1 else f"{leaves} ways to go on have"
    return (
        f"{ways} {percent(answer.shown)} of all probability. Move the scrubber: the tree thins as the model becomes "
        "surer, and one way is left where the answer is known."
    )
