"""Softmax, log-sum-exp and cross-entropy of logits that grow, as formulas say and as libraries compute them."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.answers.records.numerics import Logarithms, Softmax
from explorer.charts import numerics as charts
from explorer.measure.names import listed, number
from explorer.ui import picture
from explorer.ui.frame import cards
from explorer.ui.numerics.answers import FORMATS, seen, source
from explorer.ui.parts.tables import table
from explorer.ui.parts.tokens import escaped, shown_token
from explorer.ui.view import View

SCALES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
NAMES = {"plain": "plain", "stable": "max subtracted"}
COMPUTED = (
    r"**Plain**: $p_i = e^{x_i} / \sum_j e^{x_j}$, $\log\sum_j e^{x_j}$ and $-\log p_y$. **Max subtracted**, with "
    r"$m = \max_j x_j$: $p_i = e^{x_i - m} / \sum_j e^{x_j - m}$, $m + \log\sum_j e^{x_j - m}$ and "
    r"$\log\sum_j e^{x_j} - x_y$ (Goodfellow et al. 2016, §4.1; Blanchard et al. 2021, “Accurately computing the "
    "log-sum-exp and softmax functions”). Equal in exact arithmetic. The logits are scaled in float64 and rounded to "
    "the format; then every operation is torch’s own in that format (a sum keeps float32 inside and rounds its "
    "result). Errors are against float64. The model itself always subtracts the maximum."
)


def show(view: View | None) -> None:
    """The probabilities over the whole width; in the fold the error over all scales and the logarithms."""
    with cards("softmax", 1)[0]:
        scale = st.select_slider(
            "Logits ×", SCALES, value=20, format_func=lambda s: f"× {s}", key="softmax-scale", bind="query-params"
        )
        answer = seen(view, Softmax, scale=float(scale))
        if answer is None:
            return
        where = "" if answer.position is None else f" · what follows position {answer.position} of the probe"
        some = f" · {len(answer.tokens):,} of {answer.vocabulary:,} tokens" * (len(answer.tokens) < answer.vocabulary)
        st.caption(f"{source(view, answer.step)}{where}{some}")
        rows = ["float64 · exact", *(f"{name} · {NAMES[way]}" for name, way in answer.rows[1:])]
        columns = [shown_token(token) for token in answer.tokens]
        picture.show(charts.probabilities, charts.cells_frame(rows, columns, answer.probabilities), "softmax")
        picture.look_for("softmax", softmax_sentence(scale, answer))
    picture.details(lambda: more(answer, scale, rows))
    picture.computed(COMPUTED)


def more(answer: Softmax, scale: float, rows: list[str]) -> None:
    """The error over all scales, and the logarithms."""
    left, right = cards("scores", 1, 1)
    with left:
        lines = [
            charts.line(answer.scales, errors, name, way, floor=charts.FLOOR)
            for (name, way), errors in zip(answer.rows[1:], answer.worst, strict=True)
        ]
        picture.show(charts.softmax_error, charts.lines_frame(*lines, here=scale), "softmax-error")
        picture.look_for("softmax-error", failing_sentence(answer))
    with right:
        st.markdown(f"**Log-sum-exp and cross-entropy** in nats · target “{escaped(answer.target)}”")
        exact = answer.logarithms[0]
        head = ["", "log-sum-exp", "error", "cross-entropy", "error"]
        st.html(table(head, [[row, *numbers(one, exact)] for row, one in zip(rows, answer.logarithms, strict=True)]))
        picture.look_for("logarithms", logarithm_sentence(answer.logarithms))


def numbers(one: Logarithms, exact: Logarithms) -> list[float]:
    """A row of the table: each logarithm and how far it is off."""
    pairs = ((one.log_sum_exp, exact.log_sum_exp), (one.cross_entropy, exact.cross_entropy))
    return [value for mine, right in pairs for value in (mine, abs(mine - right))]


def softmax_sentence(scale: float, answer: Softmax) -> str:
    """Which of the ways fail at this scale, and how far off the others are."""
    if not np.isfinite(answer.largest):
        return "the logits of this run are not finite any more."
    rows, errors = answer.rows[1:], answer.errors
    good = np.isfinite(errors)
    worst = max(np.flatnonzero(good), key=lambda i: errors[i], default=None)
    name, way = ("", "") if worst is None else rows[worst]
    rest = "" if worst is None else f"the largest error is {number(errors[worst])} ({name}, {NAMES[way]})"
    if good.all():
        return f"at × {scale} all six are finite; {rest}."
    failed = [name for (name, way), fine in zip(rows, good, strict=True) if way == "plain" and not fine]
    why = f"e^{number(answer.largest)} is infinite there" if answer.largest > 0 else "every exponential is 0 there"
    both = [name for (name, way), fine in zip(rows, good, strict=True) if way == "stable" and not fine]
    beyond = f" Subtracting does not help in {listed(both)}: the logits themselves are infinite." if both else ""
    return f"plain softmax is no number in {listed(failed)}: {why}. Of the others {rest}.{beyond}"


def failing_sentence(answer: Softmax) -> str:
    """From which scale on each format's plain softmax fails."""
    failing, rows = [], list(zip(answer.rows[1:], answer.worst, strict=True))
    for (name, way), errors in rows:
        if way == "plain" and not np.isfinite(errors).all():
            failing.append(f"× {number(answer.scales[int(np.argmin(np.isfinite(errors)))])} in {name}")
    finite = [name for (name, way), e in rows if way == "stable" and np.isfinite(e).all()]
    kept = f"with the maximum subtracted {listed(finite)} stay finite all the way" if finite else ""
    failed = (
        f"plain softmax is no number from about {listed(failing)} on" if failing else "plain softmax never fails here"
    )
    return "; ".join(filter(None, [failed, kept])) + ". Crosses at the top mark NaN."


def logarithm_sentence(rows: list[Logarithms]) -> str:
    """Which plain logarithms are infinite or NaN, and how far the stable ones are off."""
    exact, *rest = rows
    broken = [
        f"{words} in {listed(names)}"
        for key, words in (("log_sum_exp", "log-sum-exp"), ("cross_entropy", "cross-entropy"))
        if (names := [one.format for one in rest if one.way == "plain" and not np.isfinite(getattr(one, key))])
    ]
    off = {
        one.format: abs(one.cross_entropy - exact.cross_entropy)
        for one in rest
        if one.way == "stable" and np.isfinite(one.cross_entropy)
    }
    plain = f"not finite as the formula says: {'; '.join(broken)}" if broken else "all are finite"
    stable = ", ".join(f"{number(off[name])} in {name}" for name in FORMATS if name in off)
    return f"{plain}; the stable cross-entropy is off by {stable}." if stable else f"{plain}."
