"""Findings of the instruments in words, true of the step that is looked at. B samples."""

from __future__ import annotations

import numpy as np

from explorer.answers.records.instruments import InstrumentHistory, Measurement
from explorer.measure import instruments as measure
from explorer.measure.names import finite, lost, number, percent, signed

WINDOW = 8  # measured steps that a noise scale is averaged over


def samples_sentence(measured: Measurement) -> str:
    """How many samples pull the mean's way, and which one hardest."""
    along, across, B = measured.along, measured.across, len(measured.along)
    lengths = np.hypot(along, across)
    if not np.isfinite(lengths).all():
        return lost("the gradients", measured.step, plural=True)
    hardest, with_it = int(lengths.argmax()), int((along > 0).sum())
    return (
        f"{with_it} of {B} samples {'pulls' if with_it == 1 else 'pull'} the way of their mean, right of 0; "
        "what they pull across it mostly cancels. "
        f"Sample {hardest + 1} pulls hardest: {number(lengths[hardest], 2)} ‖g‖."
    )


def tests_sentence(measured: Measurement) -> str:
    """How far off the gradient may be, and in which way."""
    norm, inner, across = (measured.numbers.get(name) for name in ("norm", "inner", "orthogonality"))
    if norm is None or inner is None or across is None or not finite(norm, inner, across):
        return unknown(measured)
    word = "more noise than signal" if norm > 1 else "less noise than signal"
    return (
        f"at step {measured.step:,} the error of the batch’s gradient is about {number(norm, 2)} times its length "
        f"({word}). It is {number(inner, 2)} along it, so much is its length uncertain, and {number(across, 2)} to the "
        f"side{', where the two curves all but meet' if across > 0.9 * norm else ''}."
    )


def unknown(measured: Measurement) -> str:
    """That there is no number at this step."""
    return (
        f"at step {measured.step:,} the batch’s gradient is zero or not finite any more, so nothing is compared with "
        "it."
    )


def noise_sentence(measured: Measurement, history: InstrumentHistory) -> str:
    """The scale at this step beside the batch, or that it cannot be resolved."""
    step, B = measured.step, len(measured.texts)
    noise, signal = measured.numbers.get("noise"), measured.numbers.get("signal")
    if noise is None or signal is None or not finite(noise, signal):
        return unknown(measured)
    before = np.isfinite(history.numbers["noise"]) & (history.steps < step)
    tr = [*history.numbers["noise"][before][1 - WINDOW :], noise]
    signals = [*history.numbers["signal"][before][1 - WINDOW :], signal]
    scale = measure.noise_scale(tr, signals)
    over = f"over the last {len(tr)} measured steps" if len(tr) > 1 else f"at step {step:,} alone"
    if scale is None:
        return f"{over} the noise scale is not resolvable at this batch size: {B} samples do not show the signal."
    if scale > 2 * B:
        verdict = f"The batch of {B} is dominated by noise, and a larger one would make each step worth more"
    elif scale < B / 2:
        verdict = f"The batch of {B} is larger than it needs to be, and a smaller one would cost little"
    else:
        verdict = f"That is about the batch of {B}: noise and signal weigh alike"
    return f"{over} the noise scale is {number(scale)} samples. {verdict}."


def to_noise_sentence(measured: Measurement, history: InstrumentHistory) -> str:
    """The ratio at this step, beside the first one measured."""
    now = measured.numbers.get("to_noise")
    if now is None or not finite(now):
        return unknown(measured)
    now_words = number(now, 2)
    words = f"a parameter’s squared gradient is on average {now_words} times its variance over the samples plus 10⁻⁵"
    first = history.numbers["to_noise"][:1]
    if not (first.size and np.isfinite(first[0]) and first[0] > 0 and measured.step > history.steps[0]):
        return f"{words}."
    return f"{words}. That is {number(now / first[0], 2)} times what it was at step {history.steps[0]:,}."


def quality_sentence(measured: Measurement, all_of: np.ndarray) -> str:
    """Where this step ends, and how many of the measured ones overshoot."""
    alpha, step = measured.numbers.get("quality"), measured.step
    finite_ones = all_of[np.isfinite(all_of)]
    overshot, beyond = int((finite_ones > 0).sum()), ""
    if len(finite_ones):
        beyond = (
            f" Of {len(finite_ones)} measured steps {overshot} went beyond it."
            if overshot
            else f" Of {len(finite_ones)} measured steps none went beyond it."
        )
    if alpha is not None and not finite(alpha):
        return unknown(measured)
    if alpha is None:
        if measured.last:
            return f"training ends at step {step:,}, so no step was taken from here.{beyond}"
        return f"where step {step:,} ends cannot be told.{beyond}"
    if alpha < -1:
        where = "leads away from the floor, which lies behind it"
    elif alpha == -1:
        where = "goes down a slope without a floor in sight"
    elif alpha < -0.1:
        where = f"goes {percent(1 + alpha)} of the way to the valley’s floor"
    elif alpha <= 0.1:
        where = "ends on the valley’s floor"
    elif alpha <= 1:
        where = "crosses the floor and ends lower than it began"
    else:
        where = "crosses the floor and ends higher than it began"
    return f"this step, as far as the noise lets see, {where} (α = {signed(alpha, 2)}).{beyond}".replace("-", "−")
