"""The arithmetic of the chosen head for the chosen query, and its proof in float64."""

from __future__ import annotations

import streamlit as st

from explorer.measure.updates import fixed
from explorer.runs.answer import Answer
from explorer.runs.run import head_name
from explorer.ui import picture
from explorer.ui.attention.look import Look, keys, queries
from explorer.ui.components.arithmetic import arithmetic
from explorer.ui.frame import cards
from explorer.ui.tokens import escaped, shown_token

ROW, REST, TALLEST = 20, 520, 1180  # pixels: of a key, of all else, and beyond which the keys scroll
FORMULAS = (
    r"$\tilde x = \mathrm{LN}(x)$, $q = W_Q \tilde x + b_Q$, $k_j = W_K \tilde x_j + b_K$, "
    r"$s_j = q \cdot k_j / \sqrt D + \text{mask}_j$, $A_j = e^{s_j - \max s} / \sum_i e^{s_i - \max s}$, "
    r"$\text{out} = \sum_j A_j v_j$, and $W_O\,\text{out}$ is the head’s part of what the layer adds to the stream "
    "(Vaswani et al. 2017, §3.2). Every number is copied from the model’s own forward pass; the browser works each "
    "formula out again and says so where it comes to another number."
)


def show(look: Look) -> None:
    """The whole way in numbers, and under it a button that proves the row."""
    asked = {"head": look.head, "query": look.query, **look.given}
    answer = look.view.picture("arithmetic.way", 0.5, **asked)
    with cards("arithmetic", 1)[0]:
        if answer is None:
            return
        plain, arrays = answer
        name = head_name(f"{plain['path']}.{plain['head']}")
        tokens = queries(look.plain, plain["path"])
        token = escaped(tokens[plain["query"]]) if plain["query"] < len(tokens) else ""
        st.markdown(f"**{name.capitalize()}, seen by position {plain['query']}** “{token}” · step {plain['step']}")
        arithmetic(
            plain,
            arrays,
            key="arithmetic",
            queries=tokens,
            keys=keys(look.plain, plain["path"]),
            height=min(TALLEST, REST + ROW * len(arrays["pattern"])),
        )
        picture.look_for("arithmetic", sentence(look, answer))
        prove(look, asked)
    picture.computed(FORMULAS, title="How this arithmetic is computed")


def sentence(look: Look, answer: Answer) -> str:
    """What to look for on the way."""
    plain, arrays = answer
    pattern, scores = arrays["pattern"], arrays["scores"]
    tokens = keys(look.plain, plain["path"])
    best = int(pattern.argmax())
    return (
        f"the query fits the key at position {best} (“{shown_token(tokens[best])}”) best: a score of "
        f"{fixed(float(scores[best]), 2)} becomes {pattern[best]:.0%} of the attention. "
        "Point at a cell to see where it comes from."
    )


def prove(look: Look, asked: dict) -> None:
    """Recomputes the row in float64 when asked to, and says how far it is from the one shown."""
    place = (look.view.run.id, *sorted(asked.items()))
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Prove it in float64", key="prove", icon=":material/verified:"):
            st.session_state.proof = (place, look.step)
        wanted = st.session_state.get("proof")
        if wanted is None or wanted[0] != place:
            st.caption("recomputes this row of the pattern from the weights, in twice the precision")
            return
        answer = look.view.at(wanted[1], "proof").picture("arithmetic.proved", **asked)
        if answer is not None:
            st.markdown(verdict(answer))


def verdict(answer: Answer) -> str:
    """How the proof came out, in a sentence."""
    plain = answer[0]
    key = plain["key"]
    limit = 1e-4 if plain["precision"] == "float32" else 5e-2
    mark = ":green[:material/check_circle:]" if plain["absolute"] < limit else ":red[:material/error:]"
    return (
        f"{mark} Step {plain['step']}: float64 gives {plain['exact'][key]:.9f} where the model has "
        f"{plain['shown'][key]:.9f}, and that is the largest difference of the row: **{plain['absolute']:.1e}** "
        f"(relative {plain['relative']:.1e} at most; the model multiplies in {plain['precision']})."
    )
