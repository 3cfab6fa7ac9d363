"""Diagnosis of a run at a step: the recorded steps before it, and its units on examples.

B examples, H heads, T position, P parameters.
"""

from __future__ import annotations

import math
import re
from dataclasses import fields, replace

import numpy as np
import torch
from torch import Tensor

from explorer.analysis.instruments import step_gradient
from explorer.analysis.recurrence import of_states
from explorer.analysis.weight import loss_of
from explorer.answers.records.diagnosis import Diagnosis
from explorer.config.states import DECODER, states_of
from explorer.measure import diagnosis as rules
from explorer.measure import symptoms
from explorer.measure.diagnosis import EARLY, WINDOW, Finding, Recorded
from explorer.measure.names import head_name, plural
from explorer.measure.recurrence import Reach, by_distance
from explorer.measure.recurrence import apart as distances
from explorer.measure.symptoms import ONE_KEY, Units
from explorer.runs.restored import Progress, opened, training_at
from explorer.runs.run import Run
from explorer.tasks.base import IGNORE, Batch
from explorer.trace import evaluating, observe, token_losses
from explorer.training.device import numerics
from explorer.training.loop import Training
from models import precisions
from models.families import kind_of
from models.transformer import ACTIVATIONS

NEEDS = ("logits",)  # parts of the model
EXAMPLES = 16  # of the probe, on which units are watched
OF_TIME = 4  # of them, on which gradients are followed through time
BATCHES = 16  # whose gradients are compared
SETTLED = 50  # steps; earlier, gradients are small and agree little in any run
FEW = 5  # keys: a row that chooses among fewer is easily sure
FLAT = 0.05  # of the steepest slope
WRITTEN = 32  # tokens predicted one by one, each at the price of a forward pass
DECODES = r"(decoder\.)?blocks\.\d+\.attention"  # attentions of what writes to itself


def findings(path: str, step: int, progress: Progress = None) -> Diagnosis:
    """The rules that fire at a step, each as in explorer/measure/diagnosis.py and symptoms.py, or how calm it is."""
    run = opened(path)
    if step == 0:
        return Diagnosis(step=0, findings=[], calm="Nothing is trained yet.")
    training = training_at(path, step, progress, needs=NEEDS)
    guess = math.log(len(training.task.vocabulary))
    record = recorded(run, step, guess)
    results: list[Finding | None] = list(rules.from_record(record))
    if any(finding is not None and finding.rule == "exploding" for finding in results):
        exact = norm_in_float64(training_at(path, rules.largest(record), progress))
        results = [rules.exploding(record, exact) if f is not None and f.rule == "exploding" else f for f in results]
    with numerics(training.config):
        results += on_examples(training)
        results += [symptoms.through_time(reached(training))]
        if step >= SETTLED and record.loss.mean() > guess / 2:
            batch = training.config.train.batch * training.config.train.accumulate
            results += [symptoms.noise(agreement(training), BATCHES, batch)]
    fired = [finding for finding in results if finding is not None]
    return Diagnosis(step=step, findings=fired, calm=rules.calm(record))


def recorded(run: Run, step: int, guess: float) -> Recorded:
    """What was recorded before a step that is not the first."""
    steps = np.arange(max(0, step - WINDOW), step)
    rows = run.query(
        "SELECT loss, lr, grad_norm, clipped_grad_norm FROM steps WHERE step >= ? AND step < ? ORDER BY step",
        (int(steps[0]), step),
    )
    loss, lr, grad_norm, clipped = np.array(rows, dtype=np.float64).T
    _, norms, ratios = run.tensor_norms(steps)
    first = run.step_row(0)
    assert first is not None
    ((peak,),) = run.query("SELECT max(lr) FROM steps WHERE step < ?", (step,))
    return Recorded(
        names=run.tensors,
        steps=steps,
        loss=loss,
        lr=lr,
        grad_norm=grad_norm,
        clipped=clipped,
        norms=norms.astype(np.float64),
        ratios=ratios.astype(np.float64),
        early_ratios=run.tensor_norms(np.arange(min(EARLY, step)))[2].astype(np.float64),
        first_loss=first["loss"],
        first_norm=first["grad_norm"],
        peak_lr=peak,
        guess=guess,
    )


def on_examples(training: Training) -> list[Finding | None]:
    """The results of the rules on units and attention on the probe."""
    batch = training.task.probe(EXAMPLES).to(training.device)
    wanted = (".mlp.pre", ".scores", ".pattern")
    values = observe(training.model, batch, gradients=False, wanted=lambda name: name.endswith(wanted)).values
    model = training.config.model
    units = [units_of(n.removesuffix(".pre"), v, model.activation) for n, v in values.items() if n.endswith(".pre")]
    patterns = {n.removesuffix(".pattern"): v for n, v in values.items() if n.endswith(".pattern")}
    sure = {path: all_or_nothing(pattern, values[f"{path}.scores"]) for path, pattern in patterns.items()}
    findings = [
        symptoms.stuck_units(units),
        symptoms.saturated_attention({path: part for path, part in sure.items() if part is not None}),
    ]
    decoding = {p: v for p, v in patterns.items() if re.fullmatch(DECODES, p)}
    if kind_of(model).reads == "in place" or all(model.causal(path) for path in decoding):
        return findings
    return [*findings, ahead(training, decoding)]


def reached(training: Training) -> dict[str, Reach]:
    """Of each recurrent layer the gradient by distance, over OF_TIME examples of the probe.

    Of what writes from a source it is the encoder's layers, in each direction: what the decoder reads there need not
    come through its own states. Empty if there is none.
    """
    if not training.config.has("recurrent state"):
        return {}
    batch = training.task.probe(OF_TIME).to(training.device)
    reaches, objective, pad = {}, training.task.objective, training.task.vocabulary.pad
    stacks = states_of(training.config)
    for states in [one for name, one in stacks.items() if name != DECODER] or stacks.values():
        for layer in range(training.config.model.layers):
            sizes, apart = [], []
            for row in range(OF_TIME):
                one = replace(batch, **{name: getattr(batch, name)[row : row + 1] for name in given(batch)})
                parts = of_states(training.model, one, states, layer, objective, pad)
                sizes.append(parts.grads.double().norm(dim=2).cpu().numpy().ravel())
                apart.append(distances(parts.places, parts.length, states.order).ravel())
            path = states.tap.format(layer).removesuffix(".hidden")
            reaches[path] = by_distance(np.concatenate(sizes), np.concatenate(apart))
    return reaches


def given(batch: Batch) -> list[str]:
    """The fields that a batch has."""
    return [field.name for field in fields(batch) if getattr(batch, field.name) is not None]


def units_of(layer: str, pre: np.ndarray, activation: str) -> Units:
    """The units of an MLP, from their inputs pre (B, T, 4C)."""
    slope = slope_of(activation, torch.from_numpy(pre.reshape(-1, pre.shape[-1]).copy()))
    flat = slope.abs() < FLAT * slope_of(activation, torch.linspace(-8, 8, 1601)).max()
    return Units(layer, activation, flat.float().mean().item(), (flat.float().mean(0) >= 0.99).float().mean().item())


def slope_of(activation: str, x: Tensor) -> Tensor:
    """The derivative of an activation, elementwise."""
    x = x.requires_grad_()
    with torch.enable_grad():
        (slope,) = torch.autograd.grad(ACTIVATIONS[activation](x).sum(), x)
    return slope


def all_or_nothing(pattern: np.ndarray, scores: np.ndarray) -> float | None:
    """Share of the rows (B, H, Q) with ONE_KEY or more on one key; None if no row has a choice of FEW."""
    choosing = (~np.isneginf(scores)).sum(-1) >= FEW
    return float((pattern.max(-1)[choosing] >= ONE_KEY).mean()) if choosing.any() else None


def ahead(training: Training, patterns: dict[str, np.ndarray]) -> Finding | None:
    """A decoder without a causal mask and the future: patterns (B, H, T, T) of its own attentions."""
    mass = {path: float(np.triu(pattern, 1).sum(-1).mean()) for path, pattern in patterns.items()}
    on_next = {  # of each head
        f"{path}.{h}": float(np.diagonal(pattern[:, h], 1, 1, 2).mean())
        for path, pattern in patterns.items()
        for h in range(pattern.shape[1])
    }
    head = max(on_next, key=lambda name: on_next[name])
    return symptoms.looks_ahead(mass, head_name(head), on_next[head], *unseen_loss(training))


@torch.no_grad()
def unseen_loss(training: Training) -> tuple[str, float, float]:
    """The part of the probe, its loss with the future in sight, and with each token predicted before the next is
    there.

    For the first WRITTEN of the predicted tokens.
    """
    batch, model = training.task.probe().to(training.device), training.model
    every = (batch.targets[0] != IGNORE).nonzero()[:, 0]
    first = every[:WRITTEN]
    with evaluating(model):
        seen = token_losses(model(batch.tokens, batch.source), batch.targets)[0, first].mean().item()
        cut = [
            token_losses(model(batch.tokens[:, : t + 1], batch.source), batch.targets[:, : t + 1])[0, t] for t in first
        ]
    where = (
        "the probe"
        if len(first) == len(every)
        else f"the first {len(first):,} token{plural(len(first))} that the probe asks for"
    )
    return where, seen, torch.stack(cut).mean().item()


def agreement(training: Training) -> float | None:
    """Mean cosine between the gradients, at these weights, of the batches of the next steps."""
    gradients = []
    for ahead_ in range(BATCHES):
        gradients.append(torch.cat([grad.flatten() for grad in step_gradient(training, ahead_).values()]))
    return mean_cosine(torch.stack(gradients))


def mean_cosine(vectors: Tensor) -> float | None:
    """Mean cosine of the angle between each two of n vectors (n, P); None if one of them is not finite.

    In float64, since the length of float32 gradients that explode is too large for float32.
    """
    if not vectors.isfinite().all():
        return None
    directions, n = torch.nn.functional.normalize(vectors.double(), dim=1), len(vectors)
    return (directions.sum(0).square().sum().item() - directions.square().sum().item()) / (n * (n - 1))


def norm_in_float64(training: Training) -> float:
    """The norm of the next step's gradient at these weights, recomputed in float64."""
    model = precisions.in_float64(training.model).train()
    with numerics(training.config), torch.enable_grad():
        grads = torch.autograd.grad(loss_of(training, model), list(model.parameters()))
    return math.sqrt(sum(grad.square().sum().item() for grad in grads))
