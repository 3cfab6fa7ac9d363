"""The autopsy of a step that could not be taken: every operation watched, the first that broke named.

the failing step again -> Watch, operation by operation -> autopsy: which, where, from what, in words
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from explorer.device import numerics
from explorer.measure.places import operation_words, tap_words
from explorer.trace import mean_loss
from explorer.training import Training
from explorer.watch import Watch, placed, summary


def autopsy(training: Training) -> dict[str, Any]:
    """The next step of `training` again, which failed: the first operation whose result is not finite.

    kind: forward, backward, weight (it was not finite before the step), norm (each gradient is finite, the sum
    of their squares is not) or none (the step can be taken here).   words: what was computed, in words.
    trail: every tap in order with its largest size.   The rest as `Watch.found` says.   Changes no weight.
    """
    index, config = training.step, training.config
    training.model.train()
    watch = Watch(training.model)
    grads: dict[str, Tensor] = {}
    with numerics(config), torch.enable_grad():
        for part in range(config.train.accumulate):
            batch = training.batch(index, part)
            training.seed_dropout(index, part)
            watch.trail.clear()
            with placed(training.model, watch), watch:
                watch.back = False
                logits = training.model(batch.tokens, batch.source)
                loss = mean_loss(logits, batch.targets, config.train.label_smoothing) / config.train.accumulate
                watch.back = True
                if watch.found is None:
                    parts = torch.autograd.grad(loss, list(training.named.values()))
                    grads = {n: grads.get(n, 0) + g for n, g in zip(training.named, parts, strict=True)}
            if watch.found is not None:
                break
    training.model.eval()
    told = {"index": index, "trail": watch.trail, "part": part}
    found = watch.found
    if found is None:
        return told | too_large(grads)
    if found["weight"] is not None:
        words = {"kind": "weight", "words": f"`{found['weight']}`", "user": words_of(found)}
        return told | found | words | bad_weight(training, found["weight"])
    return told | found | {"kind": "backward" if found["back"] else "forward", "words": words_of(found)}


def words_of(found: dict[str, Any]) -> str:
    """What `Watch.found` was computing, in words."""
    if not found["back"]:
        return operation_words(found["place"], found["tap"], found["operation"])
    return f"the backward pass of {tap_words(found['tap']) if found['came_back'] else 'the cross-entropy'}"


def trail(training: Training) -> list[dict[str, Any]]:
    """What every tap holds on the batch of the next step, in order. Changes no weight."""
    training.model.train()
    watch = Watch(training.model)
    batch = training.batch(training.step)
    training.seed_dropout(training.step, 0)
    with numerics(training.config), torch.no_grad(), placed(training.model, watch):
        training.model(batch.tokens, batch.source)
    training.model.eval()
    return watch.trail


def bad_weight(training: Training, name: str) -> dict[str, Any]:
    """How many entries of a parameter are not finite, and where the first is."""
    wrong = ~training.named[name].detach().isfinite()
    return {"count": int(wrong.sum()), "first": [int(i) for i in wrong.nonzero()[0]]}


def too_large(grads: dict[str, Tensor]) -> dict[str, Any]:
    """Where every gradient is finite: the parameter of the largest, if their squares are too large to add up."""
    norms = {name: float(grad.norm()) for name, grad in grads.items()}
    if math.isfinite(float(torch.tensor(list(norms.values())).norm())):
        return {"kind": "none", "words": "nothing"}
    name = max(grads, key=lambda n: float(grads[n].abs().max()))
    return {"kind": "norm", "words": "the norm of the gradient", "tensor": name, "output": summary(grads[name])}
