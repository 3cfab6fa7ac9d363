"""Backpropagation step by step, through the model of this run on an input of the visitor's choice."""

from __future__ import annotations

from typing import Any

import streamlit as st

from explorer.measure.backpropagation import short
from explorer.measure.updates import fixed
from explorer.runs.answer import Answer
from explorer.ui import picture
from explorer.ui.attention import inputs
from explorer.ui.components.backward import backward
from explorer.ui.frame import cards
from explorer.ui.tokens import shown_token
from explorer.ui.view import View

EVERY = 1.5  # seconds
FORMULAS = (
    "One forward pass on this input gives every box its value $y$. The chain rule then goes back: a box gets "
    r"$\partial L/\partial y$ from whoever read it (the sum, if several did) and hands on "
    r"$\partial L/\partial x = (\partial y/\partial x)^\top\, \partial L/\partial y$ to what it read "
    r"(Rumelhart, Hinton & Williams 1986). It begins with $\partial L/\partial \text{logits} = (p - "
    r"\text{onehot}(y))/n$. Gradients are the model’s own, by autograd; each rule is worked out once more in float64 "
    "from the formulas on screen, for every entry, and how far the two differ is said in the opened box. "
    r"$\lVert\cdot\rVert$ is over the whole box, at true magnitude."
)


def show(view: View) -> None:
    """The diagram, above it which input and whose loss."""
    given = inputs.choose(view)
    with cards("backward", 1)[0]:
        answer = asked(view, given)
        if answer is None:
            return
        plain, arrays = answer
        tokens = {name: [shown_token(token) for token in plain[name] or []] for name in ("tokens", "targets", "source")}
        backward(plain, arrays, key="backward", tokens=tokens)
        picture.look_for("backward", sentence(plain))
    picture.computed(FORMULAS, title="How backpropagation is computed")


def asked(view: View, given: dict[str, Any]) -> Answer | None:
    """The walk for the chosen target, and the list to choose it from; meanwhile the walk before."""
    key = f"backward-target {view.run.id} {sorted(given.items())}"
    with st.container(horizontal=True, vertical_alignment="center", key="backward-target"):
        target = st.session_state.get(key)
        answer = view.picture("backward.walk", EVERY, lane="slow", target=target, **given)
        run, last = st.session_state.get("backward-shown", (None, None))
        answer = answer or (last if run == view.run.id else None)
        if answer is None:
            return None
        st.session_state["backward-shown"] = (view.run.id, answer)
        plain = answer[0]
        words = {t: f"{t}: “{shown_token(plain['targets'][t])}”" for t in plain["asked"]}
        st.selectbox(
            "Loss that flows back",
            [None, *words],
            format_func=lambda t: f"mean over {len(words)} tokens" if t is None else f"only position {words[t]}",
            key=key,
            label_visibility="collapsed",
            width=260,
        )
        loss = float("nan") if plain["loss"] is None else plain["loss"]
        st.caption(f"flows back · step {plain['step']} · loss {fixed(loss, 4)} nats")
    return answer


def sentence(plain: dict[str, Any]) -> str:
    """Where the gradient begins, and how much of it comes back to the embedding."""
    tail, norms = plain["tail"], {box["id"]: box.get("norm") for box in plain["boxes"]}
    right = tail["rows"][0]
    first = "token_embedding" if "token_embedding" in norms else "decoder.token_embedding"
    if None in (right["p"], right["gradient"], norms["logits"], norms[first]):
        return "numbers are no longer finite here, so no gradient can flow."
    forks = [box for box in plain["boxes"] if len(box.get("from", {}).get("parts", [])) > 1 and skip(box, plain)]
    most = max(forks, key=lambda box: share(box, plain), default=None)
    words = (
        f"“{shown_token(right['token'])}” at position {tail['position']} has p = {right['p']:.3f}, so its logit gets "
        f"{short(right['gradient'])}: less than 0 pulls it up. ‖∂L/∂·‖ is {short(norms['logits'])} at the logits and "
        f"{short(norms[first])} at the token embedding."
    )
    if most is None:
        return words
    return (
        f"{words} The skip path counts most around {beside(most, plain)}: of the norms that meet before it "
        f"{share(most, plain):.0%} came that way."
    )


def skip(box: dict[str, Any], plain: dict[str, Any]) -> float | None:
    """The norm that comes back to a junction by the skip path; None where there is none."""
    kinds = {b["id"]: b["kind"] for b in plain["boxes"]}
    return next((norm for id, norm, _ in box["from"]["parts"] if kinds[id] == "add"), None)


def share(box: dict[str, Any], plain: dict[str, Any]) -> float:
    """What part of the norms that meet at a junction came by the skip path."""
    total = sum(norm or 0.0 for _, norm, _ in box["from"]["parts"])
    return (skip(box, plain) or 0.0) / total if total else 0.0


def beside(box: dict[str, Any], plain: dict[str, Any]) -> str:
    """The sublayer that a skip path goes around, in words."""
    rows = {b["id"]: b["row"] for b in plain["boxes"]}
    kinds = {b["id"]: b["kind"] for b in plain["boxes"]}
    row = next(rows[id] for id, _, _ in box["from"]["parts"] if kinds[id] == "add")
    place, _, part = row.rpartition(".")
    stack = f"the {place.partition('.')[0]}’s " if not place.startswith("blocks") else ""
    part = {"attention": "attention", "cross": "cross-attention", "mlp": "MLP"}[part]
    return f"{stack}{part} {int(place.rpartition('.')[2]) + 1}"
