"""What if: heads replaced one by one on a batch, and one head turned by hand on one input.

B batch, T position, Q query, K key, V vocabulary.
"""

from __future__ import annotations

import numpy as np
import torch

from explorer.device import numerics
from explorer.interventions import ablation, part_and_number, patched, with_row, with_temperature
from explorer.runs.answer import Answer
from explorer.runs.views.restored import Progress, chosen_input, training_at
from explorer.tasks.base import IGNORE, Batch
from explorer.trace import Array, copied, evaluating, watching
from explorer.training import Training

EXAMPLES = (
    32  # that a head's worth is measured on: the probe and others like it, never trained on where that is possible
)
LIKELIEST = 10  # tokens that a distribution is told by


def ablations(path: str, step: int, kind: str = "zero", progress: Progress = None) -> Answer:
    """What each head by itself is worth on EXAMPLES examples, as interventions.ablation has it.

    plain: loss, right (before), heads by name, off: those that are switched off already.
    Arrays: losses, rights, how both change without each head, (H,).
    """
    training = training_at(path, step, progress)
    batch = training.task.probe(EXAMPLES).to(training.device)
    with numerics(training.config):
        found = ablation(training.model, batch, kind, training.config.train.seed, training.step)
    plain = {
        "step": step,
        "kind": kind,
        "examples": len(batch.tokens),
        "asked": batch.asked,
        "loss": found.loss,
        "right": found.right,
        "heads": list(found.losses),
        "off": sorted(training.heads.ablated),
    }
    return plain, {"losses": np.array([*found.losses.values()]), "rights": np.array([*found.rights.values()])}


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
) -> Answer:
    """One head's row of attention at a query and the next token, before and after the head is turned.

    temperature: of the head's scores at every query.   weights (K,): what the row becomes, None as it is.
    The next token is read at the query; the queries of an encoder say none, so there it is read where the
    change moves it most. plain: position where it is read, target as text ("" where nothing is asked), tokens
    as text (n ≤ LIKELIEST), the likeliest of either, the target among them; loss: of the target, before and
    after in nats; off: the head is switched off.
    Arrays: row_before, row_after (K,), before, after (n,), and kl (T,), how far the distribution
    at each position moved: Σ p ln(p / q) in nats, from p before to q after.
    """
    training = training_at(path, step, progress)
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
    told = likeliest(np.exp(before[position]), np.exp(after[position]), target)
    symbols = training.task.vocabulary.symbols
    asked = target != IGNORE
    plain = {
        "step": step,
        "position": position,
        "target": symbols[target] if asked else "",
        "tokens": [symbols[t] for t in told],
        "loss": [-float(log[position, target]) for log in (before, after)] if asked else [],
        "off": head in training.heads.ablated,
    }
    distributions = {"before": np.exp(before[position, told]), "after": np.exp(after[position, told])}
    return plain, {"row_before": row, "row_after": turned} | distributions | {"kl": kl}


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
