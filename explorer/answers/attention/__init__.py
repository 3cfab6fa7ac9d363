"""Every attention of the model on one input. H heads, Q query, K key, T position, L layer, D channels a head."""

from __future__ import annotations

import numpy as np

from explorer.answers.attention import blocks
from explorer.answers.attention.exact import EDGE, NEEDS, Look, look, present
from explorer.answers.heads import Repeats, aligned, crossing
from explorer.answers.records.attention import (
    AttentionDetail,
    AttentionLines,
    AttentionMap,
    AttentionMaps,
    AttentionMoves,
    Strongest,
)
from explorer.measure import attention as measure
from explorer.measure.heads import ON_INPUT
from explorer.measure.lines import lines
from explorer.measure.standing import AGREEMENT
from explorer.runs.restored import Progress, training_at
from explorer.tasks.base import IGNORE
from explorer.trace import Trace
from explorer.training.device import numerics
from models.attention import patterned

LARGE = 256  # blocks on a side of a head that is shown large: about as many as its place has pixels
EDGES = 1200  # of each head: as many lines as the head view draws at once, so that any choice of heads has its own


def patterns(
    path: str, step: int, text: str | None = None, sample: int | None = None, progress: Progress = None
) -> AttentionMaps:
    """Every attention on an input, with the scores of its heads on this input and on repeated sequences.

    Where every number would be too many for a message, the arrays are means over blocks; all scores are of the exact
    ones. ValueError where even this process would not hold them.
    """
    training = training_at(path, step, progress, needs=NEEDS)
    looked = look(path, step, text, sample, progress)
    trace, batch, targets, block = looked.trace, looked.batch, looked.targets, looked.block
    modules = patterned(training.model)
    repeats = Repeats.of(training) if training.config.has("attention heads") else None
    on_repeats: dict[str, dict[str, np.ndarray]] = {}
    if repeats is not None:
        with numerics(training.config):
            on_repeats = repeats.scores(training.model)
    alignment = aligned(batch)
    gold = {} if alignment is None else dict.fromkeys(crossing(list(modules)), alignment)
    maps = {}
    for name in modules:
        pattern = trace.values[f"{name}.pattern"][0]
        scores, chance = scored(name, pattern, trace if targets else None)
        if repeats is not None and name in on_repeats:
            scores |= {kind: values.tolist() for kind, values in on_repeats[name].items()}
            chance |= repeats.chance(name)
        if name in gold:
            scores[AGREEMENT] = measure.agreement(pattern, gold[name]).tolist()
            chance[AGREEMENT] = float(measure.agreement(measure.even(pattern), gold[name])[0])
        maps[name] = AttentionMap(
            **looked.kinds(name) if block is None else looked.means(name, block),
            scores=scores,
            chance=chance,
            lines=[lines(head) for head in pattern],
            gold=[(int(q), int(k)) for q, k in np.argwhere(gold[name])] if name in gold else [],
            causal=looked.causal[name],
        )
    show = training.task.vocabulary.show
    return AttentionMaps(
        step=step,
        loss=trace.loss if targets else None,
        targets=targets,
        predicted=(batch.targets[0] != IGNORE).nonzero()[:, 0].tolist(),
        ablated=sorted(training.heads.ablated),
        attentions=maps,
        flows=looked.flows if block is None else {},
        tokens=show(batch.tokens[0]),
        source=None if batch.source is None else show(batch.source[0]),
        block=block,
    )


def scored(name: str, pattern: np.ndarray, trace: Trace | None) -> tuple[dict[str, list[float]], dict[str, float]]:
    """The heads' scores on this input, and those of even attention."""
    scores = {kind: score.measure(pattern).tolist() for kind, score in ON_INPUT.items()}
    chance = {kind: float(score.measure(measure.even(pattern))[0]) for kind, score in ON_INPUT.items()}
    if trace is not None:
        out = f"{name}.head_out"
        scores["importance"] = measure.importance(trace.values[out], trace.grads[out]).tolist()
    return scores, chance


def detail(
    path: str, step: int, head: str, text: str | None = None, sample: int | None = None, progress: Progress = None
) -> AttentionDetail:
    """One head as finely as its place on the screen is, and the strongest weights of its layer."""
    looked = look(path, step, text, sample, progress)
    of, number = looked.head(head)
    pattern = looked.pattern(of)
    block = blocks.side([(1, *pattern.shape[1:], False)], LARGE * LARGE)
    return AttentionDetail(
        step=step,
        head=head,
        block=block,
        kinds=present(looked.means(of, block, number)),
        edges=[strongest(one, 1.0) for one in pattern],
        together={name: strongest(one, max(1.0, float(largest(one)))) for name, one in together(looked, of).items()},
    )


def together(looked: Look, of: str) -> dict[str, np.ndarray]:
    """Matrices (Q, K) for all heads of an attention together, by name."""
    pattern = looked.pattern(of)
    return {"mean of all heads": pattern.mean(0), "largest of all heads": pattern.max(0)} | looked.aggregates(of)


def largest(matrix: np.ndarray) -> float:
    """The largest finite size."""
    sizes = np.abs(matrix[np.isfinite(matrix)])
    return float(sizes.max()) if sizes.size else 0.0


def strongest(matrix: np.ndarray, most: float) -> Strongest:
    """The entries that an edge is drawn for, EDGES at most."""
    places, values, count = blocks.strongest(matrix, EDGE * most, EDGES)
    return Strongest(places.astype(np.int32), values.astype(np.float32), count, most)


def lines_at(
    path: str,
    step: int,
    attention: str,
    query: int | None = None,
    key: int | None = None,
    text: str | None = None,
    sample: int | None = None,
    progress: Progress = None,
) -> AttentionLines:
    """Every number of one query, or of one key, in every head of an attention. ValueError if it has none such."""
    looked = look(path, step, text, sample, progress)
    if attention not in looked.sizes:
        raise ValueError(f"attention={attention} is none of this model’s; use one of {', '.join(looked.sizes)}")
    _, Q, K = looked.pattern(attention).shape
    if (query is None) == (key is None):
        raise ValueError(f"query={query} and key={key}: give one of the two, a position")
    for name, at, length in (("query", query, Q), ("key", key, K)):
        if at is not None and not 0 <= at < length:
            raise ValueError(f"{name}={at} is no position of this input; use 0 to {length - 1}")
    return AttentionLines(step, looked.line(attention, query, key))


def moves(
    path: str,
    step: int,
    before: int,
    text: str | None = None,
    sample: int | None = None,
    progress: Progress = None,
) -> AttentionMoves:
    """What each head moved from step `before` to `step`, of the exact patterns."""
    earlier = look(path, before, text, sample, progress).patterns
    later = look(path, step, text, sample, progress).patterns
    return AttentionMoves(before, step, {name: measure.moved(earlier[name], one) for name, one in later.items()})
