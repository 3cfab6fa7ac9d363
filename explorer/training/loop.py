"""train(config): the whole training loop, as an iterator of steps.

    for step in train(RunConfig.preset("reverse")):
        print(step.index, step.loss)

batch -> forward -> finite? -> backward -> norms -> finite? -> clip -> optimizer -> Step

Deterministic: step t's batch and dropout are a function of (seed, t), and arithmetic runs on one thread, so a config's
losses are the same bit for bit, however it is watched or interrupted.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn

from explorer.config.run import LIVE, RunConfig
from explorer.tasks import build as build_task
from explorer.tasks.base import Batch, Task
from explorer.tasks.objective import Criterion
from explorer.training import memory
from explorer.training.device import choose_device, numerics
from explorer.training.divergence import Diverged, first_non_finite
from explorer.training.editing import edit
from explorer.training.heads import HEAD_EVENTS, Heads
from explorer.training.optimizers import Flat, Optimizer
from explorer.training.own_prefix import with_own_prefix
from explorer.training.place import NEWEST, Implementation
from explorer.training.randomness import stream
from explorer.training.schedules import learning_rate
from models import families, fast, precisions
from models.layers import Dropout

VALIDATED = 64  # held-out examples


@dataclass(frozen=True)
class Step:
    """The results of one optimizer step.

    index: from 0; the loss is that of the weights before the step, on this step's batch, in nats. grad_norm,
    clipped_grad_norm: Euclidean norm of the whole gradient before and after clipping. grad_norms, update_ratios: per
    parameter, ‖∇‖ before clipping and ‖Δθ‖/‖θ‖ of the actual update. metric: the task's, in [0, 1], on the batch just
    trained.   tokens: predicted so far, in total. seconds: wall time of this step.
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

    step: steps taken so far.   config: follows live changes.   implementation: of the model's forward and backward
    pass, which differ in their last bits.
    """

    def __init__(self, config: RunConfig, task: Task | None = None, implementation: Implementation = NEWEST):
        memory.keep()
        self.implementation = implementation
        self.config = config
        self.device = choose_device(config.train.device)
        self.task = task or build_task(config.task, config.model)
        self.model = initial_model(config, self.task).to(self.device)
        precisions.use(self.model, config.train.precision)
        self.named = dict(self.model.named_parameters())
        self.flat = Flat(self.named)
        self.grads = self.flat.split(self.flat.grads)
        self.change = torch.empty_like(self.flat.values)  # the parameters before a step, then their change
        self.changes = self.flat.split(self.change)
        self.optimizer = Optimizer(config.optimizer, self.flat)
        self.dropouts = [m for m in self.model.modules() if isinstance(m, Dropout)]
        self.heads = Heads(self.model)
        self.step, self.tokens = 0, 0
        self.whole = True  # False once weights were loaded without a state: no step can be taken from there

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Step:
        """Takes one step. Diverged if a loss or gradient is not finite; StopIteration after train.steps."""
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
        loss, right, answers, predicted = self.fill_gradients(index)
        lr = learning_rate(self.config.optimizer, index, self.config.train.steps)
        norms = self.descend(lr)
        self.tokens += predicted
        seconds = time.perf_counter() - start
        return Step(index=index, loss=loss, lr=lr, metric=right / answers, tokens=self.tokens, seconds=seconds, **norms)

    def fill_gradients(self, index: int) -> tuple[float, int, int, int]:
        """Fills `flat.grads` for step `index`; returns the loss, right answers, answers, and predicted tokens."""
        criterion, objective, batches = self.criterion, self.task.objective, self.batches(index)
        loss, right, answers, predicted = 0.0, 0, 0, 0
        for part, batch in enumerate(batches):
            self.seed_dropout(index, part)
            logits, gradients = self.forward(batch)
            part_loss = criterion.mean(logits, batch.targets) / len(batches)
            with torch.no_grad():  # report the plain loss, even if training minimizes another
                plain_loss = objective.mean(logits, batch.targets) / len(batches) if criterion.smoothing else part_loss
            loss += plain_loss.item()
            if not math.isfinite(loss):
                self.stop(batch, index, "loss")
            if part == 0:
                self.flat.join(gradients(part_loss), out=self.flat.grads)
            else:
                self.flat.grads.add_(self.flat.join(gradients(part_loss)))
            with torch.no_grad():
                hits, of = objective.right(logits, batch.targets)
                right, answers, predicted = right + hits, answers + of, predicted + batch.predicted
        return loss, right, answers, predicted

    def forward(self, batch: Batch) -> tuple[Tensor, Callable[[Tensor], dict[str, Tensor]]]:
        """The model's outputs for a batch, and what gives the gradient of each parameter from a loss of them."""
        if self.plain_because:
            parameters = list(self.named.values())
            outputs = self.model(batch.tokens, batch.source)
            return outputs, lambda loss: dict(zip(self.named, torch.autograd.grad(loss, parameters), strict=True))
        logits, backward = fast.forward(self.model, batch.tokens, batch.source)
        logits.requires_grad_()

        def gradients(loss: Tensor) -> dict[str, Tensor]:
            of = backward(*torch.autograd.grad(loss, logits))
            return {name: of[parameter] for name, parameter in self.named.items()}

        return logits, gradients

    @property
    def plain_because(self) -> str:
        """Why the plain implementation takes the next step, in words; empty if the fast one does."""
        return "its run began with it" if self.implementation == "plain" else fast.refusal(self.model)

    def descend(self, lr: float) -> dict[str, Any]:
        """Clips `flat.grads` and steps the optimizer; returns a Step's norms and ratios."""
        train, norms = self.config.train, norm_of_each(self.grads)
        grad_norm = torch.linalg.vector_norm(norms).item()
        if not math.isfinite(grad_norm):
            self.stop(self.batches(self.step)[-1], self.step, "gradient")
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
        """Steps the optimizer; returns ‖Δθ‖/‖θ‖ of each parameter (0/0 counts as 0)."""
        assert self.whole
        self.change.copy_(self.flat.values)
        sizes = norm_of_each(self.changes)
        self.optimizer.set(lr, self.config.optimizer.weight_decay)
        self.optimizer.step()
        self.heads.hold(self.changes)
        self.change.sub_(self.flat.values)
        return norm_of_each(self.changes) / sizes.clamp_min(1e-12)

    @property
    def criterion(self) -> Criterion:
        """What a step minimizes on each of its batches."""
        return Criterion(self.task.objective, self.config.train.label_smoothing)

    def batches(self, step: int) -> list[Batch]:
        """The batches of a step as the present weights read them: as many as gradients are averaged over."""
        return [self.read(self.batch(step, part), step, part) for part in range(self.config.train.accumulate)]

    def read(self, batch: Batch, step: int, part: int = 0) -> Batch:
        """A batch of step `step` with the share of the model's own tokens that training reads in it."""
        share = self.config.train.own_prefix
        if not share:
            return batch
        with numerics(self.config):
            return with_own_prefix(self.model, batch, share, stream(self.config.train.seed, "own prefix", step, part))

    def batch(self, step: int, part: int = 0) -> Batch:
        """One of the batches of step `step`, as the task has it."""
        generator = stream(self.config.train.seed, "batch", step, part)
        return self.task.batch(self.config.train.batch, generator).to(self.device)

    @property
    def dropout(self) -> float:
        """The largest share of values that the model zeroes while training; 0 without dropout."""
        return max((dropout.rate for dropout in self.dropouts), default=0.0)

    def seed_dropout(self, step: int, part: int) -> None:
        """Seeds the dropout of step `step`: the same masks whenever that step is taken."""
        if not self.dropout:
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

        set {path: value}; ablate, restore, freeze, unfreeze, reset {"head": "blocks.0.attention.1"}; edit {"edit": …}
        with the fields of `Edit`. ValueError if it cannot be done.
        """
        if kind == "set":
            self._set(detail)
        elif kind == "edit":
            edit(self, detail["edit"])
        elif kind in HEAD_EVENTS:
            self.heads.change(kind, detail["head"], self.config.train.seed, self.step)

    def _set(self, changes: dict[str, Any]) -> None:
        stuck = sorted(set(changes) - LIVE)
        if stuck:
            raise ValueError(f"{stuck[0]} needs a restart; live are {', '.join(sorted(LIVE))}")
        self.adopt(self.config.replace(changes))

    def adopt(self, config: RunConfig) -> None:
        """Takes over a config that differs in live fields only."""
        self.config = config
        families.adopt(self.model, config.model)

    def weights(self) -> dict[str, Tensor]:
        """The parameters by name, as they are (not copies)."""
        return {name: p.detach() for name, p in self.named.items()}

    def state(self) -> dict[str, Tensor]:
        """What training needs besides the weights to go on bit for bit."""
        assert self.whole
        return self.optimizer.state() | {"tokens": torch.tensor(self.tokens)}

    @torch.no_grad()
    def load(self, step: int, weights: dict[str, Tensor], state: dict[str, Tensor] | None = None) -> None:
        """Inverse of `weights` and `state`, as of `step`. Without a state, no step can be taken from there."""
        for name, parameter in self.named.items():
            parameter.copy_(weights[name])
        if state is not None:
            state = dict(state)
            self.tokens = int(state.pop("tokens"))
            self.optimizer.load({k: v.to(self.device) for k, v in state.items()})
        self.step, self.whole = step, state is not None

    @torch.no_grad()
    def validate(self, size: int = VALIDATED) -> tuple[float, float] | None:
        """Loss and metric on a fixed held-out batch; None if every training batch is new anyway."""
        batch = self.task.held_out(size, stream(0, "validation"))
        if batch is None:
            return None
        batch = batch.to(self.device)
        self.model.eval()
        with numerics(self.config):
            logits = self.model(batch.tokens, batch.source)
            loss = self.task.objective.mean(logits, batch.targets).item()
            right, answers = self.task.objective.right(logits, batch.targets)
        return loss, right / answers


def train(config: RunConfig) -> Training:
    """Trains as `config` says: an Iterator[Step], endless unless config.train.steps.

    Raises ValueError if task and model do not fit, Diverged if a loss or gradient is not finite.
    """
    return Training(config)


def initial_model(config: RunConfig, task: Task) -> nn.Module:
    """The model with its initial weights, from the seed."""
    generator = stream(config.train.seed, "weights")
    return families.build(config.model, len(task.vocabulary), generator, task.vocabulary.pad)


def norm_of_each(tensors: dict[str, Tensor]) -> Tensor:
    """The Euclidean norms of the tensors, in one tensor."""
    return torch.stack(torch._foreach_norm(list(tensors.values())))
