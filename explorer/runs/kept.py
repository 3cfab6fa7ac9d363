"""Kept: what a looker keeps in memory between requests, bounded by bytes in total.

P parameters.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import numpy as np

from explorer.training.loop import Training

MOST_BYTES = 512_000_000  # of one looker: six trainings of 4 million parameters with Adam, one of 20 million
Thing = TypeVar("Thing")

_shelf: OrderedDict[tuple, tuple[Any, int]] = OrderedDict()  # (kind, *key) -> a thing and its bytes, by last use


def kept(kind: str, key: tuple, make: Callable[[], Thing], size: Callable[[Thing], int], most: int) -> Thing:
    """The thing of this key, made if it is not there. most: things of this kind at once.

    size: its bytes, measured at every use since a thing may grow. If all together are too large, the least recently
    used ones go; the present one always stays.
    """
    place = (kind, *key)
    if place in _shelf:
        thing: Thing = _shelf.pop(place)[0]
    else:
        alike = [other for other in _shelf if other[0] == kind]
        for other in alike[: max(0, len(alike) + 1 - most)]:  # before making it, so that both never exist at once
            del _shelf[other]
        thing = make()
    _shelf[place] = (thing, size(thing))
    while len(_shelf) > 1 and held() > MOST_BYTES:
        _shelf.popitem(last=False)
    return thing


def held() -> int:
    """The bytes of all that is kept."""
    return sum(size for _, size in _shelf.values())


def forget(of: object = None) -> None:
    """Drops what has this in its key, or everything."""
    for place in [place for place in _shelf if of is None or of in place]:
        del _shelf[place]


def bytes_of(thing: Any) -> int:
    """The bytes of the arrays and the text in records, dictionaries and sequences; a number counts 8."""
    if isinstance(thing, np.ndarray):
        return thing.nbytes
    if isinstance(thing, str):
        return len(thing)
    if isinstance(thing, dict):
        return sum(map(bytes_of, thing)) + sum(map(bytes_of, thing.values()))
    if isinstance(thing, list | tuple):
        return sum(map(bytes_of, thing))
    if is_dataclass(thing):
        return sum(bytes_of(getattr(thing, field.name)) for field in fields(thing))
    return 8


def training_bytes(training: Training) -> int:
    """Weights, gradients, their change and the optimizer's state: 20 P bytes with Adam."""
    flat = training.flat
    tensors = (flat.values, flat.grads, training.change, *training.optimizer.state().values())
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def weights_bytes(training: Training) -> int:
    """4 P bytes in float32."""
    values = training.flat.values
    return values.numel() * values.element_size()
