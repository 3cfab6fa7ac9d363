"""Diagnosis: what is wrong with this training, by which evidence; and for a run that fails on purpose its cure."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from explorer.answers.records.diagnosis import Diagnosis
from explorer.config.presets import Broken, broken_of
from explorer.config.run import to_word
from explorer.measure.names import fixed, plural, tensor_name
from explorer.ui import branching, chosen, picture, refusals, sitemap, visit
from explorer.ui.frame import cards
from explorer.ui.view import View

EVERY = 2.0  # seconds: it compares gradients, which takes as long as a dozen steps
NEARBY = 20  # steps whose mean loss is shown
FORMULAS = (
    "Rules, each a threshold that the ordinary presets stay away from at every stage of training, with five seeds. On "
    "what was **recorded** in the 50 steps before the one looked at: *vanishing* and *exploding* by ‖∂L/∂θ‖ of whole "
    "layers and of the whole model before clipping; *update ratio* by the true ‖Δθ‖/‖θ‖ of each matrix; *clipped* by "
    "what clipping leaves of the gradient; *sure of itself* by the first loss against ln V. On **16 probe examples**: "
    "*stuck units* by the slope of the activation at each hidden value, *saturated attention* by the largest number of "
    "each row of attention, *looks ahead* by what rows put on later positions, *fades* and *grows through time* by the "
    "mean gradient over distance, as Memory shows it, in an encoder-decoder that of the encoder’s states. On the "
    "**next 16 training batches**, "
    "while the loss is over half of ln V: *noise* by the mean cosine between their gradients at these weights.\n\n"
    "Gradients that vanish or explode: Bengio, Simard & Frasconi 1994; Pascanu, Mikolov & Bengio 2013. Why post-norm "
    "needs its warm-up: Xiong et al. 2020. The softmax and 1/√d: Vaswani et al. 2017, §3.2.1. What attention becomes "
    "without residual connections: Dong, Cordonnier & Loukas 2021."
)


def show(view: View) -> None:
    """What the rules say, and under it the cure where this run fails on purpose."""
    broken = broken_of(view.run.config)
    places = cards("diagnosis", 3, 2) if broken is not None else cards("diagnosis", 1)
    with places[0]:
        findings(view)
    if broken is not None:
        with places[1]:
            cure(view, broken)
    picture.computed(FORMULAS, title="How this is diagnosed")


def findings(view: View) -> None:
    """One paragraph for each rule that fired, or how calm it is."""
    title = st.empty()
    title.markdown("**Diagnosis**")
    answer = view.picture(Diagnosis, EVERY, lane="slow")
    if answer is None:
        return
    title.markdown(f"**Diagnosis** · step {answer.step:,}")
    for finding in answer.findings:
        evidence = " · ".join(f"`{tensor_name(name)}`" for name in finding.evidence)
        st.markdown(f":material/error: **{finding.rule.capitalize()}**: {finding.sentence}")
        st.caption(f"Evidence: {evidence}  \nFires at {finding.threshold}")
        if finding.rule.endswith("through time"):
            st.page_link(sitemap.page("memory"), label="See it on Memory", icon=":material/history:")
    if not answer.findings:
        st.markdown(f":material/check_circle: {answer.calm}")


def cure(view: View, broken: Broken) -> None:
    """What the run fails by, and a button that makes it learn; afterwards what the cure did."""
    now = view.run.config_at(view.last)
    left = {path: value for path, value in broken.cure.items() if now.get(path) != value}
    st.markdown(f"**Broken on purpose** · {broken.title}")
    st.markdown(f"{broken.description} Look at {broken.look_at}.")
    if not left:
        st.markdown(f":material/healing: {cured(view, broken)}")
        return
    words = ", ".join(f"`{path}` `{to_word(now.get(path))}` → `{to_word(value)}`" for path, value in left.items())
    st.markdown(f"**The cure:** {words}.")
    if broken.anew is None:
        st.button(
            "Cure it from here on",
            key="cure-branch",
            type="primary",
            icon=":material/fork_right:",
            on_click=go_on,
            args=(view, left),
        )
        st.caption("A branch: the same weights go on with the fix. What came before stays on its scrubber.")
    st.button(
        "Start again, cured",
        key="cure-again",
        type="secondary" if broken.anew is None else "primary",
        icon=":material/restart_alt:",
        on_click=start_again,
        args=(view, left),
    )
    st.caption(
        "A new run from step 0 with the same seed and the fix."
        if broken.anew is None
        else f"A new run from step 0 with the same seed and the fix. These weights cannot go on: {broken.anew}."
    )


def go_on(view: View, changes: dict[str, Any]) -> None:
    """Branches at the step looked at, with the fix, and trains on."""
    branching.begin(view.run, view.step, changes, [branching.PLAY])


def start_again(view: View, changes: dict[str, Any]) -> None:
    """A new run with the fix; a refusal is shown on the page."""
    try:
        chosen.begin(view.run.config.replace(changes))
    except ValueError as error:
        refusals.keep(str(error))
    visit.state().rerun = True


def cured(view: View, broken: Broken) -> str:
    """What the fix did, in a sentence."""
    step = next((e.step for e in view.run.events if e.kind == "set" and set(e.detail) & set(broken.cure)), 0)
    now = mean_loss(view, max(step, view.last - NEARBY), view.last)
    if now is None:
        return f"Cured at step {step:,}; the loss follows with the next steps."
    if step == 0:
        return f"Cured from the first step: the loss of the last steps is {fixed(now, 3)} at step {view.last:,}."
    before = mean_loss(view, step - NEARBY, step)
    was = "" if before is None else f" It was {fixed(before, 3)} over the {NEARBY:,} steps before."
    return (
        f"Cured at step {step:,}: {view.last - step:,} step{plural(view.last - step)} later the loss is "
        f"{fixed(now, 3)}.{was}"
    )


def mean_loss(view: View, start: int, end: int) -> float | None:
    """Mean training loss of the recorded steps from start to before end; None where there are none."""
    rows = [view.run.step_row(step) for step in range(max(0, start), end)]
    losses = [row["loss"] for row in rows if row is not None]
    return float(np.mean(losses)) if losses else None
