"""Weights file: a run's weights at a step as one safetensors file, and anybody's such file, checked and opened.

    run, step ─> bytes, as `python -m explorer export` writes them
    bytes ─> header: model, names, shapes ─> the same as that model's? ─> numbers, finite? ─> a training that looks

Nothing of the file is unpickled or run, and no memory is taken for what its header claims before that fits a model.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from explorer.config.quoting import quoted
from explorer.config.run import RunConfig
from explorer.runs import footprint, tensors
from explorer.runs.replay import restore
from explorer.runs.run import Run
from explorer.training.loop import Training

PICKLED = (b"PK\x03\x04", b"\x80")  # how files begin that torch.save wrote, now and before 2020
OTHER = "use a file of weights that an explorer saved"
SHUFFLING_SEED = 1


@dataclass(frozen=True)
class Opened:
    """A training with the file's weights, from which no step is taken. run, step: where the file says it is from."""

    training: Training
    run: str
    step: str


def packed(run: Run, step: int, mixed: bool = False) -> bytes:
    """A run's weights after a step. mixed: the numbers of each tensor in random order; its shape stays."""
    training = restore(run, step)
    weights = {name: w.cpu().contiguous() for name, w in training.weights().items()}
    if mixed:
        weights = shuffled(weights)
    more = {"run": run.id, "step": str(step), "config": training.config.to_json()}
    return safetensors.torch.save(weights, more)


def shuffled(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same numbers of each tensor, in random order."""
    generator = torch.Generator().manual_seed(SHUFFLING_SEED)
    return {
        name: w.flatten()[torch.randperm(w.numel(), generator=generator)].reshape(w.shape)
        for name, w in weights.items()
    }


def unpacked(data: bytes, name: str, folder: Path) -> Opened:
    """The model with a file's weights. ValueError says what is wrong with it.   folder: where a run would lie."""
    called = quoted(name)
    if data.startswith(PICKLED):
        raise ValueError(f"{called} is a pickle, and opening one runs whatever is in it: it stays closed; {OTHER}")
    try:
        claims, more = tensors.claimed(data)
    except ValueError:
        raise ValueError(f"{called} has no readable header of a safetensors file; {OTHER}") from None
    if "config" not in more:
        raise ValueError(f"{called} does not say of which model its numbers are; {OTHER}")
    try:
        config = RunConfig.from_json(more["config"]).replace({"train.device": "cpu"})
        config.need("logits")
        training = Training(config, footprint.admit(config, folder))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{called} names a model that cannot be built here: {error}") from None
    expected = {key: ("F32", tuple(shape)) for key, shape in training.flat.shapes.items()}
    if claims != expected:
        first = next(key for key in [*expected, *claims] if claims.get(key) != expected.get(key))
        had, needs = claims.get(first), expected.get(first)
        how = (
            "is missing"
            if had is None
            else "is none of its tensors"
            if needs is None
            else f"is {sized(had)} and should be {sized(needs)}"
        )
        raise ValueError(f"{called} does not fit the model that it names: {quoted(first)} {how}; {OTHER}")
    try:
        weights = safetensors.torch.load(data)
    except (safetensors.SafetensorError, ValueError, RuntimeError):
        raise ValueError(f"{called} is damaged: its numbers are not where its header says; {OTHER}") from None
    if bad := next((key for key, w in weights.items() if not bool(torch.isfinite(w).all())), None):
        raise ValueError(f"{called} holds numbers that are not finite, first in {quoted(bad)}; {OTHER}")
    training.load(0, weights)
    return Opened(training, more.get("run", ""), more.get("step", ""))


def sized(claim: tuple[str, tuple[int, ...]]) -> str:
    """A tensor's shape and, where it is another than ours, its kind of numbers, in words."""
    kind, shape = claim
    return " × ".join(map(str, shape)) + ("" if kind == "F32" else f" of {kind}")
