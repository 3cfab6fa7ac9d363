"""`of_run`: a run's training as a seeded script of PyTorch alone that gives the run's losses.

It is written for reading: the run's own sizes as constants, real shapes in comments. What it draws it draws as the run
does, by a generator for each purpose and step, so that its losses are the run's but for the last bits of float32: sums
are taken in another order, and over many steps such differences grow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from explorer.config.optimizers import OPTIMIZERS, UpdateRule
from explorer.config.run import RunConfig
from explorer.config.schedules import SCHEDULES, points
from explorer.runs.run import Run
from explorer.script import data, models
from explorer.script.packing import Script
from explorer.script.template import filled
from explorer.tasks.base import Task
from explorer.tasks.objective import CrossEntropy, NegativeSampling, WeightedSquares
from explorer.training.heads import HEAD_EVENTS
from models.config import ModelConfig, RecurrentConfig, TranslatorConfig, WordVectorConfig

LONGEST = 80  # lines of code
FEW = 200  # steps of a run that has none yet and no end
INSIDE = {  # by family, what tells the matrices within its layers by their names
    ModelConfig: '"blocks" in name',
    RecurrentConfig: '"layers" in name',
    TranslatorConfig: 're.search("layers|query|key|output", name)',
    WordVectorConfig: "False",
}

HEAD = """
import hashlib
import math  @math
import re  @re

import torch
from torch import nn
from torch.nn import functional as F

SEED, STEPS, BATCH, LR = $seed, $steps, $batch, $lr
$constants
"""
STREAM = """
def stream(purpose, step=0, part=0):  # all randomness: a generator for each purpose and step
    name = hashlib.blake2b(f"{SEED}/{purpose}/{step}/{part}".encode(), digest_size=4).digest()
    return torch.Generator().manual_seed(int.from_bytes(name, "big"))

weights = stream("weights")
"""
RATE = """
def rate(step):  # the learning rate: $meaning
    s, n = min(step - $warmup, $n), $n  @long
    if step < $warmup:  @warms&long
        return LR * (step + 1) / $warmup  @warms&long
    return $warming$rate  @!long
    top = 0.3 * n - 1  @one-cycle
    if s < top:  @one-cycle
        return LR * (1 + (1 / 25 - 1) * 0.5 * (1 + math.cos(math.pi * s / top)))  @one-cycle
    p = min(1.0, (s - top) / max(1.0, n - 1 - top))  @one-cycle
    return LR * (1 / 250_000 + (1 - 1 / 250_000) * 0.5 * (1 + math.cos(math.pi * p)))  @one-cycle
    curve = $curve  @drawn
    for (left, low), (right, high) in zip(curve, curve[1:]):  @drawn
        if s / n <= right:  @drawn
            return LR * (low + (high - low) * (s / n - left) / (right - left))  @drawn
"""
RATES = {  # those of one line: {since} steps after the warm-up, of {n}
    "constant": "LR",
    "linear": "LR * (1 - min(1, {since} / {n}))",
    "cosine": "LR * 0.5 * (1 + math.cos(math.pi * min(1, {since} / {n})))",
}
LOOP = """
torch.set_num_threads(1)
for step in range(STEPS):
    shown = 0.0  @parts
    for part in range($parts):  # gradients averaged over several batches  @parts
        noise = stream("dropout", step, part)  @parts&dropout
        tokens, targets, source = batch(stream("batch", step, part))  # $tokens  @parts&!recorded
        tokens, targets, source = batches.pop(0)  # $tokens  @parts&recorded
        outputs = model($inputs)  @parts
        loss = $loss / $parts  @parts
        loss.backward()  @parts
        shown += $plain.item() / $parts  @parts&smoothed
        shown += loss.item()  @parts&!smoothed
    noise = stream("dropout", step)  @!parts&dropout
    tokens, targets, source = batch(stream("batch", step))  # $tokens  @!parts&!recorded
    tokens, targets, source = batches.pop(0)  # $tokens  @!parts&recorded
    outputs = model($inputs)  @!parts
    loss = $loss  @!parts
    loss.backward()  @!parts
    nn.utils.clip_grad_norm_(model.parameters(), $clip)  @clip
    for optimizer in optimizers:  @rest
        for group in optimizer.param_groups:  @rest
            group["lr"] = rate(step)  @rest
        optimizer.step()  @rest
        optimizer.zero_grad()  @rest
    for group in optimizer.param_groups:  @!rest
        group["lr"] = rate(step)  @!rest
    optimizer.step()  @!rest
    optimizer.zero_grad()  @!rest
    print(step, $shown, flush=True)$why
"""
BY_SHAPE = '[{{"params": [p], "weight_decay": {} * (p.ndim > 1)}} for p in others]'
LOSSES: dict[type, Callable[[Any, str], str]] = {
    CrossEntropy: lambda objective, smoothing: f"F.cross_entropy(outputs.flatten(0, 1), targets.flatten(){smoothing})",
    NegativeSampling: lambda objective, smoothing: (
        "(F.softplus((1 - 2 * targets) * outputs) * (targets >= 0)).sum() / (targets >= 0).sum()"
    ),
    WeightedSquares: lambda objective, smoothing: (
        f"((targets / {objective.x_max}).clamp_max(1) ** {objective.alpha} * (outputs - targets.log()) ** 2).mean()"
    ),
}


def of_run(run: Run, last: int | None = None) -> Script:
    """The script of a run's first `last` steps (None: all), or of those until a hand changed it.

    ValueError says what no line is written for.
    """
    config, until, change = span(run)
    steps = (run.last if last is None else last) or config.train.steps or FEW
    return of_config(config, run.task, min(steps, until), change if until < steps else "")


def span(run: Run) -> tuple[RunConfig, int, str]:
    """The settings of step 0, the step before which a hand changed them, and a sentence about that."""
    config = run.config_at(0)
    for event in run.events:
        if event.kind in HEAD_EVENTS:
            return config, event.step, f"At step {event.step} a head of the run was changed by hand."
        if event.kind == "edit":
            return config, event.step, f"At step {event.step} a fact was taught to the run by hand."
        if event.kind != "set" or event.step == 0:
            continue
        changed = {path for path, value in event.detail.items() if config.get(path) != value}
        if not SCHEDULES[config.optimizer.schedule].ends:
            changed.discard("train.steps")
        if changed:
            return config, event.step, f"At step {event.step} {min(changed)} was changed by hand."
    return config, 10**9, ""


def of_config(config: RunConfig, task: Task, steps: int, change: str = "") -> Script:
    """The script of the first `steps` steps of a training. change: a sentence about why it ends there."""
    refuse(config, task, steps)
    source = data.data(config, task, steps)
    if source.steps is not None and source.steps < steps:
        steps, change = source.steps, f"{data.FILE} holds as many batches."
    tokens, of_source = data.shapes(task, config)
    flags, values = for_templates(config, task, tokens, of_source)
    flags |= {"recorded"} if source.steps is not None else set()
    head = {"seed": config.train.seed, "steps": steps, "batch": config.train.batch, "lr": config.optimizer.lr}
    parts = [
        "\n".join(filled(HEAD, flags, values | head)),
        "\n".join(filled(STREAM, flags, values)),
        "\n".join(models.lines(config.model, values, flags)),
        "\n".join(source.lines),
        "\n".join(filled(RATE, flags, values)),
        "\n".join(optimizers(config)),
        "\n".join(filled(LOOP, flags, values)),
    ]
    return Script(about(config, steps, change, source.tensors is not None), parts, source.tensors, steps)


def refuse(config: RunConfig, task: Task, steps: int) -> None:
    """ValueError for what no line is written for."""
    if steps < 1:
        raise ValueError("this run was changed by hand before its first step; no PyTorch is written for that")
    if config.train.own_prefix:
        raise ValueError(
            "this run reads its own tokens while it trains (train.own_prefix); no PyTorch is written for it"
        )
    if config.train.precision != "float32":
        raise ValueError(f"no PyTorch is written for train.precision={config.train.precision}; use float32")
    if config.optimizer.schedule not in {*RATES, "one-cycle", "drawn"}:
        raise ValueError(f"no PyTorch is written for optimizer.schedule={config.optimizer.schedule}")
    if type(task.objective) not in LOSSES:
        raise ValueError(f"no PyTorch is written for the loss of task.name={config.task.name}")
    if config.train.label_smoothing and not isinstance(task.objective, CrossEntropy):
        raise ValueError("no PyTorch is written for label smoothing of word vectors; use train.label_smoothing=0")


def for_templates(
    config: RunConfig, task: Task, tokens: tuple[int, ...], source: tuple[int, ...] | None
) -> tuple[set[str], dict[str, Any]]:
    """What the templates ask for: flags, and values by name."""
    train, optimizer, model = config.train, config.optimizer, config.model
    schedule, warmup = SCHEDULES[optimizer.schedule], optimizer.warmup
    after = max(1, (train.steps or 0) - warmup)
    parts, pad = train.accumulate, task.vocabulary.pad
    C, V = model.width, len(task.vocabulary)
    heads = getattr(model, "heads", 1)
    holds = {
        "parts": parts > 1,
        "clip": train.clip is not None,
        "smoothed": train.label_smoothing > 0,
        "dropout": getattr(model, "dropout", 0) > 0,
        "rest": OPTIMIZERS[optimizer.name].rest is not None,
        "re": OPTIMIZERS[optimizer.name].rest is not None and INSIDE[type(model)].startswith("re."),
        "pad": pad is not None,
        "warms": warmup > 0,
        "long": optimizer.schedule not in RATES,
        "math": optimizer.schedule in ("cosine", "one-cycle"),
        optimizer.schedule: True,
    }
    smoothing = f", label_smoothing={train.label_smoothing}" if train.label_smoothing else ""
    loss = LOSSES[type(task.objective)]
    values = {
        "constants": models.constants(model, V, pad),
        "stream": (*tokens, C),
        "width": C,
        "heads": (tokens[0], heads, tokens[-1], C // heads),
        "scores": (tokens[0], heads, tokens[-1], tokens[-1]),
        "logits": (*tokens, V),
        "vectors": f"{(*tokens, C)}, {(*(source or tokens), C)}",
        "warmup": warmup,
        "meaning": schedule.meaning.partition(",")[0],
        "warming": f"LR * (step + 1) / {warmup} if step < {warmup} else " if warmup else "",
        "rate": RATES.get(optimizer.schedule, "").format(since=f"(step - {warmup})" if warmup else "step", n=after),
        "n": after,
        "curve": points(optimizer.drawn),
        "parts": parts,
        "tokens": tokens,
        "inputs": "tokens" if source is None else "tokens, source",
        "loss": loss(task.objective, smoothing),
        "plain": loss(task.objective, ""),
        "clip": train.clip,
        "shown": "shown" if parts > 1 else f"{loss(task.objective, '')}.item()" if smoothing else "loss.item()",
        "why": "  # the plain loss; a smoothed one is minimized" if smoothing else "",
    }
    return {flag for flag, holds_ in holds.items() if holds_}, values


def optimizers(config: RunConfig) -> list[str]:
    """The optimizers, matrices with weight decay apart from vectors without."""
    rule = OPTIMIZERS[config.optimizer.name]
    decay = config.optimizer.weight_decay
    if rule.rest is None:
        lists = (
            "matrices, vectors = ([p for p in model.parameters() if (p.ndim > 1) == high] for high in (True, False))"
        )
        return [lists, f"groups = {groups(matrices=decay, vectors=0.0)}", f"optimizer = {built(rule, 'groups')}"]
    inside = INSIDE[type(config.model)]
    return [
        f"inside = [p for name, p in model.named_parameters() if p.ndim == 2 and {inside}]",
        "others = [p for p in model.parameters() if all(p is not one for one in inside)]",
        f"optimizers = [{built(rule, groups(inside=decay))},",
        f"    {built(OPTIMIZERS[rule.rest], BY_SHAPE.format(decay))}]",
    ]


def groups(**decays: float) -> str:
    """Parameter groups, by the names of lists, each with its weight decay."""
    return "[" + ", ".join(f'{{"params": {name}, "weight_decay": {value}}}' for name, value in decays.items()) + "]"


def built(rule: UpdateRule, chosen: str) -> str:
    """Torch's optimizer of some groups."""
    constants = "".join(f", {key}={value!r}" for key, value in rule.constants.items())
    return f"torch.optim.{rule.torch}({chosen}, lr=LR{constants})"


def about(config: RunConfig, steps: int, change: str, reads: bool) -> str:
    """What stands at the top of a script."""
    preset, differences = config.nearest_preset()
    name = f"The preset {preset}" + (f" with {len(differences)} other settings" if differences else "")
    lines = [
        f"{name}, trained by PyTorch alone: it prints the losses of steps 0 to {steps - 1}.",
        *([change] if change else []),
        *([f"It reads {data.FILE}, which has to lie beside it."] if reads else []),
        "On another processor the last digits differ, and over many steps more than those.",
    ]
    return "\n".join(lines)
