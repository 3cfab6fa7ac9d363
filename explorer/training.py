"""train(config): the whole training loop, as an iterator of steps.

    for step in train(RunConfig.preset("reverse")):
        print(step.index, step.loss)

    batch -> forward -> finite? -> backward -> norms -> finite? -> clip -> optimizer -> Step

Deterministic: step t's batch and dropout are a function of (seed, t), arithmetic runs on one thread, so
a config's losses are the same bit for bit, whoever watches and however often it stops.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn

from explorer import memory
from explorer.config import LIVE, RunConfig
from explorer.device import choose_device, numerics
from explorer.divergence import Diverged, first_non_finite
from explorer.heads import HEAD_EVENTS, Heads
from explorer.optimizers import Flat, Optimizer
from explorer.randomness import stream
from explorer.schedules import learning_rate
from explorer.tasks import build as build_task
from explorer.tasks.base import Batch, Task
from models import precisions, word_vectors
from models.config import ModelConfig, WordVectorConfig
from models.layers import Dropout
from models.transformer import adopt
from models.transformer import build as build_model


@dataclass(frozen=True)
class Step:
    """What one optimizer step tells.

    index: from 0; the loss is that of the weights before the step, on this step's batch, in nats.
    grad_norm, clipped_grad_norm: Euclidean norm of the whole gradient before and after clipping.
    grad_norms, update_ratios: per parameter, ‖∇‖ before clipping and ‖Δθ‖/‖θ‖ as it truly was.
    metric: the task's, in [0, 1], on the batch just trained.   tokens: asked so far, in all.
    seconds: wall time of this step.
    """

    index: int
    loss: float
    lr: float
    grad_norm: float
    clipped_grad_norm: float
    metric: float
    tokens: int
    seconds: float
    grad_norms: dict[str, float]
    update_ratios: dict[str, float]


class Training(Iterator[Step]):
    """A run in memory: `next` takes one step, `apply` intervenes between steps.

    step: steps taken so far.   model, optimizer, task, config: what they say; `config` follows live changes.
    """

    def __init__(self, config: RunConfig, task: Task | None = None):
        memory.keep()
        self.config = config
        self.device = choose_device(config.train.device)
        self.task = task or build_task(config.task, config.model)
        self.model = initial_model(config, self.task).to(self.device)
        precisions.use(self.model, config.train.precision)
        self.named = dict(self.model.named_parameters())
        self.flat = Flat(self.named)
        self.grads = self.flat.split(self.flat.grads)
        self.change = torch.empty_like(self.flat.values)  # the parameters before a step, then how they moved
        self.changes = self.flat.split(self.change)
        self.optimizer = Optimizer(config.optimizer, self.flat)
        self.dropouts = [m for m in self.model.modules() if isinstance(m, Dropout)]
        self.heads = Heads(self.model)
        self.step, self.tokens = 0, 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Step:
        """One step. Diverged where a loss or gradient is not finite; StopIteration after train.steps."""
        if self.config.train.steps is not None and self.step >= self.config.train.steps:
            raise StopIteration
        start = time.perf_counter()
        with numerics(self.config), torch.enable_grad():
            step = self._take(start)
        self.step += 1
        return step

    def _take(self, start: float) -> Step:
        index = self.step
        self.model.train()
        loss, right, judged, asked = self.fill_gradients(index)
        lr = learning_rate(self.config.optimizer, index, self.config.train.steps)
        told = self.descend(lr)
        self.tokens += asked
        seconds = time.perf_counter() - start
        return Step(index=index, loss=loss, lr=lr, metric=right / judged, tokens=self.tokens, seconds=seconds, **told)

    def fill_gradients(self, index: int) -> tuple[float, int, int, int]:
        """Fills `flat.grads` for step `index`; gives the loss, answers right, of how many, and tokens asked."""
        objective = self.task.objective
        accumulate, smoothing = self.config.train.accumulate, self.config.train.label_smoothing
        loss, right, judged, asked = 0.0, 0, 0, 0
        for part in range(accumulate):
            batch = self.batch(index, part)
            self.seed_dropout(index, part)
            logits = self.model(batch.tokens, batch.source)
            part_loss = objective.mean(logits, batch.targets, smoothing) / accumulate
            with torch.no_grad():  # told is the loss itself, whatever is trained on
                told = objective.mean(logits, batch.targets) / accumulate if smoothing else part_loss
            loss += told.item()
            if not math.isfinite(loss):
                self.stop(batch, index, "loss")
            grads = torch.autograd.grad(part_loss, list(self.named.values()))
            joined = self.flat.join(dict(zip(self.named, grads, strict=True)))
            self.flat.grads.copy_(joined) if part == 0 else self.flat.grads.add_(joined)
            with torch.no_grad():
                found, of = objective.right(logits, batch.targets)
                right, judged, asked = right + found, judged + of, asked + batch.asked
        return loss, right, judged, asked

    def descend(self, lr: float) -> dict[str, Any]:
        """Clips `flat.grads` and steps the optimizer along it; gives what a Step tells of norms and ratios."""
        train, norms = self.config.train, norm_of_each(self.grads)
        grad_norm = torch.linalg.vector_norm(norms).item()
        if not math.isfinite(grad_norm):
            self.stop(self.batch(self.step, train.accumulate - 1), self.step, "gradient")
        coefficient = 1.0 if train.clip is None else min(1.0, train.clip / (grad_norm + 1e-6))
        if coefficient < 1:
            self.flat.grads.mul_(coefficient)
        ratios = self._update(lr)
        return {
            "grad_norm": grad_norm,
            "clipped_grad_norm": grad_norm * coefficient,
            "grad_norms": dict(zip(self.named, norms.tolist(), strict=True)),
            "update_ratios": dict(zip(self.named, ratios.tolist(), strict=True)),
        }

    @torch.no_grad()
    def _update(self, lr: float) -> Tensor:
        """Steps the optimizer; gives ‖Δθ‖/‖θ‖ of each parameter (0/0 counts as 0)."""
        self.change.copy_(self.flat.values)
        sizes = norm_of_each(self.changes)
        self.optimizer.set(lr, self.config.optimizer.weight_decay)
        self.optimizer.step()
        self.heads.hold(self.changes)
        self.change.sub_(self.flat.values)
        return norm_of_each(self.changes) / sizes.clamp_min(1e-12)

    def batch(self, step: int, part: int = 0) -> Batch:
        """The batch that step `step` trains on, or trained on."""
        generator = stream(self.config.train.seed, "batch", step, part)
        return self.task.batch(self.config.train.batch, generator).to(self.device)

    def seed_dropout(self, step: int, part: int) -> None:
        """The dropout of step `step` from here on: the same masks whenever that step is taken."""
        if not self.dropouts or self.config.transformer.dropout == 0:
            return
        generator = stream(self.config.train.seed, "dropout", step, part, self.device.type)
        for dropout in self.dropouts:
            dropout.generator = generator

    def stop(self, batch: Batch, index: int, what: str) -> None:
        """Raises Diverged with the name of the first tensor that is not finite."""
        first = first_non_finite(self.model, batch, self.task.objective)
        raise Diverged(index, f"the {what} is not finite; first was {first}")

    def apply(self, kind: str, detail: dict[str, Any]) -> None:
        """Carries out an event's effect, if it has one, from the next step on.

        set {path: value}; ablate, restore, freeze, unfreeze, reset {"head": "blocks.0.attention.1"}.
        ValueError where it cannot be done.
        """
        if kind == "set":
            self._set(detail)
        elif kind in HEAD_EVENTS:
            self.heads.change(kind, detail["head"], self.config.train.seed, self.step)

    def _set(self, changes: dict[str, Any]) -> None:
        stuck = sorted(set(changes) - LIVE)
        if stuck:
            raise ValueError(f"{stuck[0]} needs a restart; live are {', '.join(sorted(LIVE))}")
        self.config = self.config.replace(changes)
        if isinstance(self.config.model, ModelConfig):
            adopt(self.model, self.config.model)
            for dropout in self.dropouts:
                dropout.rate = self.config.model.dropout

    def weights(self) -> dict[str, Tensor]:
        """The parameters by name, as they are (not copies)."""
        return {name: p.detach() for name, p in self.named.items()}

    def state(self) -> dict[str, Tensor]:
        """What training needs besides the weights to go on bit for bit."""
        return self.optimizer.state() | {"tokens": torch.tensor(self.tokens)}

    @torch.no_grad()
    def load(self, step: int, weights: dict[str, Tensor], state: dict[str, Tensor]) -> None:
        """The opposite of `weights` and `state`, as of `step`."""
        for name, parameter in self.named.items():
            parameter.copy_(weights[name])
        state = dict(state)
        self.tokens = int(state.pop("tokens"))
        self.optimizer.load({k: v.to(self.device) for k, v in state.items()})
        self.step = step

    @torch.no_grad()
    def validate(self, size: int = 64) -> tuple[float, float] | None:
        """Loss and metric on a fixed held-out batch; None where every training batch is new anyway."""
        batch = self.task.held_out(size, stream(0, "validation"))
        if batch is None:
            return None
        batch = batch.to(self.device)
        self.model.eval()
        with numerics(self.config):
            logits = self.model(batch.tokens, batch.source)
            loss = self.task.objective.mean(logits, batch.targets).item()
            right, judged = self.task.objective.right(logits, batch.targets)
        return loss, right / judged


def train(config: RunConfig) -> Training:
    """Trains as `config` says: an Iterator[Step], endless unless config.train.steps.

    Raises ValueError where task and model do not fit, Diverged where a loss or gradient is not finite.
    """
    return Training(config)


def initial_model(config: RunConfig, task: Task) -> nn.Module:
    """The model with the weights that the seed gives it."""
    generator = stream(config.train.seed, "weights")
    if isinstance(config.model, WordVectorConfig):
        return word_vectors.build(config.model, len(task.vocabulary), generator)
    return build_model(config.model, len(task.vocabulary), generator, task.vocabulary.pad)


def norm_of_each(tensors: dict[str, Tensor]) -> Tensor:
    """The Euclidean norm of each tensor, in one."""
    return torch.stack(torch._foreach_norm(list(tensors.values())))
