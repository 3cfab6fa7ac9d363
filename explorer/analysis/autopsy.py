"""Autopsy of a step that failed: every operation watched, the first that broke named.

the failing step again -> Watch, operation by operation -> autopsy: which, where, from what, in words
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from explorer.analysis.watch import Watch, placed, summary
from explorer.measure.autopsy import BrokenWeight, Cause, Fault, Held
from explorer.measure.names import operation_words, tap_words, tensor_name
from explorer.training.device import numerics
from explorer.training.loop import Training


def autopsy(training: Training) -> Cause:
    """Repeats the next step of `training`, which failed, and finds the first operation whose result is not finite.

    Changes no weight.
    """
    index, config = training.step, training.config
    training.model.train()
    watch = Watch(training.model)
    grads: dict[str, Tensor] = {}
    with numerics(config), torch.enable_grad():
        for part, batch in enumerate(training.batches(index)):
            training.seed_dropout(index, part)
            watch.trail.clear()
            with placed(training.model, watch), watch:
                watch.back = False
                logits = training.model(batch.tokens, batch.source)
                loss = training.criterion.mean(logits, batch.targets) / config.train.accumulate
                watch.back = True
                if watch.fault is None:
                    parts = torch.autograd.grad(loss, list(training.named.values()))
                    grads = {n: grads.get(n, 0) + g for n, g in zip(training.named, parts, strict=True)}
            if watch.fault is not None:
                break
    training.model.eval()
    fault = watch.fault
    if fault is None:
        return too_large(index, watch.trail, grads)
    if fault.weight is not None:
        words = f"`{tensor_name(fault.weight)}`"
        return Cause(index, "weight", words, watch.trail, fault, broken_weight(training, fault.weight, words_of(fault)))
    return Cause(index, "backward" if fault.back else "forward", words_of(fault), watch.trail, fault)


def words_of(fault: Fault) -> str:
    """The computation, in words."""
    if not fault.back:
        return operation_words(fault.place, fault.tap, fault.operation)
    return f"the backward pass of {tap_words(fault.tap) if fault.came_back else 'the cross-entropy'}"


def trail(training: Training) -> list[Held]:
    """The values of every tap on the batch of the next step, in order. Changes no weight."""
    training.model.train()
    watch = Watch(training.model)
    batch = training.batches(training.step)[0]
    training.seed_dropout(training.step, 0)
    with numerics(training.config), torch.no_grad(), placed(training.model, watch):
        training.model(batch.tokens, batch.source)
    training.model.eval()
    return watch.trail


def broken_weight(training: Training, name: str, user: str) -> BrokenWeight:
    """How many entries of a parameter are not finite, and the first of them."""
    wrong = ~training.named[name].detach().isfinite()
    return BrokenWeight(name, int(wrong.sum()), [int(i) for i in wrong.nonzero()[0]], user)


def too_large(index: int, trail: list[Held], grads: dict[str, Tensor]) -> Cause:
    """The cause if every gradient is finite: the sum of squares overflows, or there is none."""
    norms = {name: float(grad.norm()) for name, grad in grads.items()}
    if math.isfinite(float(torch.tensor(list(norms.values())).norm())):
        return Cause(index, "none", "nothing", trail)
    name = max(grads, key=lambda n: float(grads[n].abs().max()))
    return Cause(index, "norm", "the norm of the gradient", trail, gradient=summary(name, grads[name]))
