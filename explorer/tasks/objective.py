"""Objectives: what training minimizes, and which answers count as right: one small class for each kind of answer.

B batch, T position, V vocabulary, J words that a pair is scored with.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

IGNORE = -100  # a target that is not predicted; torch.nn.functional.cross_entropy's default


class Objective(Protocol):
    """How outputs of a model are scored. `losses` has one for each target, 0 at ignored ones.

    unit: of the loss.   answer: what each is the loss of.
    """

    unit: str
    answer: str

    def losses(self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
        """The loss of each target, in the targets' shape. `mean` is their sum over the number predicted."""

    def mean(self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
        """What training minimizes: the mean over the predicted targets."""

    def right(self, outputs: Tensor, targets: Tensor) -> tuple[int, int]:
        """How many answers are right, and of how many."""


def token_losses(logits: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
    """Cross-entropy of each token in nats, (B, T); 0 at ignored targets. smoothing: as in `mean_loss`."""
    flat = logits.flatten(0, 1), targets.flatten()
    losses = F.cross_entropy(*flat, reduction="none", ignore_index=IGNORE, label_smoothing=smoothing)
    return losses.view(targets.shape)


def mean_loss(logits: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
    """Mean cross-entropy over the predicted tokens, in nats.

    smoothing: ε of the target's probability is shared among all V tokens, itself included; the loss is then (1 − ε) ·
    −log p(target) + ε/V · Σ −log p (Szegedy et al. 2016, §7).
    """
    flat = logits.flatten(0, 1), targets.flatten()
    return F.cross_entropy(*flat, ignore_index=IGNORE, label_smoothing=smoothing)


class CrossEntropy:
    """Logits (B, T, V) against the right tokens (B, T); an answer is right if its token is."""

    unit, answer = "nats", "token"
    losses = staticmethod(token_losses)
    mean = staticmethod(mean_loss)

    def right(self, outputs: Tensor, targets: Tensor) -> tuple[int, int]:
        return int((outputs.argmax(-1) == targets).sum()), int((targets != IGNORE).sum())


class NegativeSampling:
    """Scores u · v (B, J) of a true word (target 1, the first) and of noise (0): −log σ(u · v) and −log σ(−u · v).

    Their mean is Mikolov et al.'s objective (2013b, equation 4) over J, negated. A pair is right if its true word
    scores higher than all its noise. Smoothing moves ε/2 of a target to the other side.
    """

    unit, answer = "nats", "answer"

    def losses(self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
        sign = 1.0 - 2.0 * targets  # +1 of noise, −1 of the true word: softplus(x) is −log σ(−x)
        losses = F.softplus(sign * outputs)
        if smoothing:
            losses = (1 - smoothing / 2) * losses + smoothing / 2 * F.softplus(-sign * outputs)
        return losses.masked_fill(targets == IGNORE, 0.0)

    def mean(self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
        predicted = (targets != IGNORE).sum()
        total = self.losses(outputs, targets).sum()
        if smoothing:
            other = torch.where(targets == IGNORE, IGNORE, 1 - targets)
            total = (1 - smoothing / 2) * total + smoothing / 2 * self.losses(outputs, other).sum()
        return total / predicted

    def right(self, outputs: Tensor, targets: Tensor) -> tuple[int, int]:
        noise = outputs[:, 1:].masked_fill(targets[:, 1:] == IGNORE, -math.inf)
        return int((outputs[:, 0] > noise.amax(1)).sum()), len(outputs)


class WeightedSquares:
    """GloVe's f(x) (u · v + b + c − log x)² for pairs seen x times, the targets (B, 1) (Pennington et al. 2014, eq.
    8).

    An answer is right within a factor of two of x.
    """

    unit, answer = "squared nats", "pair"

    def __init__(self, x_max: float, alpha: float):
        self.x_max, self.alpha = x_max, alpha

    def weight(self, x: Tensor) -> Tensor:
        """f(x): (x / x_max)^alpha, at most 1 (equation 9)."""
        return (x / self.x_max).clamp_max(1.0) ** self.alpha

    def losses(self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
        assert smoothing == 0, "a RunConfig refuses it: there are no classes to smooth among"
        return self.weight(targets) * (outputs - targets.log()) ** 2

    def mean(self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
        return self.losses(outputs, targets, smoothing).mean()

    def right(self, outputs: Tensor, targets: Tensor) -> tuple[int, int]:
        return int(((outputs - targets.log()).abs() < math.log(2)).sum()), targets.numel()


CROSS_ENTROPY = CrossEntropy()


@dataclass(frozen=True)
class Criterion:
    """What a training minimizes: its task's objective, with the label smoothing in force."""

    objective: Objective = CROSS_ENTROPY
    smoothing: float = 0.0

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The loss of each target, in the targets' shape; 0 at ignored ones."""
        return self.objective.losses(outputs, targets, self.smoothing)

    def mean(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The mean over the predicted targets."""
        return self.objective.mean(outputs, targets, self.smoothing)


UNSMOOTHED = Criterion()
