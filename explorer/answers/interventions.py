"""Interventions: heads replaced one by one on a batch, and one head changed by hand on one input.

B batch, T position, Q query, K key, V vocabulary.
"""

from __future__ import annotations

import numpy as np
import torch

from explorer.analysis.interventions import ablation, part_and_number, patched, with_row, with_temperature
from explorer.answers.records.interventions import Ablations, Experiment
from explorer.runs.restored import Progress, chosen_input, training_at
from explorer.tasks.base import IGNORE, Batch
from explorer.trace import Array, copied, evaluating, watching
from explorer.training.device import numerics
from explorer.training.loop import Training

EXAMPLES = (
    32  # that a head's worth is measured on: the probe and others like it, never trained on where that is possible
)
NEEDS = ("attention heads", "logits")  # parts of the model
LIKELIEST = 10  # tokens of a distribution


def ablations(path: str, step: int, kind: str = "zero", progress: Progress = None) -> Ablations:
    """The effect of each single head on EXAMPLES examples, by analysis/interventions.py."""
    training = training_at(path, step, progress, needs=NEEDS)
    batch = training.task.probe(EXAMPLES).to(training.device)
    with numerics(training.config):
        result = ablation(training.model, batch, kind, training.config.train.seed, training.step)
    return Ablations(
        step=step,
        kind=kind,
        examples=len(batch.tokens),
        targets=batch.predicted,
        loss=result.loss,
        right=result.right,
        heads=list(result.losses),
        off=sorted(training.heads.ablated),
        losses=np.array([*result.losses.values()]),
        rights=np.array([*result.rights.values()]),
    )


@torch.no_grad()
def experiment(
    path: str,
    step: int,
    head: str,
    query: int,
    temperature: float = 1.0,
    weights: tuple[float, ...] | None = None,
    text: str | None = None,
    sample: int | None = None,
    progress: Progress = None,
) -> Experiment:
    """One head's row of attention at a query and the next token, before and after the head is turned.

    temperature: of the head's scores at every query.   weights (K,): what the row becomes, None as it is.
    The next token is read at the query; the queries of an encoder say none, so there it is read where the
    change moves it most. At most LIKELIEST tokens are compared. kl is Σ p ln(p / q), from p before to q after.
    """
    training = training_at(path, step, progress, needs=NEEDS)
    batch = chosen_input(training, text, sample)
    attention, number = part_and_number(training.model, head)
    edits = [with_temperature(training.model, head, temperature)] if temperature != 1 else []
    edits += [with_row(training.model, head, query, weights)] if weights is not None else []
    seen = f"{attention}.pattern"
    with numerics(training.config), evaluating(training.model):
        with watching(training.model, seen.__eq__) as values:
            before = log_p(training, batch)
        pattern = values[seen][0, number]  # (Q, K)
        if not 0 <= query < len(pattern):
            raise ValueError(f"this head has queries 0 to {len(pattern) - 1} and not {query}; choose one of them")
        row = copied(pattern[query])
        with patched(training.model, *edits), watching(training.model, seen.__eq__) as values:
            after = log_p(training, batch)
        turned = copied(values[seen][0, number, query])
    kl = divergence(before, after)
    position = int(kl.argmax()) if attention.startswith("encoder.") else query
    target = int(batch.targets[0, position])
    compared = likeliest(np.exp(before[position]), np.exp(after[position]), target)
    symbols = training.task.vocabulary.symbols
    has_target = target != IGNORE
    return Experiment(
        step=step,
        position=position,
        target=symbols[target] if has_target else "",
        tokens=[symbols[t] for t in compared],
        loss=[-float(log[position, target]) for log in (before, after)] if has_target else [],
        off=head in training.heads.ablated,
        row_before=row,
        row_after=turned,
        before=np.exp(before[position, compared]),
        after=np.exp(after[position, compared]),
        kl=kl,
    )


def log_p(training: Training, batch: Batch) -> Array:
    """Log-probabilities of the next token at every position, (T, V), in float64."""
    return copied(training.model(batch.tokens, batch.source)[0].double().log_softmax(-1))


def divergence(before: Array, after: Array) -> Array:
    """Kullback-Leibler divergence in nats at each position, (T,), from two times log-probabilities (T, V)."""
    return (np.exp(before) * (before - after)).sum(-1).clip(min=0)  # rounding may leave −1e-17


def likeliest(before: Array, after: Array, target: int) -> list[int]:
    """The tokens that are likeliest before or after, the target always, by what they were before."""
    best = np.argsort(-np.maximum(before, after), kind="stable").tolist()
    chosen = best[:LIKELIEST]
    if target != IGNORE and target not in chosen:
        chosen = [*chosen[:-1], target]
    return sorted(chosen, key=lambda token: -before[token])
