"""What is seen inside a model: heads, gradients, layers, and proofs of the numbers shown."""

from __future__ import annotations

import math

import numpy as np

from explorer.answers.records.arithmetic import HeadProof
from explorer.answers.records.attention import AttentionMaps
from explorer.answers.records.backward import Backpropagation, Split
from explorer.answers.records.heads import HeadHistory
from explorer.answers.records.interventions import Ablations
from explorer.answers.records.lens import Lens
from explorer.answers.records.numerics import Softmax
from explorer.answers.records.positions import RunEncoding
from explorer.answers.records.weight import Proof
from explorer.lessons.measurements.registry import ANY, POSITIVE, SHARE, Trial, measurement


@measurement("entropy of attention, mean over heads", "", SHARE)
def attention_entropy(trial: Trial, at: int) -> float:
    """1: spread evenly over all that a query sees, 0: on one key."""
    return float(trial.ask(HeadHistory, at).scores["entropy"][-1].mean())


@measurement("gradient that reaches the first block, against the last", "powers of ten")
def gradient_reach(trial: Trial, at: int) -> float:
    """log10 of ‖∂L/∂x‖ where the stream enters the first block over that where it enters the last, on the probe."""
    forks = trial.ask(Split, at).forks
    first, last = forks[0].whole, forks[-1].whole
    return math.log10(first / last) if first and last else -math.inf


@measurement("difference of backpropagation from a nudge of the weight", "", POSITIVE)
def off_nudge(trial: Trial, at: int, tensor: str, row: int, column: int, sign: int = 1) -> float:
    """|finite difference − sign × backpropagation| / |finite difference|, in float64."""
    proof = trial.ask(Proof, at, name=tensor, row=row, column=column)
    return abs(proof.difference - sign * proof.exact) / abs(proof.difference)


@measurement("largest error of a probability", "", SHARE)
def softmax_error(trial: Trial, at: int, format: str, way: str, scale: float) -> float:
    """Of the model's logits × scale, against float64; 1 where the softmax is no number.   way: plain or stable."""
    softmax = trial.ask(Softmax, at, scale=scale)
    error = float(softmax.errors[softmax.rows.index((format, way)) - 1])
    return error if math.isfinite(error) else 1.0


@measurement("error of a row of attention, against float64", "", SHARE)
def off_attention(trial: Trial, at: int, head: str, query: int) -> float:
    """The largest difference of a probability that the model has from the same worked out by hand."""
    return float(trial.ask(HeadProof, at, head=head, query=query).absolute)


@measurement("error of backpropagation box by box, against autograd", "", POSITIVE)
def off_backward(trial: Trial, at: int) -> float:
    """The largest over all boxes, as a share of the largest entry of a box."""
    boxes = trial.ask(Backpropagation, at).boxes
    return max(box.off for box in boxes if box.off is not None)


@measurement("rise of the loss without a head", "nats", ANY)
def loss_without_head(trial: Trial, at: int, rank: int) -> float:
    """With the mean of its attention's output in its place. rank: 1 is the head without which the loss rises most."""
    ablations = trial.ask(Ablations, at, kind="mean")
    if not 1 <= rank <= len(ablations.heads):
        raise ValueError(f"there is no head of rank {rank}; this model has {len(ablations.heads)}")
    return float(np.sort(ablations.losses)[::-1][rank - 1])


@measurement("share of attention that falls on what comes after", "", SHARE)
def looks_ahead(trial: Trial, at: int) -> float:
    """Of all queries of all heads of self-attention but the last query, on one example of the probe."""
    maps = trial.ask(AttentionMaps, at, sample=0).attentions
    after = [np.triu(one.pattern, 1).sum(-1)[:, :-1].mean() for path, one in maps.items() if path.endswith("attention")]
    return float(np.mean(after))


@measurement("probability of the right token, read at a junction of the stream", "", SHARE)
def known_at(trial: Trial, at: int, junction: int) -> float:
    """Mean over all predicted tokens. junction: from 0, the embedding; -1 is the last."""
    lens = trial.ask(Lens, at)
    predicted = [i for i, target in enumerate(lens.targets) if target]
    return float(np.mean(lens.p[junction, predicted]))


@measurement("likeness of neighbouring positions, above that of distant ones", "", (-2.0, 2.0))
def neighbourhood(trial: Trial, at: int, near: int, far: int) -> float:
    """Mean cosine of the vectors of positions `near` apart, minus the same of those `far` apart."""
    mean = trial.ask(RunEncoding, at).mean
    assert mean is not None
    return float(mean[0][near] - mean[0][far])
