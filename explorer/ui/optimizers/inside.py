"""Inside: what a contender's optimizer keeps, how large its steps are, one weight's formula, and its schedule."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.answers.records.optimizer_state import OptimizerState, StepSizes
from explorer.charts import optimizer_state as charts
from explorer.config.optimizers import OPTIMIZERS, UpdateRule
from explorer.measure.names import finite, lost, number, plural, tensor_name
from explorer.ui import picture
from explorer.ui.frame import cards
from explorer.ui.optimizers import scheduling
from explorer.ui.parts import lanes, weight
from explorer.ui.sections import own_place
from explorer.ui.view import View

EVERY = 2.0  # seconds between two looks at a run that trains
QUANTILES, LOW, HIGH = 5, -16.0, 4.0  # as explorer/answers/optimizer_state.py measures
KEPT = (
    "**Kept:** every number of the optimizer’s state as the run’s checkpoints hold it, by its size. Numbers that are 0 "
    "have no place on a log axis and are left out."
)
FACTOR = (
    "**Effective step size:** what a gradient, or its running average, is multiplied by in the next step, at a run’s "
    "end in the last."
)


def show(view: View) -> None:
    """The contender looked at, and the part that is chosen."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        lanes.look_at(view, "inside")
        name = st.segmented_control(
            "Part",
            list(PARTS),
            default="What it keeps",
            key="optimizer-part",
            required=True,
            bind="query-params",
            label_visibility="collapsed",
        )
    with own_place("part", list(PARTS), name):
        PARTS[name](view)


def kept(view: View) -> None:
    """The optimizer's state over time and now, and the size of its steps."""
    answer = view.picture(OptimizerState, EVERY, lane="slow", doing="reading {of} snapshots")
    if answer is not None:
        states(view, answer)
    picture.details(lambda: effective(view))
    name = view.run.config.optimizer.name
    picture.computed(computed(OPTIMIZERS[name]), title="How state and step sizes are measured")


def effective(view: View) -> None:
    """The size of the steps of each tensor."""
    steps = view.picture(StepSizes, EVERY)
    with cards("effective", 1)[0]:
        if steps is not None:
            names = [tensor_name(name) for name in steps.names]
            if names and steps.lr > 0:
                frame = charts.steps_frame(names, steps.sizes)
                picture.show(charts.steps, frame, "effective", tensors=len(names))
            picture.look_for("effective", effective_sentence(steps))


def computed(rule: UpdateRule) -> str:
    """What this optimizer keeps and divides by, as its record says it."""
    lines = [KEPT, *(f"- {kept.symbol}: {kept.formula}" for kept in rule.all_kept), "", FACTOR, *factors(rule)]
    return "\n".join([*lines, f"\nSource: {rule.source}."])


def factors(rule: UpdateRule) -> list[str]:
    """The factor of each number, of the optimizer and of its rest."""
    if rule.divisor is None:
        words = f"- {rule.title}: it steps whole matrices, and no number of them has a factor of its own"
    else:
        words = f"- {rule.title}: η / d with d = {rule.divisor.formula}" if rule.divides else f"- {rule.title}: η alone"
    return [words] + ([] if rule.rest is None else factors(OPTIMIZERS[rule.rest]))


def states(view: View, answer: OptimizerState) -> None:
    """A panel for each thing that is kept, and its histogram at the step."""
    if not answer.kept:
        st.info(
            "This optimizer keeps nothing yet: plain SGD never does, the others from their first step on.",
            icon=":material/inbox:",
        )
        return
    places = cards("kept", *[1] * (len(answer.kept) + 1))
    for place, numbers in zip(places, answer.kept, strict=False):
        with place:
            parts = charts.parts(answer.steps, numbers.quantiles, view.cursor)
            picture.curves(charts.panel(numbers.symbol), parts, f"kept-{numbers.key}")
    with places[-1]:
        shares = {numbers.symbol: numbers.histogram for numbers in answer.kept}
        bins = np.linspace(LOW, HIGH, len(next(iter(shares.values()))) + 1)
        picture.show(charts.histogram, charts.histogram_frame(bins, shares), "kept-now")
    picture.look_for("kept", kept_sentence(answer))


def kept_sentence(answer: OptimizerState) -> str:
    """How the median of each moved from the first snapshot that has any to the last."""
    words = []
    for numbers in answer.kept:
        symbol, middle = numbers.symbol, numbers.quantiles[:, QUANTILES // 2]
        defined = middle[np.isfinite(middle)]
        if not len(defined):
            words.append(f"{symbol} is not finite any more")
            continue
        than = "less" if defined[-1] < defined[0] else "more"
        words.append(f"half of {symbol} is below {number(defined[-1], 3)}, {than} than at first")
    return f"{'; '.join(words)}."


def effective_sentence(answer: StepSizes) -> str:
    """How far apart the tensors' medians are."""
    whole = (
        f" {len(answer.whole)} tensor{plural(len(answer.whole))} {'is' if len(answer.whole) == 1 else 'are'} "
        "stepped whole."
        if answer.whole
        else ""
    )
    if answer.waiting:
        return "nothing is divided yet: what the optimizer divides by begins with its first step."
    if not len(answer.sizes):
        return f"no tensor has a step size of its own.{whole}"
    if answer.lr == 0:
        return "the learning rate is 0 here, so nothing is moved at all."
    middle = answer.sizes[:, QUANTILES // 2]
    if not finite(middle) or not middle.min():
        return lost("the median factor of some tensor") if not finite(middle) else "the median factor of a tensor is 0."
    least, most = int(middle.argmin()), int(middle.argmax())
    if middle[least] == middle[most]:
        return f"every gradient is multiplied by the same {number(answer.lr, 3)}: nothing is adapted.{whole}"
    names = [tensor_name(name) for name in answer.names]
    return (
        f"at the learning rate {number(answer.lr, 3)} the median factor goes from {number(middle[least], 3)} in "
        f"`{names[least]}` to {number(middle[most], 3)} in `{names[most]}`: {number(middle[most] / middle[least], 2)} "
        f"times as much.{whole}"
    )


PARTS = {"What it keeps": kept, "One weight’s formula": weight.show, "Schedule": scheduling.show}
