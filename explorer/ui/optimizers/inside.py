"""Inside: what a contender's optimizer keeps, how large its steps are, one weight's formula, and its schedule."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.charts import inside as charts
from explorer.measure.updates import number
from explorer.runs.answer import Answer
from explorer.ui import picture
from explorer.ui.frame import cards
from explorer.ui.gradients import weight
from explorer.ui.optimizers import racing, scheduling
from explorer.ui.view import View

EVERY = 2.0  # seconds between two looks at a run that trains
QUANTILES, LOW, HIGH = 5, -16.0, 4.0  # as explorer/runs/views/optimizer_state.py measures
COMPUTED = (
    "**Kept:** every number of the optimizer’s state as the run’s checkpoints hold it, by its size. m is the running "
    "average of the gradient, v that of its square, Σg² the sum of squares so far, b the running sum of gradients. "
    "Numbers that are 0 have no place on a log axis and are left out.\n\n"
    r"**Effective step size:** what a gradient, or its average $\hat m$, is multiplied by in the next step, at a run’s "
    r"end in the last: $\eta / (\sqrt{\hat v} + \epsilon)$ with $\hat v = v / (1 - \beta_2^t)$ for Adam and AdamW "
    r"(Kingma & Ba 2015), $v$ for RMSprop and $\sum g^2$ for Adagrad in its place; $\eta$ alone for SGD, momentum and "
    "Nesterov. Muon steps whole matrices, so there it is told for the rest alone."
)


def show(view: View) -> None:
    """The contender looked at, and the part that is chosen."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        racing.look_at(view, "inside")
        name = st.segmented_control(
            "Part", list(PARTS), default="What it keeps", key="optimizer-part", required=True, persist_state="session"
        )
    PARTS[name](view)


def kept(view: View) -> None:
    """The optimizer's state over time and now, and the size of its steps."""
    answer = view.picture("optimizer_state.spread", EVERY, lane="slow", doing="reading {of} snapshots")
    if answer is not None:
        states(view, answer)
    steps = view.picture("optimizer_state.effective", EVERY)
    with cards("effective", 1)[0]:
        if steps is not None:
            plain, arrays = steps
            names = plain["names"]
            if names and plain["lr"] > 0:
                frame = charts.steps_frame(names, arrays["sizes"])
                picture.show(charts.steps, frame, "effective", tensors=len(names))
            picture.look_for("effective", effective_sentence(steps))
    picture.computed(COMPUTED, title="How state and step sizes are measured")


def states(view: View, answer: Answer) -> None:
    """A panel for each thing that is kept, and its histogram at the step."""
    plain, arrays = answer
    pairs = list(zip(plain["keys"], plain["symbols"], strict=True))
    if not pairs:
        st.info(
            "This optimizer keeps nothing yet: plain SGD never does, the others from their first step on.",
            icon=":material/inbox:",
        )
        return
    places = cards("kept", *[1] * (len(pairs) + 1))
    for place, (key, symbol) in zip(places, pairs, strict=False):
        with place:
            drawn = charts.parts(arrays["steps"], arrays[f"{key}:quantiles"], view.cursor)
            picture.curves(charts.panel(symbol), drawn, f"kept-{key}")
    with places[-1]:
        shares = {symbol: arrays[f"{key}:histogram"] for key, symbol in pairs}
        bins = np.linspace(LOW, HIGH, len(next(iter(shares.values()))) + 1)
        picture.show(charts.histogram, charts.histogram_frame(bins, shares), "kept-now")
    picture.look_for("kept", kept_sentence(answer))


def kept_sentence(answer: Answer) -> str:
    """How the median of each moved from the first snapshot that has any to the last."""
    plain, arrays = answer
    told = []
    for key, symbol in zip(plain["keys"], plain["symbols"], strict=True):
        middle = arrays[f"{key}:quantiles"][:, QUANTILES // 2]
        known = middle[middle == middle]
        told.append(f"half of {symbol} is below {number(known[-1], 3)}, after {number(known[0], 3)} at first")
    return f"{'; '.join(told)} (steps {arrays['steps'][0]} to {arrays['steps'][-1]})."


def effective_sentence(answer: Answer) -> str:
    """How far apart the tensors' medians are."""
    plain, arrays = answer
    whole = f" Muon steps {len(plain['whole'])} matrices as wholes." if plain["whole"] else ""
    if not len(arrays["sizes"]):
        return f"no tensor has a step size of its own.{whole}"
    if plain["lr"] == 0:
        return "the learning rate is 0 here, so nothing is moved at all."
    middle = arrays["sizes"][:, QUANTILES // 2]
    least, most = int(middle.argmin()), int(middle.argmax())
    if middle[least] == middle[most]:
        return f"every gradient is multiplied by the same {number(plain['lr'], 3)}: nothing is adapted.{whole}"
    names = plain["names"]
    return (
        f"at the learning rate {number(plain['lr'], 3)} the median factor goes from {number(middle[least], 3)} in "
        f"`{names[least]}` to {number(middle[most], 3)} in `{names[most]}`: {number(middle[most] / middle[least], 2)} "
        f"times as much.{whole}"
    )


PARTS = {"What it keeps": kept, "One weight’s formula": weight.show, "Schedule": scheduling.show}
