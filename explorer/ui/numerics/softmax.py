"""Softmax, log-sum-exp and cross-entropy of logits that grow, as formulas say and as libraries compute them."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from explorer.charts import numerics as charts
from explorer.ui import picture
from explorer.ui.frame import cards
from explorer.ui.numerics.answers import FORMATS, listed, seen, source, table
from explorer.ui.tokens import escaped, shown_token
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
    """The probabilities over the whole width; below, the error over all scales and the logarithms."""
    with cards("softmax", 1)[0]:
        scale = st.select_slider(
            "Logits ×", SCALES, value=20, format_func=lambda s: f"× {s}", key="softmax-scale", persist_state="session"
        )
        answer = seen(view, "softmax", scale=float(scale))
        if answer is None:
            return
        plain, arrays = answer
        where = "" if plain["position"] is None else f" · what follows position {plain['position']} of the probe"
        some = f" · {len(plain['tokens'])} of {plain['vocabulary']} tokens" * (
            len(plain["tokens"]) < plain["vocabulary"]
        )
        st.caption(f"{source(view, plain['step'])}{where}{some}")
        rows = ["float64 · exact", *(f"{name} · {NAMES[way]}" for name, way in plain["rows"][1:])]
        columns = [shown_token(token) for token in plain["tokens"]]
        picture.show(charts.probabilities, charts.cells_frame(rows, columns, arrays["probabilities"]), "softmax")
        picture.look_for("softmax", softmax_sentence(scale, plain, arrays["errors"]))
    left, right = cards("scores", 1, 1)
    with left:
        lines = [
            charts.line(arrays["scales"], errors, name, way, floor=charts.FLOOR)
            for (name, way), errors in zip(plain["rows"][1:], arrays["worst"], strict=True)
        ]
        picture.show(charts.softmax_error, charts.lines_frame(*lines, here=scale), "softmax-error")
        picture.look_for("softmax-error", failing_sentence(plain["rows"][1:], arrays["scales"], arrays["worst"]))
    with right:
        st.markdown(f"**Log-sum-exp and cross-entropy** in nats · target “{escaped(plain['target'])}”")
        exact = plain["logarithms"][0]
        head = ["", "log-sum-exp", "error", "cross-entropy", "error"]
        table(head, [[row, *numbers(found, exact)] for row, found in zip(rows, plain["logarithms"], strict=True)])
        picture.look_for("logarithms", logarithm_sentence(plain["logarithms"]))
    picture.computed(COMPUTED)


def numbers(found: dict[str, Any], exact: dict[str, Any]) -> list[float]:
    """A row of the table: each logarithm and how far it is off."""
    return [
        number for name in ("log_sum_exp", "cross_entropy") for number in (found[name], abs(found[name] - exact[name]))
    ]


def softmax_sentence(scale: float, plain: dict[str, Any], errors: np.ndarray) -> str:
    """Which of the ways fail at this scale, and how far off the others are."""
    if not np.isfinite(plain["largest"]):
        return "the logits of this run are not finite any more."
    rows = plain["rows"][1:]
    good = np.isfinite(errors)
    worst = max(np.flatnonzero(good), key=lambda i: errors[i], default=None)
    name, way = ("", "") if worst is None else rows[worst]
    rest = "" if worst is None else f"the largest error is {charts.told(errors[worst])} ({name}, {NAMES[way]})"
    if good.all():
        return f"at × {scale} all six are finite; {rest}."
    failed = [name for (name, way), fine in zip(rows, good, strict=True) if way == "plain" and not fine]
    why = f"e^{plain['largest']:.3g} is infinite there" if plain["largest"] > 0 else "every exponential is 0 there"
    both = [name for (name, way), fine in zip(rows, good, strict=True) if way == "stable" and not fine]
    beyond = f" Subtracting does not help in {listed(both)}: the logits themselves are infinite." if both else ""
    return f"at × {scale} plain softmax is no number in {listed(failed)}: {why}. Of the others {rest}.{beyond}"


def failing_sentence(rows: list, scales: np.ndarray, worst: np.ndarray) -> str:
    """From which scale on each format's plain softmax fails."""
    found = []
    for (name, way), errors in zip(rows, worst, strict=True):
        if way == "plain" and not np.isfinite(errors).all():
            found.append(f"× {scales[int(np.argmin(np.isfinite(errors)))]:.3g} in {name}")
    finite = [name for (name, way), e in zip(rows, worst, strict=True) if way == "stable" and np.isfinite(e).all()]
    kept = f"with the maximum subtracted {listed(finite)} stay finite all the way" if finite else ""
    failed = f"plain softmax is no number from about {listed(found)} on" if found else "plain softmax never fails here"
    return "; ".join(filter(None, [failed, kept])) + ". Crosses at the top mark NaN."


def logarithm_sentence(found: list[dict[str, Any]]) -> str:
    """Which plain logarithms are infinite or NaN, and how far the stable ones are off."""
    exact = found[0]
    broken = [
        f"{words} in {listed(names)}"
        for key, words in (("log_sum_exp", "log-sum-exp"), ("cross_entropy", "cross-entropy"))
        if (names := [f["format"] for f in found[1:] if f["way"] == "plain" and not np.isfinite(f[key])])
    ]
    off = {
        f["format"]: abs(f["cross_entropy"] - exact["cross_entropy"])
        for f in found[1:]
        if f["way"] == "stable" and np.isfinite(f["cross_entropy"])
    }
    plain = f"not finite as the formula says: {'; '.join(broken)}" if broken else "all are finite"
    stable = ", ".join(f"{charts.told(off[name])} in {name}" for name in FORMATS if name in off)
    return f"{plain}; the stable cross-entropy is off by {stable}." if stable else f"{plain}."
