"""The NaN autopsy: which operation first gave what is not finite, from what, and a way back."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import streamlit as st

from explorer.measure.updates import number
from explorer.runs.run import Run
from explorer.ui import branching, picture
from explorer.ui.frame import cards
from explorer.ui.view import View

SHOWN = 10  # taps before the failing one
MOST = 3.4028235e38  # that float32 holds
FORMULAS = (
    "The run stopped before the update, so its weights are those from which the failing step was to be taken. That "
    "step is taken again from the nearest checkpoint, on the same batch with the same dropout, and every single "
    "operation of the forward pass, of the loss and of the way back is looked at as it is computed: the first whose "
    "result holds NaN or an infinity that no operand had is named. −∞ is how a mask says no and counts as well "
    "wherever the mask has it. “In float64” is the same operation on the same operands in double precision. float32 "
    "holds sizes up to 3.4 × 10³⁸ (IEEE 754)."
)


def show(view: View) -> None:
    """What broke, from what, how it grew, and the offer of a branch; or that nothing did."""
    if view.status.state != "diverged":
        with cards("autopsy", 1)[0]:
            st.markdown("**Nothing to examine**")
            picture.look_for("autopsy", healthy(view))
        picture.computed(FORMULAS, title="How an autopsy is made")
        return
    answer = view.at(view.last, "autopsy").picture("autopsy.examine", lane="slow")
    with cards("autopsy", 1)[0]:
        if answer is None:
            return
        plain = answer[0]
        st.markdown(f"**Step {plain['index']} could not be taken** · its first value that is not finite")
        st.markdown(f":red[:material/emergency_home:] {verdict(plain)}")
        if plain.get("inputs"):
            st.html(operands(plain))
        rewind(view, plain["earlier"])
    if plain["trail"]:
        with cards("trail", 1)[0]:
            st.markdown(
                f"**How it got there** · largest size at each point of the way, at step {plain['earlier']} and now"
            )
            st.html(way(plain))
            picture.look_for("trail", growth(plain))
    picture.computed(FORMULAS, title="How an autopsy is made")


def healthy(view: View) -> str:
    """That the run is well, in its numbers."""
    curve = view.run.curve(500)
    if not len(curve["step"]):
        return "nothing is trained yet."
    worst = int(np.argmax(curve["grad_norm_max"]))
    return (
        f"the loss and the gradient of all {view.last} steps so far are finite. The largest gradient norm was "
        f"{number(curve['grad_norm_max'][worst], 3)}, at step {int(curve['peak'][worst])}; float32 ends at 3.4 × 10³⁸."
    )


def verdict(plain: dict[str, Any]) -> str:
    """The cause in words, with its numbers."""
    words = plain["words"][0].upper() + plain["words"][1:]
    if plain["kind"] == "none":
        return "Taken again here, the step comes out finite: the run met this on another machine or device."
    if plain["kind"] == "weight":
        place = ", ".join(map(str, plain["first"]))
        many = f"{plain['count']} entries, the first at [{place}], are" if plain["count"] > 1 else f"Entry [{place}] is"
        return (
            f"The weight {plain['words']} was broken before the step. {many} NaN or infinite: the update before made "
            f"it so, or a hand did. The first to use it: {plain['user']}."
        )
    if plain["kind"] == "norm":
        return (
            f"Every value and every gradient is finite, and {plain['words']} is not: the squares of its entries are "
            f"too large to add up. The largest entry, {largest(plain['output'])}, is in `{plain['tensor']}`."
        )
    before = "Forward every value is finite. " if plain["kind"] == "backward" else ""
    return f"{before}**{words} {happened(plain)}.** {because(plain)}"


def happened(plain: dict[str, Any]) -> str:
    """What the operation did."""
    out = plain["output"]
    return "gave NaN" if out["nan"] and plain["exact"] is None else "overflowed"


def because(plain: dict[str, Any]) -> str:
    """How large what went in was, and what would have come out."""
    inputs = {one["name"]: one for one in plain["inputs"]}
    reach = ", ".join(f"{name} {largest(one)}" for name, one in inputs.items() if one["largest"] and name != "mask")
    told = f"Largest going in: {reach}." if reach else ""
    if plain["operation"] == "native_layer_norm":
        size = abs(inputs["inputs"]["largest"][0][1])
        if size**2 > MOST / 100:
            squared = f"({number(size, 2)})² = {number(size * size, 2)}"
            told += f" Its variance needs squares, and {squared} is too large for float32."
    elif plain["exact"] is not None:
        what = "the largest |q · k|" if {"queries", "keys"} <= set(inputs) else "the largest result"
        told += f" In float64 {what} is **{number(plain['exact'], 3)}**; float32 ends at 3.4 × 10³⁸."
    return told


def largest(one: dict[str, Any]) -> str:
    """The largest size of a tensor."""
    return number(abs(one["largest"][0][1]), 3) if one["largest"] else "none"


def operands(plain: dict[str, Any]) -> str:
    """What went in and what came out, a row each."""
    head = ("", "shape", "smallest", "largest", "NaN", "+∞", "−∞", "the largest entries")
    rows = [*plain["inputs"], {"name": "result"} | plain["output"]]
    return table(head, [operand(one) for one in rows], len(rows) - 1)


def operand(one: dict[str, Any]) -> list[str]:
    """A tensor's row."""
    entries = "; ".join(f"[{', '.join(map(str, place))}] {number(value, 3)}" for place, value in one["largest"])
    low, high = ("—" if one[end] is None else number(one[end], 3) for end in ("low", "high"))
    shares = ["" if one[kind] == 0 else f"{one[kind]:.1%}" for kind in ("nan", "plus", "minus")]
    return [one["name"], " × ".join(map(str, one["shape"])), low, high, *shares, entries]


def way(plain: dict[str, Any]) -> str:
    """The last taps before the failing one, with what they held at the earlier step."""
    head = ("", f"at step {plain['earlier']}", f"at step {plain['index']}", "times", "not finite")
    rows = []
    for tap in plain["trail"][-SHOWN:]:
        then = plain["then"].get(tap["tap"])
        times = f"× {number(tap['largest'] / then, 2)}" if then and tap["largest"] else ""
        wrong = f"{tap['wrong']:.1%}" if tap["wrong"] else ""
        now = number(tap["largest"], 3) if tap["wrong"] < 1 else "none is finite"
        rows.append([tap["words"], "—" if then is None else number(then, 3), now, times, wrong])
    return table(head, rows, len(rows) - 1 if plain["kind"] == "forward" else None)


def table(head: tuple[str, ...], rows: list[list[str]], marked: int | None) -> str:
    """Numbers in rows under a head; one row is set off."""
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    body = "".join(
        f'<tr class="{"chosen" if i == marked else ""}"><th>{escape(row[0])}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for i, row in enumerate(rows)
    )
    return (
        f'<div class="wide"><table class="scores"><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def growth(plain: dict[str, Any]) -> str:
    """Where sizes grew most since the earlier step."""
    grown = [
        (tap["largest"] / plain["then"][tap["tap"]], tap)
        for tap in plain["trail"]
        if plain["then"].get(tap["tap"]) and tap["wrong"] == 0
    ]
    if not grown:
        return "nothing on this way was finite long enough to compare."
    most, tap = max(grown, key=lambda pair: pair[0])
    return (
        f"since step {plain['earlier']} {tap['words']} grew most: from {number(plain['then'][tap['tap']], 3)} to "
        f"{number(tap['largest'], 3)}, {number(most, 2)} times."
    )


def rewind(view: View, step: int) -> None:
    """The offer: some steps back, at half the learning rate, as a run of its own."""
    lr = view.run.config_at(step).optimizer.lr / 2
    back = f"Rewind {view.last - step} steps" if step else "Rewind to step 0"
    st.button(
        f"{back} and halve the learning rate",
        key="autopsy-rewind",
        icon=":material/fork_right:",
        type="primary",
        on_click=resume,
        args=(view.run, step, lr),
    )
    st.caption(f"A branch at step {step} with a learning rate of {lr:g}; this run stays as it is, under Runs.")


def resume(run: Run, step: int, lr: float) -> None:
    """Branches there, and lets the branch train."""
    branching.branch(run, step, {"optimizer.lr": lr}, [branching.PLAY])
