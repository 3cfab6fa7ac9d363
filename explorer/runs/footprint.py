"""Footprint: the memory and disk that a training will take, known from its settings before it begins.

config, task -> surely small? -> the model without numbers, one forward pass without arithmetic -> bytes -> refusal?

torch's "meta" device has shapes without numbers: a model built there reads one batch, and what a real forward pass
would keep for the backward pass is added up. So no kind of model is named here. The factors are measured: tests compare
the estimate with what a process takes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from explorer import tasks
from explorer.config.run import RunConfig
from explorer.runs.thinning import MOST_BYTES, RECENT, allowance
from explorer.tasks import build
from explorer.tasks.base import Task
from explorer.training.device import choose_device
from explorer.training.loop import VALIDATED, initial_model
from explorer.training.optimizers import Flat, Optimizer
from explorer.training.randomness import stream

META = torch.device("meta")
NUMBER = 4  # bytes of a float32
MOST_ROW = 1_000_000_000  # bytes in a row of SQLite, its SQLITE_MAX_LENGTH: weights and state of a checkpoint
HELD = 3  # times the weights that a training holds: values, gradients, their change
TAKING = 2  # times more during a step: the gradients singly and in one piece
SAVING = 4  # times a checkpoint while one is written: its tensors, its pieces as bytes, those joined, a row of SQLite
BETWEEN = 3  # of the largest kept tensor, in the backward pass: its scaled copy, its gradient, that of its source
OUTPUTS = 4  # of the outputs, while the loss is computed: logarithms, gradients, comparisons
IDLE = 300_000_000  # bytes that the allocator may hold back, see memory.keep, and what torch loads for itself
SMALL = 600_000_000  # bytes that every machine has
SHARE = 0.9  # of what is free that one training may take
SMALLER = ("train.batch", "task.length", "model.context", "model.layers", "model.width", "task.vocabulary")


@dataclass(frozen=True)
class Footprint:
    """What a training takes, in bytes. snapshot: of one checkpoint.   memory: at its peak.   disk: of its file."""

    parameters: int
    snapshot: int
    memory: int
    disk: int


def footprint(config: RunConfig, task: Task) -> Footprint:
    """An upper bound for a training with these settings on this task."""
    with META:
        model = initial_model(config, task)
    batch = task.batch(config.train.batch, stream(config.train.seed, "batch", 0, 0)).to(META)
    kept: dict[int, int] = {}  # bytes by storage

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        alive.append(storage)
        kept[storage._cdata] = storage.nbytes()
        return tensor

    alive: list[torch.UntypedStorage] = []  # keeps storages alive, so that no address is used twice
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        outputs = model(batch.tokens, batch.source)
    for parameter in model.parameters():
        kept.pop(parameter.untyped_storage()._cdata, None)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    weights, state = NUMBER * parameters, NUMBER * parameters * state_numbers(config)
    largest = max([*kept.values(), outputs.nbytes])
    reading = sum(kept.values()) + BETWEEN * largest + OUTPUTS * outputs.nbytes
    validating = 2 * BETWEEN * largest * max(1, VALIDATED // config.train.batch)
    snapshot = weights + state
    step = TAKING * weights + max(reading, validating)
    memory = HELD * weights + state + max(step, SAVING * snapshot) + IDLE
    checkpoints = allowance(snapshot, MOST_BYTES, RECENT)
    if config.train.steps is not None:
        checkpoints = min(checkpoints, config.train.steps + 2)
    return Footprint(parameters, snapshot, memory, (checkpoints + 1) * snapshot)


def surely(config: RunConfig, task: Task) -> int:
    """An upper bound of memory in bytes, by multiplication alone."""
    model, length, vocabulary = config.model, task.length, len(task.vocabulary)
    layers, heads = getattr(model, "layers", 1), getattr(model, "heads", 1)
    read = layers * (64 * model.width + 16 * heads * length) + 8 * vocabulary  # numbers a token
    weights = 32 * layers * model.width**2 + 4 * (vocabulary + length) * model.width
    return NUMBER * (max(config.train.batch, VALIDATED) * length * read + 20 * weights)


def state_numbers(config: RunConfig) -> int:
    """Numbers that the optimizer keeps for each parameter, found by stepping a matrix and a vector."""
    few = {"blocks.0.matrix": nn.Parameter(torch.zeros(8, 8)), "matrix": nn.Parameter(torch.zeros(8, 8))}
    flat = Flat(few | {"vector": nn.Parameter(torch.zeros(8))})
    optimizer = Optimizer(config.optimizer, flat)
    optimizer.step()
    state = optimizer.state()
    return max(
        sum(state[path].numel() for path in state if path.rpartition("/")[0] == name) // shape.numel()
        for name, shape in flat.shapes.items()
    )


def admit(config: RunConfig, folder: Path) -> Task:
    """The task of a config that can be trained here, into a file in this folder. ValueError says why it cannot."""
    tasks.check(config.task)
    task = build(config.task, config.model)
    check(config, task, folder)
    return task


def check(config: RunConfig, task: Task, folder: Path) -> None:
    """ValueError if a training would take more than there is: how much, and settings that would fit."""
    if surely(config, task) < SMALL or not (why := excess(config, footprint(config, task), folder)):
        return
    way = "a smaller model and a smaller train.batch"
    for smaller, words in alternatives(config):
        with suppress(ValueError):  # the task does not fit that context
            if not excess(smaller, footprint(smaller, build(smaller.task, smaller.model)), folder):
                way = words
                break
    raise ValueError(f"{why}; use {way}")


def check_again(config: RunConfig, task: Task) -> None:
    """ValueError if repeating training steps of a run would take more memory than there is."""
    if surely(config, task) >= SMALL and (why := excess(config, footprint(config, task), None)):
        raise ValueError(f"{why}; choose a step with a checkpoint, or a machine with more memory")


def alternatives(config: RunConfig) -> Iterator[tuple[RunConfig, str]]:
    """The same config with one setting halved, again and again, the mildest change first."""
    for path in SMALLER:
        value = config.flat().get(path)
        while isinstance(value, int) and value > 1:
            value //= 2
            try:
                yield config.replace({path: value}), f"{path}={value}"
            except ValueError:
                continue  # the heads cannot split this width, or it is the smallest


def excess(config: RunConfig, needs: Footprint, folder: Path | None) -> str:
    """What a training would take too much of, as the beginning of a sentence; empty if nothing.

    folder: of its file; None if it writes none.
    """
    model = f"a model of {needs.parameters:,} weights"
    if folder is not None and needs.snapshot > MOST_ROW:
        return f"{model} cannot be kept: one checkpoint would take {size(needs.snapshot)}, and a run file holds 1 GB"
    free = free_memory(config)
    if free is not None and needs.memory > SHARE * free:
        words = f"this training needs about {size(needs.memory)} of memory, and {size(free)} is free"
        return words + portion(needs.memory, free)
    if folder is None:
        return ""
    room = shutil.disk_usage(next(p for p in (folder, *folder.absolute().parents) if p.exists())).free
    if needs.disk > SHARE * room:
        words = f"the run file would grow to about {size(needs.disk)}, and its disk has room for {size(room)}"
        return words + portion(needs.disk, room)
    return ""


def portion(needed: int, free: int) -> str:
    """How much of what is free one training may take, if all of it would be enough; else empty."""
    return "" if needed > free else f", of which one training may take {size(int(SHARE * free))}"


def size(count: int) -> str:
    """Bytes in words."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def free_memory(config: RunConfig) -> int | None:
    """Bytes that a training may still take on the device of its config; None if the system does not say."""
    device = choose_device(config.train.device)
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        rows = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        return min(int(rows["MemAvailable"].split()[0]) * 1024, group_memory())
    except (OSError, KeyError, ValueError):
        pass
    try:  # macOS: the total, since the free amount is no stable measure
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def group_memory(folder: Path = Path("/sys/fs/cgroup")) -> int:
    """Bytes left in this container (cgroup v2); practically endless without a limit."""
    try:
        limit = int((folder / "memory.max").read_text())
        used = int((folder / "memory.current").read_text())
        rows = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        return limit - used + int(rows.get("inactive_file", 0))
    except (OSError, ValueError):
        return 1 << 62
