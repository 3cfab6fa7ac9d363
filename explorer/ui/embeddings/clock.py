"""Addition on a clock: the waves that embedding, unembedding and logits are made of, and since when."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from explorer.answers.records.learning.clock import (
    EMBEDDING,
    LOGITS,
    PARTS,
    Clock,
    ClockHistory,
    ClockLosses,
    Waves,
)
from explorer.charts import clock as charts
from explorer.config.presets import ORDINARY
from explorer.config.run import RunConfig
from explorer.measure import fourier
from explorer.measure.names import lost, number, percent
from explorer.ui import cards as presets
from explorer.ui import picture
from explorer.ui.frame import cards
from explorer.ui.view import View

EVERY, SELDOM = 1.0, 6.0  # seconds between two answers while it trains, and between two curves
MEASURING = "measuring the waves at {of} snapshots"
LOSS = "Loss"  # in place of a part
COMPUTED = r"""
A model that adds modulo $p$ can turn a hand on a clock: it learns $\cos(2\pi k n/p)$ and $\sin(2\pi k n/p)$ of its
numbers $n$ for a few frequencies $k$, and the logits come out as waves of $a + b$ (Nanda et al. 2023, §3 and 4). Of
the rows of embedding and unembedding that belong to the $p$ numbers the mean is taken away; the discrete Fourier
transform over $n$ then splits what is left, and by Parseval the shares sum to 1. Of the logits, for all $p^2$ pairs,
the mean over the answers is taken away, which softmax does not see, and what is the same for all pairs; the bars are
the waves of $a + b$ among all of the variance over pairs, so they sum to the share that depends on $a + b$ alone. A
wave of frequency $p - k$ is one of $k$ backwards, and counted with it.

A **key frequency** has a larger share than any frequency has in 100 random orders of the numbers (of the logits: of
the sums); the orange lines are the first of these orders. An embedding that is as random as before the first step has
about the same in every frequency.

**Restricted loss** is that of all pairs where of the logits only the waves of $a + b$ with the logits’ key frequencies
are left, and what is the same for all pairs; **excluded loss** that of the pairs trained on where just these waves are
taken out (Nanda et al. 2023, §5.1). The key frequencies are those of the newest snapshot, at every step. What a model
knows by heart it still knows without them: in the paper excluded loss falls while pairs are learned by heart and rises
where the clock takes over, and restricted loss falls before the held-out loss does. Waves that are no key frequency
count for neither, so restricted loss may lie above the held-out one.
"""
NOT_A_CLOCK = (
    "The tokens of this run are no numbers that go round a clock, so there are no waves to look for. "
    "The preset addition sums numbers modulo 47."
)


def about(config: RunConfig) -> bool:
    """Whether a run adds numbers on a clock."""
    return hasattr(config.task, "modulus") and config.has("token embedding", "logits")


def show(view: View) -> None:
    """The bars of each part; under them the curves of one over training."""
    if not about(view.config):
        st.info(NOT_A_CLOCK)
        presets.rows_of_cards({"addition": ORDINARY["addition"]}, "Train")
        return
    answer = view.picture(Clock, EVERY, says=False)
    places = cards("clock", 1, 1, 1)
    for place, name in zip(places, PARTS, strict=True):
        with place:
            if answer is None:
                picture.making(view.waiting, charts.HEIGHT)
            else:
                waves = answer.parts[name]
                table = charts.frame(waves.shares, waves.shuffled, colors(answer, name))
                picture.show(charts.bars, table, f"clock-{name}", title=name)
    with cards("clock-steps", 1)[0]:
        words = over_steps(view, answer)
    measured = sentence(answer) if answer is not None else "the waves are being measured."
    picture.look_for("clock", words or measured)
    picture.computed(COMPUTED, fourier.power, fourier.logit_shares, fourier.waves_of_sum)


def over_steps(view: View, answer: Clock | None) -> str:
    """The curves of one part, or the losses: what is chosen. Gives what the losses say; "" of a part."""
    name = st.segmented_control(
        "Over training",
        (*PARTS, LOSS),
        default=EMBEDDING,
        key="clock-part",
        required=True,
        label_visibility="collapsed",
        bind="query-params",
    )
    kind: type[ClockLosses | ClockHistory] = ClockLosses if name == LOSS else ClockHistory
    history: ClockHistory | ClockLosses | None = None
    if not view.first:
        history = view.newest().picture(kind, SELDOM, lane="slow", doing=MEASURING, says=False)
    if answer is None or history is None or not len(history.steps):
        picture.making("".join(view.refines[-1:]) or view.waiting or "being measured", charts.OVER_STEPS.height)
        return ""
    if isinstance(history, ClockLosses):
        losses(view, history, answer.modulus)
        return losses_in_words(history)
    name = name or EMBEDDING
    drawing = charts.parts(history.steps, history.shares[name], colors(answer, name), view.cursor)
    picture.curves(charts.OVER_STEPS, drawing, "clock-over-steps")
    return ""


def losses(view: View, answer: ClockLosses, modulus: int) -> None:
    """The four losses."""
    curves = {
        "trained on": answer.trained,
        "held out": answer.held_out,
        "key frequencies alone": answer.restricted,
        "trained on, without them": answer.excluded,
    }
    drawing = charts.losses(answer.steps, curves, float(np.log(modulus)), view.cursor)
    picture.curves(charts.LOSSES, drawing, "clock-losses")


def losses_in_words(answer: ClockLosses) -> str:
    """What the key frequencies do at the newest snapshot."""
    step = int(answer.steps[-1])
    if not answer.keys:
        return f"at step {step:,} no frequency of the logits stands out, so there is none to keep or to leave out."
    if not np.isfinite(answer.excluded[-1]):
        return lost("the losses", step, plural=True)
    alone, without, whole = number(answer.restricted[-1]), number(answer.excluded[-1]), number(answer.trained[-1])
    return (
        f"with {numbered(answer.keys)} of the logits alone the loss of all pairs is {alone} nats at step {step:,}; "
        f"without these waves that of the pairs trained on is {without}, instead of {whole}."
    )


def colors(answer: Clock, name: str) -> dict[int, str]:
    """The colour of each key frequency of a part; the same in every part."""
    strongest: dict[int, float] = {}
    for waves in answer.parts.values():
        for k in waves.keys:
            strongest[k] = max(strongest.get(k, 0.0), float(waves.shares[k - 1]))
    every = charts.colors(sorted(strongest, key=lambda k: -strongest[k]))
    return {k: every[k] for k in answer.parts[name].keys if k in every}


def sentence(answer: Clock) -> str:
    """Which frequencies stand out, and how much of the variance they hold."""
    embedding, logits = answer.parts[EMBEDDING], answer.parts[LOGITS]
    right = f"{percent(answer.right)} of all {answer.modulus**2:,} sums are right at step {answer.step:,}."
    if not embedding.keys:
        most = percent(float(np.nanmax(embedding.shares)), 1) if np.isfinite(embedding.shares).any() else "nothing"
        return (
            f"no frequency of the embedding stands out: the strongest holds {most}, and shuffled numbers reach "
            f"{percent(embedding.bound, 1)}. {right}"
        )
    return (
        f"{numbered(embedding.keys)} of the embedding {'hold' if len(embedding.keys) > 1 else 'holds'} "
        f"{percent(held(embedding))} of its variance, where shuffled numbers reach "
        f"{percent(embedding.bound, 1)} in one. "
        f"{percent(float(logits.shares.sum()))} of the logits’ variance depends on a + b alone. {right}"
    )


def numbered(keys: Sequence[int]) -> str:
    """Frequencies in words, in order."""
    listed = [str(k) for k in sorted(keys)]
    return f"frequency {listed[0]}" if len(listed) == 1 else f"frequencies {', '.join(listed[:-1])} and {listed[-1]}"


def held(waves: Waves) -> float:
    """The share of the variance in all key frequencies together."""
    return float(sum(waves.shares[k - 1] for k in waves.keys))
