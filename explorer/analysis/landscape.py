"""The loss of a run's own model anywhere in weight space: on a plane, along a line.

training at a step + batches ─> Landscape ─> losses at any weights, dropout off

Weights are flat, in the order of `optimizers.Flat`: one vector of P numbers. To evaluate a point, it is written into
the model for a forward pass; nothing is differentiated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from explorer.measure.plane import Plane
from explorer.tasks.base import Batch
from explorer.training.device import numerics
from explorer.training.loop import Training
from explorer.training.optimizers import Flat
from explorer.training.randomness import stream

SAMPLES = 32  # of a batch, at most


class Landscape:
    """The mean losses of some batches as a function of the weights. Owns `training`, whose weights it overwrites."""

    def __init__(self, training: Training, batches: Sequence[Batch]):
        self.training, self.batches = training, batches
        self.flat = training.flat
        self.home = self.flat.values.clone()
        training.model.eval()

    @torch.inference_mode()
    def losses(self) -> list[float]:
        """The loss of every batch at the model's present weights, in nats."""
        model, mean = self.training.model, self.training.task.objective.mean
        return [mean(model(b.tokens, b.source), b.targets).item() for b in self.batches]

    def losses_at(self, weights: np.ndarray) -> list[float]:
        """The same at other weights (P,)."""
        with numerics(self.training.config):
            self.flat.values.copy_(torch.from_numpy(np.asarray(weights, dtype=np.float32)))
            return self.losses()

    def over(self, plane: Plane) -> Callable[[float, float], list[float]]:
        """The losses at coordinates of a plane. At its origin they equal those of the origin's weights to the bit."""
        origin, first, second = (self.moved(vector) for vector in (plane.origin, *plane.axes))

        def losses(a: float, b: float) -> list[float]:
            with numerics(self.training.config):
                torch.add(origin, first, alpha=a, out=self.flat.values).add_(second, alpha=b)
                return self.losses()

        return losses

    def along(self, start: np.ndarray, direction: np.ndarray, at: np.ndarray) -> Iterator[list[float]]:
        """The losses at start + t · direction for every t of `at`."""
        losses = self.over(Plane(start, np.stack([direction, np.zeros_like(direction)])))
        return (losses(float(t), 0.0) for t in at)

    def moved(self, vector: np.ndarray) -> Tensor:
        """A vector of weight space in the model's numbers."""
        return torch.from_numpy(np.asarray(vector, dtype=np.float32)).to(self.flat.values.device)


def first_samples(batch: Batch, most: int = SAMPLES) -> Batch:
    """The first samples of a batch, at most this many."""
    return Batch(batch.tokens[:most], batch.targets[:most], None if batch.source is None else batch.source[:most])


def held_out(training: Training, size: int = SAMPLES) -> tuple[Batch, bool]:
    """Samples that the run does not train on, the same at every step, and whether they are new ones.

    They are new if the task has endless samples and so holds none out.
    """
    generator = stream(0, "validation")
    batch = training.task.held_out(size, generator)
    return (training.task.batch(size, generator) if batch is None else batch).to(training.device), batch is None


def random_directions(flat: Flat, seed: int, count: int = 2) -> np.ndarray:
    """Filter-normalised random directions (count, P), from the weights in `flat` (Li et al. 2018, §4).

    Every row of a matrix is drawn from a normal distribution and rescaled to the length of the weights' row; vectors
    (biases and norms) get 0. A tensor of more dimensions has a row for each entry of the first.
    """
    directions = []
    for i in range(count):
        generator = stream(seed, "direction", i)
        direction = torch.zeros(flat.values.shape)
        for name, tensor in flat.split(direction).items():
            if tensor.ndim < 2:
                continue
            weights = flat.split(flat.values)[name].flatten(1).cpu()
            noise = torch.randn(weights.shape, generator=generator)
            lengths = torch.linalg.vector_norm(noise, dim=1, keepdim=True)
            tensor.copy_((noise / lengths * torch.linalg.vector_norm(weights, dim=1, keepdim=True)).view(tensor.shape))
        directions.append(direction.double().numpy())
    return np.stack(directions)
