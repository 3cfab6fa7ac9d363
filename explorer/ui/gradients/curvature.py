"""Curvature on demand: the Hessian's ends at the steps that were asked for, beside the edge of stability."""

from __future__ import annotations

import streamlit as st

from explorer.answers.records.instruments import Curvature
from explorer.config.optimizers import OPTIMIZERS
from explorer.measure.names import finite, fixed, lost, number, percent
from explorer.ui import picture, visit
from explorer.ui.view import View

SHOWN = 5  # curvatures


def show(view: View) -> None:
    """The Hessian's ends at the steps that were asked for, beside the edge of stability."""
    curvatures = visit.state().curvatures.setdefault(view.run.id, [])
    st.markdown("**Curvature** · on the training batch of a step")

    def ask(step: int) -> None:
        if step not in curvatures:
            visit.state().curvatures[view.run.id] = [*curvatures, step][-SHOWN:]

    st.button(
        f"Measure at step {view.step:,}", key="curvature", icon=":material/landscape:", on_click=ask, args=(view.step,)
    )
    measured = []
    for step in curvatures:
        there = view.at(step, f"curvature {step}")
        answer = there.picture(Curvature, lane="slow", doing="about {of} products with the Hessian")
        if answer is not None:
            measured.append(answer)
    if measured:
        st.html(curvature_table(measured))
        picture.look_for("curvature", curvature_sentence(measured[-1]))
    elif not curvatures:
        st.caption("It takes seconds, as much as some hundred training steps, in a process of its own.")


def curvature_table(measured: list[Curvature]) -> str:
    """A column a step. Words and numbers of ours only."""
    first, name = measured[0], divided_as(measured[0].optimizer)
    rows: dict[str, list[float | None]] = {
        "top": [one.top for one in measured],
        "bottom": [one.bottom for one in measured],
        "edge, 2/η": [one.descent_edge for one in measured],
    }
    edges = [one.edge for one in measured]
    if name is not None:
        rows |= {f"top, divided as {name} does": [one.divided for one in measured], "its edge": edges}
    elif first.edge != first.descent_edge:
        rows[f"edge with {OPTIMIZERS[first.optimizer].title}"] = edges
    head = "".join(f"<th>step {one.step:,}</th>" for one in measured)
    body = [
        f"<tr><th>{words}</th>{''.join(f'<td>{cell(value)}</td>' for value in values)}</tr>"
        for words, values in rows.items()
    ]
    took = "".join(f"<td>{fixed(one.seconds, 1)} s</td>" for one in measured)
    return (
        f'<table class="scores"><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{''.join(body)}<tr><th>measured in</th>{took}</tr></tbody></table>"
    )


def cell(value: float | None) -> str:
    """A number of the table; a dash where there is none."""
    return "–" if value is None else number(value)


def divided_as(optimizer: str) -> str | None:
    """The optimizer's title where the curvature is divided as its gradients are; None where it is held as it is."""
    rule = OPTIMIZERS[optimizer]
    return rule.title if rule.divides and rule.edge is not None else None


def curvature_sentence(curvature: Curvature) -> str:
    """How sharp the valley is, for the step size that it is trained with."""
    top, bottom, edge, lr = curvature.top, curvature.bottom, curvature.edge, curvature.lr
    if not finite(*(value for value in (top, bottom, edge, curvature.divided) if value is not None)):
        return lost("the curvature", curvature.step)
    bend = "a direction bends down, so this is no valley’s floor" if bottom < 0 else "no direction bends down"
    sharp = f"at step {curvature.step:,} curvature goes from {number(bottom)} ({bend}) to {number(top)}"
    name = divided_as(curvature.optimizer)
    held = top if name is None else curvature.divided
    if lr <= 0:
        return f"{sharp}; training ends here, with a step size of 0."
    if not edge:
        return f"{sharp}; for {OPTIMIZERS[curvature.optimizer].title} no edge of stability is known."
    if held is None:
        return f"{sharp}; {name} has divided nothing yet, before its first step."
    verdict = (
        "on this batch alone steps would overshoot more each time"
        if held > edge
        else "not far from where steps begin to overshoot"
        if held > 0.5 * edge
        else "steps are too short to overshoot"
    )
    what = "that" if name is None else f"divided as {name} does, to {number(held)}, which"
    return f"{sharp}; {what} is {percent(held / edge)} of the edge {number(edge)} at η = {number(lr, 2)}: {verdict}."
