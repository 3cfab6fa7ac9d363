"""Curvature on demand: the Hessian's ends at the steps that were asked for, beside the edge of stability."""

from __future__ import annotations

from typing import Any

import streamlit as st

from explorer.ui import picture
from explorer.ui.view import View

SHOWN = 5  # curvatures
NAMED = {"adamw": "AdamW", "adam": "Adam", "rmsprop": "RMSProp", "adagrad": "Adagrad"}  # those that divide the gradient


def show(view: View) -> None:
    """The Hessian's ends at the steps that were asked for, beside the edge of stability."""
    asked: list[int] = st.session_state.setdefault("curvatures", {}).setdefault(view.run.id, [])
    st.markdown("**Curvature** · on the training batch of a step")

    def ask(step: int) -> None:
        if step not in asked:
            asked.append(step)

    st.button(
        f"Measure at step {view.step}", key="curvature", icon=":material/landscape:", on_click=ask, args=(view.step,)
    )
    found = []
    for step in asked[-SHOWN:]:
        there = view.at(step, f"curvature {step}")
        answer = there.picture("instruments.curvature", lane="slow", doing="about {of} products with the Hessian")
        if answer is not None:
            found.append(answer[0])
    if found:
        st.html(curvature_table(found))
        picture.look_for("curvature", curvature_sentence(found[-1]))
    elif not asked:
        st.caption("It takes seconds, as much as some hundred training steps, in a process of its own.")


def curvature_table(found: list[dict[str, Any]]) -> str:
    """A column a step. Words and numbers of ours only."""
    name = NAMED.get(found[0]["optimizer"])
    rows = {"top": "top", "bottom": "bottom", "plain": "edge, 2/η"}
    if name is not None:
        rows |= {"divided": f"top, divided as {name} does", "own": "its edge"}
    elif found[0]["own"] != found[0]["plain"]:
        rows |= {"own": f"edge with {found[0]['optimizer']}"}
    head = "".join(f"<th>step {plain['step']}</th>" for plain in found)
    body = [
        f"<tr><th>{words}</th>{''.join(f'<td>{number(plain[key])}</td>' for plain in found)}</tr>"
        for key, words in rows.items()
    ]
    took = "".join(f"<td>{plain['seconds']:.1f} s</td>" for plain in found)
    return (
        f'<table class="scores"><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{''.join(body)}<tr><th>measured in</th>{took}</tr></tbody></table>"
    )


def number(value: float | None) -> str:
    """A curvature as it is printed."""
    if value is None:
        return "–"
    return (f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}").replace("-", "−")


def curvature_sentence(plain: dict[str, Any]) -> str:
    """How sharp the valley is, for the step size that it is trained with."""
    bend = "a direction bends down, so this is no valley’s floor" if plain["bottom"] < 0 else "no direction bends down"
    sharp = f"at step {plain['step']} curvature goes from {number(plain['bottom'])} ({bend}) to {number(plain['top'])}"
    own, name = plain["own"], NAMED.get(plain["optimizer"])
    held = plain["top"] if name is None else plain["divided"]
    if plain["lr"] <= 0:
        return f"{sharp}; training ends here, with a step size of 0."
    if own is None:
        return f"{sharp}; for {plain['optimizer']} no edge of stability is known."
    if held is None:
        return f"{sharp}; {name} has divided nothing yet, before its first step."
    verdict = (
        "on this batch alone steps would overshoot more each time"
        if held > own
        else "not far from where steps begin to overshoot"
        if held > 0.5 * own
        else "steps are too short to overshoot"
    )
    what = "that" if name is None else f"divided as {name} does, to {number(held)}, which"
    return f"{sharp}; {what} is {held / own:.0%} of the edge {number(own)} at η = {plain['lr']:.2g}: {verdict}."
