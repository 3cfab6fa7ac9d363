"""Loss scaling: what float16 makes of this run's own gradient, and what a factor of 2^k saves."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.answers.records.numerics import Scaling, Sweep
from explorer.charts import fates, numerics
from explorer.measure.names import percent, plural, tensor_name
from explorer.ui import picture
from explorer.ui.frame import cards
from explorer.ui.numerics.answers import EVERY
from explorer.ui.view import View

ZERO, INFINITE = 2, 3  # places of what is flushed and of what overflows
COMPUTED = (
    r"The gradient of the mean loss on this step’s own training batch, without dropout, in the precision of the run. "
    r"Each entry is multiplied by $2^k$, which is exact, and stored in float16: $|g\,2^k| \le 2^{-25}$ becomes 0, "
    r"below $2^{-14}$ it keeps fewer bits (gradual underflow), from 65520 on it is infinite. That is what scaling the "
    r"loss by $2^k$ does to gradients that are kept in float16; before the update they are divided by $2^k$ in float32 "
    "(Micikevicius et al. 2018, §3.2). Activations’ gradients inside a float16 backward pass would be rounded too; "
    "here only the weights’ are. Shares are of entries that are not 0 in float32 already."
)


def show(view: View | None) -> None:
    """The histogram, the share lost over all scales, and each tensor."""
    assert view is not None, "the page shows it only with a run"
    left, right = cards("scaling", 1.2, 1)
    with left:
        k = st.slider("k of the loss scale 2^k", 0, 40, 0, key="loss-scale", bind="query-params")
        answer = view.picture(Scaling, EVERY, exponent=k)
        if answer is not None:
            st.caption(f"on the batch of step {answer.step:,} · × 2^{answer.exponent}")
            table = fates.histogram_frame(answer.powers, answer.histogram, answer.exponent)
            picture.show(fates.histogram, table, "scaled")
            picture.look_for("scaled", scaled_sentence(answer.exponent, answer.whole))
    with right:
        sweep = view.picture(Sweep, 4, lane="slow")
        if sweep is not None:
            st.caption(f"on the batch of step {sweep.step:,}")
            shares = sweep.shares
            powers = np.arange(len(shares), dtype=np.float64)
            lines = [numerics.line(powers, share, fate) for fate, share in zip(fates.FATES, shares.T, strict=True)]
            picture.show(fates.lost, numerics.lines_frame(*lines, here=k), "lost")
            picture.look_for("lost", sweep_sentence(shares))
    if answer is not None:
        picture.details(lambda: tensors(answer))
    picture.computed(COMPUTED)


def tensors(answer: Scaling) -> None:
    """What becomes of each tensor's gradient."""
    with cards("scaled-tensors", 1)[0]:
        table = fates.tensors_frame(answer.names, answer.shares, answer.sizes, answer.zeros)
        picture.show(fates.by_tensor, table, "scaled-tensors", tensors=len(answer.names))
        picture.look_for("scaled-tensors", tensor_sentence(answer))


def scaled_sentence(k: int, whole: np.ndarray) -> str:
    """What becomes of the gradient at this scale."""
    if not np.isfinite(whole).all():
        return "this step has no gradient that is a number other than 0."
    zero, infinite = map(percent, whole[2:])
    first = "without scaling" if k == 0 else f"scaled by 2^{k} = {2**k:,}"
    rest = "most of them with fewer bits" if whole[1] > whole[0] else "most of them with all their bits"
    return f"{first}, {zero} of the entries become 0 and {infinite} are infinite; the others are kept, {rest}."


def sweep_sentence(shares: np.ndarray) -> str:
    """The largest scale at which nothing overflows, and what it still loses."""
    if not np.isfinite(shares).all():
        return "this step has no gradient that is a number other than 0."
    fine = np.flatnonzero(shares[:, INFINITE] == 0)
    if not len(fine):
        return "some entries are infinite in float16 at every scale."
    best = int(fine[-1])
    return (
        f"no entry is infinite up to 2^{best}. There {percent(shares[best, ZERO])} are flushed to zero; without "
        f"scaling it is {percent(shares[0, ZERO])}."
    )


def tensor_sentence(answer: Scaling) -> str:
    """Which tensor loses most, and which have entries that were 0 before."""
    lost = np.nan_to_num(answer.shares[:, ZERO] + answer.shares[:, INFINITE])
    most = int(lost.argmax())
    if lost[most] == 0:
        first = f"at 2^{answer.exponent} no tensor loses an entry"
    else:
        first = (
            f"at 2^{answer.exponent} `{tensor_name(answer.names[most])}` loses most: {percent(lost[most])} of "
            "its "
            "entries become 0 or infinite"
        )
    empty = [i for i, zero in enumerate(answer.zeros) if zero]
    rest = (
        f"; {len(empty)} tensor{plural(len(empty))} {'has' if len(empty) == 1 else 'have'} entries that are 0 "
        "in float32 already, which are left out"
        if empty
        else ""
    )
    return f"{first}{rest}."
