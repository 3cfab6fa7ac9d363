"""Every attention of the model on one input. H heads, Q query, K key, T position, L layer, D channels a head."""

from __future__ import annotations

from typing import Any

import numpy as np

from explorer.device import numerics
from explorer.measure import attention as measure
from explorer.runs.answer import Answer
from explorer.runs.views.heads import Repeats
from explorer.runs.views.restored import Progress, chosen_input, tokens_of, training_at
from explorer.tasks.base import Batch
from explorer.trace import Trace, observe
from models.transformer import attentions

WATCHED = (".pattern", ".scores", ".values", ".head_out")
ON_INPUT = {"entropy": measure.entropy, "sink": measure.sink, "distance": measure.distance}


def patterns(
    path: str, step: int, text: str | None = None, sample: int | None = None, progress: Progress = None
) -> Answer:
    """Every attention on an input.

    Arrays by the path of the attention and what it is, each (H, Q, K): `.pattern`, `.scores` before the softmax,
    `.gradient` ∂L/∂A where anything is asked, `.weighted` ‖A v W_O‖; and by stack, (L, T, T): `rollout.…`,
    `relevance.…`. plain["scores"]: by path what its heads score, on this input and on repeated sequences, each
    (H,), and in plain["chance"] what even attention would; plain["gold"]: by path the cells that are aligned.
    """
    training = training_at(path, step, progress)
    batch = chosen_input(training, text, sample)
    asked = batch.asked > 0
    with numerics(training.config):
        trace = observe(training.model, batch, gradients=asked, wanted=lambda name: name.endswith(WATCHED))
    modules = attentions(training.model)
    arrays: dict[str, np.ndarray] = {}
    scores: dict[str, dict[str, list[float]]] = {}
    chance: dict[str, dict[str, float]] = {}
    for name, module in modules.items():
        pattern = trace.values[f"{name}.pattern"][0]
        output = module.output.weight.detach().cpu().numpy()
        arrays[f"{name}.pattern"] = pattern
        arrays[f"{name}.scores"] = trace.values[f"{name}.scores"][0]
        if asked:
            arrays[f"{name}.gradient"] = trace.grads[f"{name}.pattern"][0]
        arrays[f"{name}.weighted"] = measure.norm_weighted(pattern, trace.values[f"{name}.values"][0], output)
        scores[name], chance[name] = scored(name, pattern, trace if asked else None)
    repeats = Repeats.of(training)
    if repeats is not None:
        with numerics(training.config):
            found = repeats.scores(training.model)
        for name, of in found.items():
            scores[name] |= {kind: values.tolist() for kind, values in of.items()}
            chance[name] |= repeats.chance(name)
    gold = aligned(batch)
    if gold is not None:
        for name in crossing(list(modules)):
            pattern = arrays[f"{name}.pattern"]
            scores[name]["agreement"] = measure.agreement(pattern, gold).tolist()
            chance[name]["agreement"] = float(measure.agreement(measure.even(pattern), gold)[0])
    arrays |= summed_up(trace, list(modules), batch.asked)
    plain = {
        "step": step,
        "loss": trace.loss if asked else None,
        "ablated": sorted(training.heads.ablated),
        "asked": asked,
        "paths": list(modules),
        "scores": scores,
        "chance": chance,
        "gold": {} if gold is None else dict.fromkeys(crossing(list(modules)), np.argwhere(gold).tolist()),
    }
    return plain | tokens_of(training, batch), arrays


def scored(name: str, pattern: np.ndarray, trace: Trace | None) -> tuple[dict[str, list[float]], dict[str, float]]:
    """What heads score on this input, and what a head that spreads evenly would."""
    scores = {kind: found(pattern).tolist() for kind, found in ON_INPUT.items()}
    chance = {kind: float(found(measure.even(pattern))[0]) for kind, found in ON_INPUT.items()}
    if trace is not None:
        out = f"{name}.head_out"
        scores["importance"] = measure.importance(trace.values[out], trace.grads[out]).tolist()
    return scores, chance


def aligned(batch: Batch) -> np.ndarray | None:
    """Which source position each target position translates, (Q, K) of 0 and 1; None where nobody knows."""
    return None if batch.alignment is None else batch.alignment[0].cpu().numpy()


def crossing(paths: list[str]) -> list[str]:
    """Whose keys the alignment counts: the source's where there is one, else the tokens themselves."""
    return [p for p in paths if p.endswith(".cross")] or paths


def summed_up(trace: Trace, paths: list[str], asked: int) -> dict[str, np.ndarray]:
    """Rollout and gradient relevance through each stack's self-attention, (L, T, T) after each layer.

    The relevance explains the log-probability of all asked tokens together: the loss is their negative mean.
    """
    found: dict[str, Any] = {}
    for stack in dict.fromkeys(p.partition("blocks.")[0] for p in paths):
        own = [f"{p}.pattern" for p in paths if p.startswith(f"{stack}blocks.") and p.endswith(".attention")]
        layers = [trace.values[name][0] for name in own]
        found[f"rollout.{stack}"] = np.stack(measure.rollout(layers))
        if asked:
            gradients = [-asked * trace.grads[name][0] for name in own]
            found[f"relevance.{stack}"] = np.stack(measure.relevance(layers, gradients))
    return found
