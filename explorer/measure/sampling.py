"""From logits to the next token: the stages that a sampler puts them through, one record each.

V vocabulary. A stage takes logits (V,) and gives logits (V,); what it cuts becomes −∞. The probabilities are the
softmax of what is left, so every stage ends renormalised. Their order matters: a high temperature before top-p keeps
more tokens than after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Array = np.ndarray
COLD = 1e-30  # a temperature that is 0 in effect, and would make logits infinite


@dataclass(frozen=True)
class Stage:
    """A stage's record.

    title: its name for visitors.   meaning: what it does, in a sentence.   source: paper or code.   apply: logits (V,)
    float64, its setting and the tokens so far -> logits (V,).   neutral: the setting at which it does nothing.
    least, most: of the setting.   whole: the setting counts tokens.
    """

    title: str
    meaning: str
    source: str
    apply: Callable[[Array, float, Sequence[int]], Array]
    neutral: float
    least: float
    most: float
    whole: bool = False


def softmax(logits: Array) -> Array:
    """Probabilities (V,), float64. −∞ has none."""
    powers = np.exp(logits - logits.max())
    p: Array = powers / powers.sum()
    return p


def repetition(logits: Array, penalty: float, seen: Sequence[int]) -> Array:
    """Divides the positive logits of tokens seen before by the penalty, and multiplies the negative ones by it."""
    out, tokens = logits.copy(), sorted(set(seen))
    out[tokens] = np.where(out[tokens] < 0, out[tokens] * penalty, out[tokens] / penalty)
    return out


def temperature(logits: Array, degree: float, seen: Sequence[int]) -> Array:
    """Divides by the temperature. At 0 only the most likely token is left, the first of several."""
    if degree > COLD:
        return logits / degree
    return np.where(np.arange(len(logits)) == logits.argmax(), 0.0, -np.inf)


def top_k(logits: Array, k: float, seen: Sequence[int]) -> Array:
    """Keeps the k most likely tokens, and all that are as likely as the last of them. 0 keeps all."""
    if not 0 < k < len(logits):
        return logits
    return np.where(logits < np.sort(logits)[-int(k)], -np.inf, logits)


def top_p(logits: Array, share: float, seen: Sequence[int]) -> Array:
    """Keeps the fewest of the most likely tokens whose probabilities sum to the share or more; at least one."""
    if share >= 1:
        return logits
    order = np.argsort(logits, kind="stable")  # from the least likely
    cut = softmax(logits)[order].cumsum() <= 1 - share
    cut[-1] = False
    out = logits.copy()
    out[order[cut]] = -np.inf
    return out


def min_p(logits: Array, share: float, seen: Sequence[int]) -> Array:
    """Keeps the tokens with at least this share of the most likely one's probability."""
    p = softmax(logits)
    return np.where(p < share * p.max(), -np.inf, logits)


STAGES: dict[str, Stage] = {
    "repetition": Stage(
        "Repetition penalty",
        "Tokens that stand in the text already become less likely.",
        "Keskar et al. 2019, §4.1, as Transformers has it",
        repetition,
        neutral=1.0,
        least=1.0,
        most=2.0,
    ),
    "temperature": Stage(
        "Temperature",
        "Logits are divided by it: below 1 the likely tokens gain, above 1 all become more alike.",
        "Ackley, Hinton & Sejnowski 1985",
        temperature,
        neutral=1.0,
        least=0.0,
        most=3.0,
    ),
    "top_k": Stage(
        "Top-k",
        "Only the k most likely tokens are left.",
        "Fan et al. 2018",
        top_k,
        neutral=0.0,
        least=0.0,
        most=100.0,
        whole=True,
    ),
    "top_p": Stage(
        "Top-p",
        "Only the most likely tokens are left that together have this much of the probability.",
        "Holtzman et al. 2020",
        top_p,
        neutral=1.0,
        least=0.0,
        most=1.0,
    ),
    "min_p": Stage(
        "Min-p",
        "Only tokens are left that have at least this share of the most likely one's probability.",
        "Nguyen et al. 2024",
        min_p,
        neutral=0.0,
        least=0.0,
        most=1.0,
    ),
}
ORDERS = {  # who -> the order of its stages, as their code has it
    "Hugging Face": ("repetition", "temperature", "top_k", "top_p", "min_p"),
    "llama.cpp": ("repetition", "top_k", "top_p", "min_p", "temperature"),
}
USUAL = "Hugging Face"  # the order where none is chosen


@dataclass(frozen=True)
class Passed:
    """What left a stage.

    p (V,): probabilities.   survivors: tokens with any.   cut: the probability, before the stage, of what it cut.
    bits: entropy.
    """

    stage: str
    p: Array
    survivors: int
    cut: float
    bits: float


def checked(settings: Mapping[str, float]) -> dict[str, float]:
    """Every stage's setting, neutral if it is not given. ValueError names what is no stage or out of range."""
    for name, value in settings.items():
        if name not in STAGES:
            raise ValueError(f"{name} is no stage of a sampler; use {', '.join(STAGES)}")
        stage = STAGES[name]
        if not stage.least <= value <= (np.inf if stage.whole else stage.most):
            raise ValueError(f"{name}={value} is out of range; use {stage.least:g} to {stage.most:g}")
        if stage.whole and value != int(value):
            raise ValueError(f"{name}={value} counts tokens; use a whole number")
    return {name: float(settings.get(name, stage.neutral)) for name, stage in STAGES.items()}


def passed(
    logits: Array,
    settings: Mapping[str, float],
    order: Sequence[str] = ORDERS[USUAL],
    seen: Sequence[int] = (),
) -> list[Passed]:
    """What leaves each stage, after "logits" for what comes in. ValueError if logits are not finite any more."""
    values, left = checked(settings), finite(np.asarray(logits, dtype=np.float64))
    complete(order)
    p = softmax(left)
    stages = [Passed("logits", p, len(p), 0.0, entropy(p))]
    for name in order:
        left = STAGES[name].apply(left, values[name], seen)
        cut = float(p[np.isneginf(left)].sum())
        p = softmax(left)
        stages.append(Passed(name, p, int((p > 0).sum()), cut, entropy(p)))
    return stages


def complete(order: Sequence[str]) -> Sequence[str]:
    """The same order. ValueError if it has not every stage once."""
    if sorted(order) != sorted(STAGES):
        raise ValueError(f"the order {', '.join(order)} has not every stage once; use {', '.join(STAGES)}")
    return order


def last(logits: Array, values: Mapping[str, float], order: Sequence[str], seen: Sequence[int]) -> Array:
    """The probabilities (V,) that `passed` ends with, from finite logits and checked values, and nothing else."""
    for name in order:
        if values[name] != STAGES[name].neutral:
            logits = STAGES[name].apply(logits, values[name], seen)
    return softmax(logits)


def draw(p: Array, at: float) -> int:
    """The token in whose part of the probabilities (V,), laid end to end, `at` of [0, 1) lies."""
    ends = p.cumsum()
    return min(int(np.searchsorted(ends, at * ends[-1], side="right")), int(np.flatnonzero(p)[-1]))


def finite(logits: Array) -> Array:
    """The same logits. ValueError if they are not finite."""
    if not np.isfinite(logits).all():
        raise ValueError("the logits are not finite any more: this model has diverged; look at an earlier step")
    return logits


def entropy(p: Array) -> float:
    """In bits."""
    some = p[p > 0]
    return float(-(some * np.log2(some)).sum())
