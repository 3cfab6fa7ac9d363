"""Every attention of the model on one input. H heads, Q query, K key, T position, L layer, D channels a head."""

from __future__ import annotations

import numpy as np

from explorer.answers.heads import Repeats
from explorer.answers.records.attention import AttentionMap, AttentionMaps, Flow
from explorer.measure import attention as measure
from explorer.measure.heads import ON_INPUT
from explorer.measure.lines import lines
from explorer.measure.standing import AGREEMENT
from explorer.runs.restored import Progress, chosen_input, training_at
from explorer.tasks.base import IGNORE, Batch
from explorer.trace import Trace, observe
from explorer.training.device import numerics
from models.attention import patterned

NEEDS = ("attention",)  # parts of the model
WATCHED = (".pattern", ".scores", ".values", ".head_out")


def patterns(
    path: str, step: int, text: str | None = None, sample: int | None = None, progress: Progress = None
) -> AttentionMaps:
    """Every attention on an input, with the scores of its heads on this input and on repeated sequences."""
    training = training_at(path, step, progress, needs=NEEDS)
    batch = chosen_input(training, text, sample)
    targets = batch.predicted
    with numerics(training.config):
        trace = observe(training.model, batch, gradients=targets > 0, wanted=lambda name: name.endswith(WATCHED))
    modules = patterned(training.model)
    repeats = Repeats.of(training) if training.config.has("attention heads") else None
    on_repeats: dict[str, dict[str, np.ndarray]] = {}
    if repeats is not None:
        with numerics(training.config):
            on_repeats = repeats.scores(training.model)
    alignment = aligned(batch)
    gold = {} if alignment is None else dict.fromkeys(crossing(list(modules)), alignment)
    maps = {}
    for name, module in modules.items():
        pattern = trace.values[f"{name}.pattern"][0]
        scores, chance = scored(name, pattern, trace if targets else None)
        if repeats is not None and name in on_repeats:
            scores |= {kind: values.tolist() for kind, values in on_repeats[name].items()}
            chance |= repeats.chance(name)
        if name in gold:
            scores[AGREEMENT] = measure.agreement(pattern, gold[name]).tolist()
            chance[AGREEMENT] = float(measure.agreement(measure.even(pattern), gold[name])[0])
        output = module.output.weight.detach().cpu().numpy()
        maps[name] = AttentionMap(
            pattern=pattern,
            logits=trace.values[f"{name}.scores"][0],
            weighted=measure.norm_weighted(pattern, trace.values[f"{name}.values"][0], output),
            gradient=trace.grads[f"{name}.pattern"][0] if targets else None,
            scores=scores,
            chance=chance,
            lines=[lines(head) for head in pattern],
            gold=[(int(q), int(k)) for q, k in np.argwhere(gold[name])] if name in gold else [],
            causal=training.config.model.causal(name),
        )
    show = training.task.vocabulary.show
    return AttentionMaps(
        step=step,
        loss=trace.loss if targets else None,
        targets=targets,
        predicted=(batch.targets[0] != IGNORE).nonzero()[:, 0].tolist(),
        ablated=sorted(training.heads.ablated),
        attentions=maps,
        flows=flows(trace, list(modules), targets),
        tokens=show(batch.tokens[0]),
        source=None if batch.source is None else show(batch.source[0]),
    )


def scored(name: str, pattern: np.ndarray, trace: Trace | None) -> tuple[dict[str, list[float]], dict[str, float]]:
    """The heads' scores on this input, and those of even attention."""
    scores = {kind: score.measure(pattern).tolist() for kind, score in ON_INPUT.items()}
    chance = {kind: float(score.measure(measure.even(pattern))[0]) for kind, score in ON_INPUT.items()}
    if trace is not None:
        out = f"{name}.head_out"
        scores["importance"] = measure.importance(trace.values[out], trace.grads[out]).tolist()
    return scores, chance


def aligned(batch: Batch) -> np.ndarray | None:
    """The source positions that each target position translates, (Q, K) of 0 and 1; None if unknown."""
    return None if batch.alignment is None else batch.alignment[0].cpu().numpy()


def crossing(paths: list[str]) -> list[str]:
    """The attentions whose keys the alignment counts: the source's if there is one, else the tokens themselves."""
    return [p for p in paths if p.endswith(".cross")] or paths


def flows(trace: Trace, paths: list[str], targets: int) -> dict[str, Flow]:
    """Rollout and gradient relevance through the self-attention of each stack that has one, by the stack's prefix.

    The relevance explains the joint log-probability of all target tokens: the loss is their negative mean.
    """
    by_stack = {}
    for stack in dict.fromkeys(p.partition("blocks.")[0] for p in paths):
        names = [f"{p}.pattern" for p in paths if p.startswith(f"{stack}blocks.") and p.endswith(".attention")]
        if not names:
            continue
        layers = [trace.values[name][0] for name in names]
        relevance = None
        if targets:
            relevance = np.stack(measure.relevance(layers, [-targets * trace.grads[name][0] for name in names]))
        by_stack[stack] = Flow(np.stack(measure.rollout(layers)), relevance)
    return by_stack
