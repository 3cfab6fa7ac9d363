"""Tensors: the tensors of a snapshot, checked against their model before they are read.

bytes ─> header: names, types, shapes ─> the same as the model's? ─> tensors

The header of a safetensors file is JSON and may be anyone's; its claims are checked before memory is allocated for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated

import safetensors
import safetensors.torch
import torch
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from torch import Tensor, nn

from explorer.config.quoting import quoted
from explorer.config.settings import OptimizerConfig
from explorer.runs import contents
from explorer.runs.contents import RunFileError
from explorer.runs.run import Run, Snapshot
from explorer.training.optimizers import Flat, Optimizer

LONGEST = 5_000_000  # bytes of a header
MOST_TOKENS = 2**53
MORE = "__metadata__"  # the header's own name for what is no tensor
Shapes = Mapping[str, tuple[int, ...]]  # by name
Claims = dict[str, tuple[str, tuple[int, ...]]]  # type and shape by name
COUNTER = "tokens"  # stored with the optimizer's state


class _Entry(BaseModel):
    """A header's entry for one tensor."""

    dtype: str
    shape: Annotated[list[Annotated[int, Field(ge=0, le=2**40)]], Field(max_length=8)]


_HEADER = TypeAdapter(dict[str, _Entry])
_MORE = TypeAdapter(dict[str, str])


def weights(run: Run, snapshot: Snapshot, shapes: Shapes) -> dict[str, Tensor]:
    """A snapshot's weights by name. RunFileError unless they have these shapes in float32."""
    return _read(run, snapshot.step, snapshot.weights, {name: ("F32", tuple(shape)) for name, shape in shapes.items()})


def state(run: Run, snapshot: Snapshot, shapes: Shapes) -> dict[str, Tensor]:
    """The rest of the training's state. RunFileError unless it is what the run's optimizer keeps for these weights."""
    assert snapshot.state is not None
    kept = _kept(run.config.optimizer.name, tuple((name, len(shape)) for name, shape in shapes.items()))
    expected = {
        path: ("F32", () if single else tuple(shapes[path.rpartition("/")[0]])) for path, single in kept.items()
    }
    counter = {COUNTER: ("I64", ())}
    fresh = set(shapes_of(run, snapshot.step, snapshot.state)) == {
        COUNTER
    }  # before the first step most optimizers keep nothing
    tensors = _read(run, snapshot.step, snapshot.state, counter if fresh else expected | counter)
    if not 0 <= int(tensors[COUNTER]) <= MOST_TOKENS:
        raise RunFileError(f"{run.path.name} counts tokens that cannot be; {contents.OTHER}")
    return tensors


def shapes_of(run: Run, step: int, data: bytes) -> Claims:
    """Type and shape of each tensor, as the header claims. RunFileError if it cannot be read."""
    try:
        return claimed(data)[0]
    except ValueError:
        raise RunFileError(
            f"the weights of {run.path.name} at step {step:,} have no readable header; {contents.OTHER}"
        ) from None


def claimed(data: bytes) -> tuple[Claims, dict[str, str]]:
    """What a header claims: of each tensor type and shape, and what else it says. ValueError if it cannot be read."""
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or not 8 + size <= len(data) or size > LONGEST:
        raise ValueError("there is no header")
    try:
        header = json.loads(data[8 : 8 + size])
        entries = _HEADER.validate_python({k: v for k, v in header.items() if k != MORE})
        more = _MORE.validate_python(header.get(MORE, {}))
    except (ValueError, AttributeError, RecursionError, ValidationError):
        raise ValueError("the header cannot be read") from None
    return {name: (entry.dtype, tuple(entry.shape)) for name, entry in entries.items()}, more


def _read(run: Run, step: int, data: bytes, expected: Mapping[str, tuple[str, tuple[int, ...]]]) -> dict[str, Tensor]:
    claims = shapes_of(run, step, data)
    if claims != dict(expected):
        name = next(n for n in [*expected, *claims] if claims.get(n) != expected.get(n))
        what = f"the weights of {run.path.name} at step {step:,} do not fit its model"
        raise RunFileError(f"{what}, {quoted(name)} first; {contents.OTHER}")
    try:
        return safetensors.torch.load(data)
    except (safetensors.SafetensorError, ValueError, RuntimeError):
        raise RunFileError(f"the weights of {run.path.name} at step {step:,} are damaged; open another run") from None


@lru_cache(maxsize=32)
def _kept(name: str, ranks: tuple[tuple[str, int], ...]) -> dict[str, bool]:
    """What an optimizer keeps after a step, by path; True for a single number. ranks: of each parameter.

    Found by stepping the smallest parameters of these names.
    """
    parameters = {parameter: nn.Parameter(torch.zeros([1] * rank)) for parameter, rank in ranks}
    optimizer = Optimizer(OptimizerConfig.model_validate({"name": name}), Flat(parameters))
    optimizer.set(1e-3, 0.0)
    optimizer.step()
    return {path: value.ndim == 0 for path, value in optimizer.state().items()}
