"""What is made small in training, and what counts as right: one small class for each kind of answer.

B batch, T position, V vocabulary, J words that a pair is scored with.
"""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

IGNORE = -100  # a target that nothing is asked of; torch.nn.functional.cross_entropy's default


class Objective(Protocol):
    """How outputs of a model are judged. `losses` are those of each target, 0 where nothing is asked.

    unit: of the loss.   answer: what each is the loss of.
    """

    unit: str
    answer: str

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The loss of each target, in the targets' shape."""

    def mean(self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
        """What training makes small: the mean over the targets asked."""

    def right(self, outputs: Tensor, targets: Tensor) -> tuple[int, int]:
        """How many answers are right, and of how many."""


def token_losses(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of each token in nats, (B, T); 0 where nothing is asked."""
    flat = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none", ignore_index=IGNORE)
    return flat.view(targets.shape)


def mean_loss(logits: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
    """Mean cross-entropy over the tokens asked, in nats.

    smoothing: ε of the target's probability is shared among all V tokens, itself included: what is trained is
    then (1 − ε) · −log p(target) + ε/V · Σ −log p (Szegedy et al. 2016, §7).
    """
    flat = logits.flatten(0, 1), targets.flatten()
    return F.cross_entropy(*flat, ignore_index=IGNORE, label_smoothing=smoothing)


class CrossEntropy:
    """Logits (B, T, V) against the right tokens (B, T); right is who says the right one."""

    unit, answer = "nats", "token"
    losses = staticmethod(token_losses)
    mean = staticmethod(mean_loss)

    def right(self, outputs: Tensor, targets: Tensor) -> tuple[int, int]:
        return int((outputs.argmax(-1) == targets).sum()), int((targets != IGNORE).sum())


class NegativeSampling:
    """Scores u · v (B, J) of a true word (target 1, the first) and of noise (0): −log σ(u · v) and −log σ(−u · v).

    Their mean is Mikolov et al.'s objective (2013b, equation 4) over J, with its sign turned. Right is a pair whose
    true word scores higher than all its noise. Smoothing moves ε/2 of a target to the other side.
    """

    unit, answer = "nats", "answer"

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        sign = 1.0 - 2.0 * targets  # +1 of noise, −1 of the true word: softplus(x) is −log σ(−x)
        return F.softplus(sign * outputs).masked_fill(targets == IGNORE, 0.0)

    def mean(self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
        asked = (targets != IGNORE).sum()
        total = self.losses(outputs, targets).sum()
        if smoothing:
            other = torch.where(targets == IGNORE, IGNORE, 1 - targets)
            total = (1 - smoothing / 2) * total + smoothing / 2 * self.losses(outputs, other).sum()
        return total / asked

    def right(self, outputs: Tensor, targets: Tensor) -> tuple[int, int]:
        noise = outputs[:, 1:].masked_fill(targets[:, 1:] == IGNORE, -math.inf)
        return int((outputs[:, 0] > noise.amax(1)).sum()), len(outputs)


class WeightedSquares:
    """GloVe's f(x) (u · v + b + c − log x)² for pairs seen x times, the targets (B, 1) (Pennington et al. 2014, eq. 8).

    Right is who says x within a factor of two.
    """

    unit, answer = "squared nats", "pair"

    def __init__(self, x_max: float, alpha: float):
        self.x_max, self.alpha = x_max, alpha

    def weight(self, x: Tensor) -> Tensor:
        """f(x): (x / x_max)^alpha, at most 1 (equation 9)."""
        return (x / self.x_max).clamp_max(1.0) ** self.alpha

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return self.weight(targets) * (outputs - targets.log()) ** 2

    def mean(self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
        assert smoothing == 0, "a RunConfig refuses it: there are no classes to smooth among"
        return self.losses(outputs, targets).mean()

    def right(self, outputs: Tensor, targets: Tensor) -> tuple[int, int]:
        return int(((outputs - targets.log()).abs() < math.log(2)).sum()), targets.numel()


CROSS_ENTROPY = CrossEntropy()
