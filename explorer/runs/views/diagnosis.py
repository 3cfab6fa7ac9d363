"""What is wrong with a run at a step: the recorded steps before it, and what its units do on examples.

B examples, H heads, T position, P parameters.
"""

from __future__ import annotations

import math
import re
from dataclasses import asdict

import numpy as np
import torch
from torch import Tensor

from explorer.device import numerics
from explorer.measure import diagnosis as rules
from explorer.measure import symptoms
from explorer.measure.diagnosis import EARLY, WINDOW, Finding, Recorded
from explorer.measure.symptoms import ONE_KEY, Units
from explorer.runs.answer import Answer
from explorer.runs.run import Run, head_name
from explorer.runs.views.restored import Progress, opened, training_at
from explorer.tasks.base import IGNORE
from explorer.trace import evaluating, mean_loss, observe, token_losses
from explorer.training import Training
from models.transformer import ACTIVATIONS

EXAMPLES = 16  # of the probe, on which units are watched
BATCHES = 16  # whose gradients are compared
SETTLED = 50  # steps: before, gradients are small and agree on little in any run
FEW = 5  # keys: a row that chooses among fewer is easily sure
FLAT = 0.05  # of the steepest slope
WRITTEN = 24  # tokens asked one by one
DECODES = r"(decoder\.)?blocks\.\d+\.attention"  # attentions of what writes to itself


def findings(path: str, step: int, progress: Progress = None) -> Answer:
    """The rules that fire at a step, each as in explorer/measure/diagnosis.py and symptoms.py, or how calm it is."""
    run = opened(path)
    if step == 0:
        return {"step": 0, "findings": [], "calm": "Nothing is trained yet."}, {}
    training = training_at(path, step, progress)
    guess = math.log(len(training.task.vocabulary))
    record = recorded(run, step, guess)
    found: list[Finding | None] = list(rules.from_record(record))
    with numerics(training.config):
        found += on_examples(training)
        if step >= SETTLED and record.loss.mean() > guess / 2:
            batch = training.config.train.batch * training.config.train.accumulate
            found += [symptoms.noise(agreement(training), BATCHES, batch)]
    told = [asdict(finding) for finding in found if finding is not None]
    return {"step": step, "findings": told, "calm": rules.calm(record)}, {}


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
    """What the rules on units and attention find on the probe."""
    batch = training.task.probe(EXAMPLES).to(training.device)
    wanted = (".mlp.pre", ".scores", ".pattern")
    values = observe(training.model, batch, gradients=False, wanted=lambda name: name.endswith(wanted)).values
    activation = training.config.transformer.activation
    units = [units_of(n.removesuffix(".pre"), v, activation) for n, v in values.items() if n.endswith(".pre")]
    patterns = {n.removesuffix(".pattern"): v for n, v in values.items() if n.endswith(".pattern")}
    sure = {path: all_or_nothing(pattern, values[f"{path}.scores"]) for path, pattern in patterns.items()}
    found = [
        symptoms.stuck_units(units),
        symptoms.saturated_attention({path: part for path, part in sure.items() if part is not None}),
    ]
    if training.config.model.kind == "encoder" or training.config.transformer.mask == "causal":
        return found
    return [*found, ahead(training, {p: v for p, v in patterns.items() if re.fullmatch(DECODES, p)})]


def units_of(layer: str, pre: np.ndarray, activation: str) -> Units:
    """What an MLP's units do, from what they read, pre (B, T, 4C)."""
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
    """Share of the rows (B, H, Q) that put ONE_KEY or more on one key; None where no row has a choice of FEW."""
    choosing = (~np.isneginf(scores)).sum(-1) >= FEW
    return float((pattern.max(-1)[choosing] >= ONE_KEY).mean()) if choosing.any() else None


def ahead(training: Training, patterns: dict[str, np.ndarray]) -> Finding | None:
    """What a decoder without a causal mask reads of the future: patterns (B, H, T, T) of its own attentions."""
    mass = {path: float(np.triu(pattern, 1).sum(-1).mean()) for path, pattern in patterns.items()}
    on_next = {  # of each head
        f"{path}.{h}": float(np.diagonal(pattern[:, h], 1, 1, 2).mean())
        for path, pattern in patterns.items()
        for h in range(pattern.shape[1])
    }
    head = max(on_next, key=lambda name: on_next[name])
    return symptoms.looks_ahead(mass, head_name(head), on_next[head], *unseen_loss(training))


@torch.no_grad()
def unseen_loss(training: Training) -> tuple[float, float]:
    """The probe's loss with the future in sight, and with each token asked before the next one is there."""
    batch, model = training.task.probe().to(training.device), training.model
    asked = (batch.targets[0] != IGNORE).nonzero()[:WRITTEN, 0]
    with evaluating(model):
        seen = token_losses(model(batch.tokens, batch.source), batch.targets)[0, asked].mean().item()
        cut = [
            token_losses(model(batch.tokens[:, : t + 1], batch.source), batch.targets[:, : t + 1])[0, t] for t in asked
        ]
    return seen, torch.stack(cut).mean().item()


def agreement(training: Training) -> float:
    """Mean cosine between the gradients, at these weights, of the batches of the next steps."""
    found = []
    with evaluating(training.model), torch.enable_grad():
        for ahead_ in range(BATCHES):
            batch = training.batch(training.step + ahead_)
            loss = mean_loss(training.model(batch.tokens, batch.source), batch.targets)
            grads = torch.autograd.grad(loss, list(training.named.values()))
            found.append(torch.cat([grad.flatten() for grad in grads]))
    directions = torch.nn.functional.normalize(torch.stack(found), dim=1)
    return (directions.sum(0).square().sum().item() - BATCHES) / (BATCHES * (BATCHES - 1))
