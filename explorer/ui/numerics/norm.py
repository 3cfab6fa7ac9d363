"""LayerNorm's ε: what it saves where a vector hardly varies, and what it costs."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.answers.records.numerics import Norm
from explorer.charts import numerics as charts
from explorer.measure.names import listed, number
from explorer.ui import picture
from explorer.ui.asking import at_once
from explorer.ui.frame import cards
from explorer.ui.numerics.answers import FORMATS
from explorer.ui.view import View

SPREADS = [10.0**-power for power in range(13)]
MEANS = [0.0, 1.0, 10.0, 100.0]
COMPUTED = (
    r"$y = (x - \mu) / \sqrt{\sigma^2 + \varepsilon}$ with $\mu$ and $\sigma^2$ over the channels (Ba et al. 2016, "
    "§3), without gain and bias. The vector is mean + standard deviation × eight fixed numbers of mean 0 and variance "
    "1, made in float64 and rounded to the format; each operation is torch’s own in that format. A constant vector "
    "gives 0/0 where ε is 0 or rounds to 0. The models here use ε = 1e-5 in float32; on GPUs torch’s autocast too "
    "leaves this layer in float32."
)


def show(view: View | None) -> None:
    """One vector in sixteen ways; in the fold the output's spread over that of the input."""
    del view  # the vector is the visitor's, with or without a run
    with cards("norm", 1)[0]:
        with st.container(horizontal=True):
            spread = st.select_slider(
                "Standard deviation of the vector",
                SPREADS,
                value=1e-4,
                format_func=lambda s: f"{s:.0e}",
                key="norm-spread",
                bind="query-params",
            )
            mean = st.segmented_control(
                "Its mean",
                MEANS,
                default=0.0,
                required=True,
                format_func=lambda m: f"{m:g}",
                key="norm-mean",
                bind="query-params",
            )
        answer = at_once(Norm, spread=spread, mean=mean)
        rows = [f"{name} · ε = {epsilon_name(epsilon)}" for name, epsilon in answer.rows]
        columns = [str(i + 1) for i in range(len(answer.x))]
        picture.show(charts.normalised, charts.cells_frame(rows, columns, answer.out), "norm")
        picture.look_for("norm", norm_sentence(answer))
    picture.details(lambda: small_spreads(answer, spread))
    picture.computed(COMPUTED)


def small_spreads(answer: Norm, spread: float) -> None:
    """The output's spread over that of the input, in one format."""
    with cards("spreads", 1)[0]:
        name = st.segmented_control(
            "Computed in",
            ["float64", *FORMATS],
            default="float32",
            required=True,
            key="norm-format",
            bind="query-params",
        )
        lines = [
            charts.line(answer.spreads, deviations, f"ε = {epsilon_name(epsilon)}")
            for (format_, epsilon), deviations in zip(answer.rows, answer.deviations, strict=True)
            if format_ == name
        ]
        picture.show(charts.deviation, charts.lines_frame(*lines, here=spread), "deviation")
        picture.look_for("deviation", deviation_sentence(name, answer))


def epsilon_name(epsilon: float) -> str:
    """As the legend writes it."""
    return "0" if epsilon == 0 else f"{epsilon:.0e}".replace("e-0", "e-")


def norm_sentence(answer: Norm) -> str:
    """Which of the sixteen are no numbers, which are silent, and what the usual ε leaves."""
    rows, out = [(name, epsilon_name(epsilon)) for name, epsilon in answer.rows], answer.out
    wrong = [f"{name} with ε = {e}" for (name, e), y in zip(rows, out, strict=True) if not np.isfinite(y).all()]
    silent = [f"{name} with ε = {e}" for (name, e), y in zip(rows, out, strict=True) if not y.any()]
    usual = {name: y.std() for (name, e), y in zip(rows, out, strict=True) if e == "1e-5" and np.isfinite(y).all()}
    sentences = [f"not finite: {listed(wrong)}"] if wrong else ["all sixteen are finite"]
    if silent:
        sentences.append(f"all 0: {listed(silent)}")
    if "float64" in usual:
        sentences.append(
            f"with the usual ε = 1e-5 the exact output has a standard deviation of {number(usual['float64'])}"
        )
    return "; ".join(sentences) + "."


def deviation_sentence(name: str, answer: Norm) -> str:
    """From which spread on each ε lets the output be of size 1, give or take a tenth."""
    sentences = []
    for (format_, epsilon), deviations in zip(answer.rows, answer.deviations, strict=True):
        if format_ == name:
            good = np.abs(deviations - 1) < 0.1
            whole = good[::-1].cumprod()[::-1].astype(bool)  # from there on all the way to 1
            words = f"{number(answer.spreads[int(np.argmax(whole))])}" if whole.any() else "no spread"
            sentences.append(f"{words} (ε = {epsilon_name(epsilon)})")
    return (
        f"in {name} the output keeps a standard deviation within a tenth of 1 down to a spread of {sentences[0]}, or "
        f"{sentences[-1]}."
    )
