"""Shuffle: the tokens stay, their positions change places, in a copy of the model."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import streamlit as st

from explorer.charts import positions as charts
from explorer.charts import theme
from explorer.measure.updates import number
from explorer.runs.answer import Answer
from explorer.runs.events import head_name
from explorer.ui import picture
from explorer.ui.components.heat_map import Look, Side, message
from explorer.ui.frame import cards
from explorer.ui.positions.asked import SPOKEN, heat, projector
from explorer.ui.view import View

EVERY = 2.0
SHARES = {"two of them": 0.0, "a quarter": 0.25, "half": 0.5, "all": 1.0}
SEEN = 0.005  # share of right answers: a smaller difference is not called one
BEFORE, AFTER = theme.CATEGORICAL[0], theme.CATEGORICAL[1]
COMPUTED = (
    "In a copy of the model position $t$ counts as position $\\pi(t)$: the rows of a table, the turns of rotary or "
    "rows and columns of ALiBi’s bias change places; tokens, targets and causal mask stay. The chosen positions go "
    "round in a ring of random order, so each of them moves. **Right** and **loss** are measured on the probe and 15 "
    "more examples like it, with and without. **Moved** is the share of its attention that a head put elsewhere on the "
    "first example, ½ Σ |after − before| on average over queries. Training is not touched, nor told."
)


def show(view: View | None) -> None:
    """The button, what became of the answers, and where a head looks now."""
    if view is None:
        st.info(
            "Positions are shuffled in a model that has learned something: there is none yet.", icon=":material/info:"
        )
        return
    seed = controls(view)
    share = SHARES[st.session_state.get("shuffle-share") or "all"]
    answer = view.picture("reach.shuffle", EVERY, share=share, seed=max(seed, 0))
    if answer is None:
        return
    results(answer, shuffled=seed > 0)
    left, right = cards("shuffle-pictures", 1.3, 1)
    with left:
        attention(view.run.id, answer, shuffled=seed > 0)
    with right:
        lines = by_position(answer, shuffled=seed > 0)
        picture.show(charts.by_position, charts.frame(lines), "shuffle-by-position")
    with cards("shuffle-sample", 1)[0]:
        st.html(sample(answer, shuffled=seed > 0))
    picture.computed(COMPUTED, title="How positions are shuffled")


def controls(view: View) -> int:
    """The button; gives the number of the order in force, 0 while nothing is shuffled."""
    state, key = st.session_state, f"shuffle:{view.run.id}"

    def again() -> None:
        state[key] = state.get(key, 0) + 1
        state[f"{key}:on"] = True

    def back() -> None:
        state[f"{key}:on"] = False

    on = state.get(f"{key}:on", False)
    with st.container(horizontal=True, vertical_alignment="bottom", key="shuffle-controls"):
        st.segmented_control(
            "Positions that change places",
            list(SHARES),
            default="all",
            key="shuffle-share",
            required=True,
            persist_state="session",
        )
        words = "Shuffle again" if on else "Shuffle positions"
        st.button(words, key="shuffle", type="primary", icon=":material/shuffle:", on_click=again)
        st.button("Put them back", key="unshuffle", icon=":material/undo:", on_click=back, disabled=not on)
    return state.get(key, 0) if on else 0


def results(answer: Answer, shuffled: bool) -> None:
    """Loss and right answers, before and after."""
    plain, _ = answer
    (loss, after), (right, still) = plain["loss"], plain["right"]
    told = {
        "positions": SPOKEN[plain["positions"]],
        "right as trained": f"{right:.1%}",
        "right, shuffled": f"{still:.1%}" if shuffled else "–",
        "loss as trained": number(loss),
        "loss, shuffled": number(after) if shuffled else "–",
        "guessing": f"{plain['chance']:.1%}",
    }
    with cards("shuffle", 1)[0]:
        picture.figures(told)
        picture.look_for("shuffle", sentence(answer) if shuffled else untouched(answer))


def untouched(answer: Answer) -> str:
    """Before the button is pressed."""
    plain, _ = answer
    return (
        f"at step {plain['step']} this model is right in {plain['right'][0]:.1%} of all answers to "
        f"{plain['examples']} examples. What remains of that when its positions change places?"
    )


def sentence(answer: Answer) -> str:
    """What the shuffle did to the answers and which head minds most."""
    plain, arrays = answer
    (loss, after), (right, still) = plain["loss"], plain["right"]
    where = f"of {len(plain['order'])} positions {sum(i != at for i, at in enumerate(plain['order']))} changed places"
    if not np.isfinite([loss, after]).all():
        return f"{where}; the loss is not finite here."
    if plain["positions"] == "none":
        return f"{where} and nothing changed, to the last bit: this model is told nothing of positions."
    moved = arrays["moved"]
    most = int(np.argmax(moved))
    minds = f"{head_name(plain['heads'][most])} put {moved[most]:.0%} of its attention elsewhere"
    if right - still < SEEN:
        how = f"right answers went from {right:.1%} to {still:.1%}: what it has learned so far does not hang on order"
    elif right - plain["chance"] < SEEN:
        how = f"right answers went from {right:.1%} to {still:.1%}: there was nothing above guessing to lose"
    else:
        lost = (right - still) / (right - plain["chance"])
        how = f"right answers fell from {right:.1%} to {still:.1%}, {min(1, lost):.0%} of what lay above guessing"
    return f"{where}; {how}. {minds[0].upper()}{minds[1:]}, the most of all."


def attention(run: str, answer: Answer, shuffled: bool) -> None:
    """The chosen head on the first example, as trained and with positions shuffled."""
    plain, arrays = answer
    heads = plain["heads"]
    kept = st.session_state.get("shuffle-head-kept")
    at = heads.index(kept) if kept in heads else int(np.argmax(arrays["moved"]))
    key = f"shuffle-head-{len(heads)}"

    def keep() -> None:
        st.session_state["shuffle-head-kept"] = st.session_state[key]

    told = {head: f"{head_name(head)} · moved {m:.0%}" for head, m in zip(heads, arrays["moved"], strict=True)}
    if not shuffled:
        told = {head: head_name(head) for head in heads}
    h = heads.index(st.selectbox("Head", heads, at, format_func=told.__getitem__, key=key, on_change=keep))

    def drawn() -> bytes:
        tokens = plain["source"] if heads[h].startswith("encoder.") else plain["tokens"]
        panels = {"as trained": arrays["before"][h]}
        if shuffled:
            panels["positions shuffled"] = arrays["after"][h]
        words = [f"{i} {token}" for i, token in enumerate(tokens)]
        title, text = f"Attention of {head_name(heads[h])} · step {plain['step']}", "Queries are rows, keys are columns"
        look = Look(title, text, "attention", "probability", 320, square=True, least=235)
        return message(panels, Side("query", words), Side("key", words), look, projector())

    heat(drawn, "shuffle-attention", (run, plain["step"], plain["seed"], plain["share"], shuffled, h, len(heads)))


def by_position(answer: Answer, shuffled: bool) -> list[list[dict[str, Any]]]:
    """Right answers at each position, before and after."""
    _, arrays = answer
    x = np.arange(len(arrays["right_before"]), dtype=float)
    found = []
    for name, color, column in (("as trained", BEFORE, "right_before"), ("shuffled", AFTER, "right_after")):
        if shuffled or column == "right_before":
            found += [charts.line(x, arrays[column], name, color, kind=kind) for kind in ("line", "dot")]
    return found


def sample(answer: Answer, shuffled: bool) -> str:
    """The first example, position by position: what is read, asked and said. Tokens are a visitor's and escaped."""
    plain, _ = answer
    targets, length = plain["targets"], len(plain["tokens"])
    rows = [row("position", [str(i) for i in range(length)])]
    if shuffled:
        rows.append(row("counts as", [str(i) for i in plain["order"]]))
    rows += [row("read", plain["tokens"]), row("asked", targets), row("said as trained", plain["said"], targets)]
    if shuffled:
        rows.append(row("said, shuffled", plain["said_after"], targets))
    return f'<div class="wide"><table class="scores samples">{"".join(rows)}</table></div>'


def row(name: str, words: list[str], targets: list[str] | None = None) -> str:
    """One row of tokens; beside a target each is marked right or wrong."""
    cells = []
    for i, word in enumerate(words):
        mark = "" if targets is None or not word else "right" if word == targets[i] else "wrong"
        cells.append(f'<td><b class="{mark}">{escape(word)}</b></td>' if mark else f"<td>{escape(word)}</td>")
    return f"<tr><th>{name}</th>{''.join(cells)}</tr>"
