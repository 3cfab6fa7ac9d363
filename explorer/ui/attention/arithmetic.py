"""The arithmetic of the chosen head for the chosen query, and its proof in float64."""

from __future__ import annotations

import streamlit as st

from explorer.answers.records.arithmetic import HeadArithmetic, HeadProof
from explorer.measure.names import fixed, head_name, number, percent
from explorer.ui import picture, visit
from explorer.ui.attention.look import Look
from explorer.ui.components.arithmetic import arithmetic
from explorer.ui.frame import cards
from explorer.ui.parts.tokens import escaped, shown_token
from explorer.ui.pressing import pressed

ROW, REST, TALLEST = 20, 360, 428  # pixels: of a key, of all else, and beyond which the sheet scrolls
FORMULAS = (
    r"$\tilde x = \mathrm{LN}(x)$, $q = W_Q \tilde x + b_Q$, $k_j = W_K \tilde x_j + b_K$, "
    r"$s_j = q \cdot k_j / \sqrt D + \text{mask}_j$, $A_j = e^{s_j - \max s} / \sum_i e^{s_i - \max s}$, "
    r"$\text{out} = \sum_j A_j v_j$, and $W_O\,\text{out}$ is the head’s part of what the layer adds to the stream "
    "(Vaswani et al. 2017, §3.2). Every number is copied from the model’s own forward pass; the browser works each "
    "formula out again and says so where it comes to another number."
)


def show(look: Look) -> None:
    """The whole way in numbers, and beside its name a button that proves the row."""
    arguments = {"head": look.head, "query": look.query, **look.given}
    answer = look.view.picture(HeadArithmetic, 0.5, says=False, **arguments)
    if answer is None:
        picture.making(look.view.waiting)
        return
    with cards("arithmetic", 1)[0]:
        name = head_name(f"{answer.path}.{answer.head}")
        tokens = look.maps.queries(answer.path)
        token = escaped(tokens[answer.query]) if answer.query < len(tokens) else ""
        with st.container(horizontal=True, vertical_alignment="center", key="arithmetic-head"):
            st.markdown(f"**{name.capitalize()}, seen by position {answer.query}** “{token}” · step {answer.step:,}")
            proof = prove(look, arguments)
        arithmetic(
            answer,
            key="arithmetic",
            queries=tokens,
            keys=look.maps.keys(answer.path),
            height=min(TALLEST, REST + ROW * len(answer.pattern)),
        )
        if proof:
            st.markdown(proof)
        else:
            picture.look_for("arithmetic", sentence(look, answer))
    picture.computed(FORMULAS, title="How this arithmetic is computed")


def sentence(look: Look, answer: HeadArithmetic) -> str:
    """What to look for on the way."""
    pattern, scores = answer.pattern, answer.scores
    tokens = look.maps.keys(answer.path)
    best = int(pattern.argmax())
    return (
        f"the query fits the key at position {best} (“{shown_token(tokens[best])}”) best: a score of "
        f"{fixed(float(scores[best]), 2)} becomes {percent(pattern[best])} of the attention. "
        "Point at a cell to see where it comes from."
    )


def prove(look: Look, arguments: dict) -> str:
    """The button that recomputes the row in float64; gives how far it is from the one shown, "" before."""
    place = (look.view.run.id, *sorted(arguments.items()))
    says = "Recomputes this row of the pattern from the weights, in twice the precision."
    if pressed(st.button, "Prove it in float64", "prove", icon=":material/verified:", help=says):
        visit.state().proofs[place] = look.step
    step = visit.state().proofs.get(place)
    if step is None:
        return ""
    answer = look.view.at(step, "proof").picture(HeadProof, says=False, **arguments)
    return "" if answer is None else verdict(answer)


def verdict(proof: HeadProof) -> str:
    """How the proof came out, in a sentence."""
    key = proof.key
    limit = 1e-4 if proof.precision == "float32" else 5e-2
    mark = ":green[:material/check_circle:]" if proof.absolute < limit else ":red[:material/error:]"
    return (
        f"{mark} Step {proof.step:,}: float64 gives {fixed(proof.exact[key], 9)} where the model has "
        f"{fixed(proof.shown[key], 9)}, and that is the largest difference of the row: "
        f"**{number(proof.absolute, 2)}** "
        f"(relative {number(proof.relative, 2)} at most; the model multiplies in {proof.precision})."
    )
