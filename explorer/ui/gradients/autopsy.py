"""The NaN autopsy: which operation first gave what is not finite, from what, and a way back."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.answers.records.autopsy import Autopsy
from explorer.measure.autopsy import Cause, Fault, Operand
from explorer.measure.names import number, percent, plural, tensor_name
from explorer.runs.run import Run
from explorer.ui import branching, picture
from explorer.ui.frame import cards
from explorer.ui.parts.tables import table
from explorer.ui.view import View

SHOWN, MORE = 3, 15  # taps up to the failing one: in sight, and in the fold
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
    answer = view.at(view.last, "autopsy").picture(Autopsy, lane="slow")
    with cards("autopsy", 1)[0]:
        if answer is None:
            return
        cause = answer.cause
        st.markdown(f"**Step {cause.index:,} could not be taken** · its first value that is not finite")
        st.markdown(f":red[:material/emergency_home:] {verdict(cause)}")
        if cause.fault is not None:
            st.html(operands(cause.fault))
        rewind(view, answer.earlier)
    if cause.trail:
        with cards("trail", 1)[0]:
            st.markdown(
                f"**How it got there** · largest size at each point of the way, at step {answer.earlier:,} and now"
            )
            st.html(way(answer, SHOWN))
            picture.look_for("trail", growth(answer))
        if len(cause.trail) > SHOWN:
            picture.details(lambda: longer(answer))
    picture.computed(FORMULAS, title="How an autopsy is made")


def healthy(view: View) -> str:
    """That the run is well, in its numbers."""
    curve = view.run.curve(500)
    if not len(curve["step"]):
        return "nothing is trained yet."
    worst = int(np.argmax(curve["grad_norm_max"]))
    return (
        f"the loss and the gradient of all {view.last:,} step{plural(view.last)} so far are finite. The largest "
        f"gradient norm was {number(curve['grad_norm_max'][worst], 3)}, at step {int(curve['peak'][worst]):,}; float32 "
        "ends at 3.4 × 10³⁸."
    )


def verdict(cause: Cause) -> str:
    """The cause in words, with its numbers."""
    words = cause.words[0].upper() + cause.words[1:]
    if cause.weight is not None:
        place, count = ", ".join(map(str, cause.weight.first)), cause.weight.count
        many = f"{count} entries, the first at [{place}], are" if count > 1 else f"Entry [{place}] is"
        return (
            f"The weight {cause.words} was broken before the step. {many} NaN or infinite: the update before made "
            f"it so, or a hand did. The first to use it: {cause.weight.user}."
        )
    if cause.gradient is not None:
        return (
            f"Every value and every gradient is finite, and {cause.words} is not: the squares of its entries are "
            f"too large to add up. The largest entry, {largest(cause.gradient)}, is in "
            f"`{tensor_name(cause.gradient.name)}`."
        )
    if cause.fault is None:
        return "Taken again here, the step comes out finite: the run met this on another machine or device."
    before = "Forward every value is finite. " if cause.kind == "backward" else ""
    return f"{before}**{words} {happened(cause.fault)}.** {because(cause.fault)}"


def happened(fault: Fault) -> str:
    """What the operation did."""
    return "gave NaN" if fault.output.nan and fault.exact is None else "overflowed"


def because(fault: Fault) -> str:
    """How large what went in was, and what would have come out."""
    inputs = {operand.name: operand for operand in fault.inputs}
    reach = ", ".join(f"{name} {largest(one)}" for name, one in inputs.items() if one.largest and name != "mask")
    words = f"Largest going in: {reach}." if reach else ""
    if fault.operation == "native_layer_norm":
        size = abs(inputs["inputs"].largest[0][1])
        if size**2 > MOST / 100:
            squared = f"({number(size, 2)})² = {number(size * size, 2)}"
            words += f" Its variance needs squares, and {squared} is too large for float32."
    elif fault.exact is not None:
        what = "the largest |q · k|" if {"queries", "keys"} <= set(inputs) else "the largest result"
        words += f" In float64 {what} is **{number(fault.exact, 3)}**; float32 ends at 3.4 × 10³⁸."
        if fault.exact < MOST:
            words += " The result would fit: what is added up on the way does not, and cancels in the end."
    return words


def largest(operand: Operand) -> str:
    """The largest size of a tensor."""
    return number(abs(operand.largest[0][1]), 3) if operand.largest else "none"


def operands(fault: Fault) -> str:
    """What went in and what came out, a row each."""
    head = ("", "shape", "smallest", "largest", "NaN", "+∞", "−∞", "the largest entries")
    return table(head, [row_of(operand) for operand in (*fault.inputs, fault.output)], len(fault.inputs))


def row_of(operand: Operand) -> list[str]:
    """A tensor's row."""
    entries = "; ".join(f"[{', '.join(map(str, place))}] {number(value, 3)}" for place, value in operand.largest)
    low, high = ("—" if end is None else number(end, 3) for end in (operand.low, operand.high))
    shares = ["" if share == 0 else percent(share, 1) for share in (operand.nan, operand.plus, operand.minus)]
    return [operand.name, " × ".join(map(str, operand.shape)), low, high, *shares, entries]


def longer(answer: Autopsy) -> None:
    """More of the way."""
    st.markdown("**More of the way there**")
    st.html(way(answer, MORE))


def way(answer: Autopsy, shown: int) -> str:
    """The last taps up to the failing one, with what they held at the earlier step."""
    cause = answer.cause
    head = ("", f"at step {answer.earlier:,}", f"at step {cause.index:,}", "times", "not finite")
    rows = []
    for held in cause.trail[-shown:]:
        then = answer.then.get(held.tap)
        times = f"× {number(held.largest / then, 2)}" if then and held.largest else ""
        wrong = percent(held.wrong, 1) if held.wrong else ""
        now = number(held.largest, 3) if held.wrong < 1 else "none is finite"
        rows.append([held.words, "—" if then is None else number(then, 3), now, times, wrong])
    return table(head, rows, len(rows) - 1 if cause.kind == "forward" else None)


def growth(answer: Autopsy) -> str:
    """Where sizes grew most since the earlier step."""
    then = answer.then
    grown = [
        (held.largest / then[held.tap], held) for held in answer.cause.trail if then.get(held.tap) and held.wrong == 0
    ]
    if not grown:
        return "nothing on this way was finite long enough to compare."
    most, held = max(grown, key=lambda pair: pair[0])
    return (
        f"since step {answer.earlier:,} {held.words} grew most: from {number(then[held.tap], 3)} to "
        f"{number(held.largest, 3)}, {number(most, 2)} times."
    )


def rewind(view: View, step: int) -> None:
    """The offer: some steps back, at half the learning rate, as a run of its own."""
    lr = view.run.config_at(step).optimizer.lr / 2
    back = f"Rewind {view.last - step:,} step{plural(view.last - step)}" if step else "Rewind to step 0"
    with st.container(horizontal=True, vertical_alignment="center", key="autopsy-way-back"):
        st.button(
            f"{back} and halve the learning rate",
            key="autopsy-rewind",
            icon=":material/fork_right:",
            type="primary",
            on_click=resume,
            args=(view.run, step, lr),
        )
        st.caption(f"A branch at step {step:,} with a learning rate of {lr:g}; this run stays as it is, under Runs.")


def resume(run: Run, step: int, lr: float) -> None:
    """Branches there, and lets the branch train."""
    branching.begin(run, step, {"optimizer.lr": lr}, [branching.PLAY])
