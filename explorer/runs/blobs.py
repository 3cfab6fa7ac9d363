"""Blobs: tensors as the bytes of a safetensors file, whose header is made once for tensors of these names and shapes.

A run writes a checkpoint several times a second, of a hundred small tensors that are called the same every time: making
their header anew took two thirds of the time.
"""

from __future__ import annotations

import json
from collections import OrderedDict

import numpy as np
import safetensors.numpy

HEADERS = 16  # that are kept
_headers: OrderedDict[tuple, tuple[bytes, list[str]]] = OrderedDict()  # and the names in the order of their bytes


def saved(named: dict[str, np.ndarray]) -> bytes:
    """The same bytes as `safetensors.numpy.save`."""
    kind = tuple((name, array.dtype.str, array.shape) for name, array in named.items())
    if kind not in _headers:
        _headers[kind] = header(safetensors.numpy.save(named))
        while len(_headers) > HEADERS:
            _headers.popitem(last=False)
    begins, names = _headers[kind]
    return b"".join([begins, *(np.ascontiguousarray(named[name]).reshape(-1).view(np.uint8).data for name in names)])


def header(data: bytes) -> tuple[bytes, list[str]]:
    """The bytes before the first tensor's, and the tensors' names in the order of theirs."""
    end = 8 + int.from_bytes(data[:8], "little")
    places = {name: entry["data_offsets"] for name, entry in json.loads(data[8:end]).items() if name != "__metadata__"}
    return data[:end], sorted(places, key=lambda name: (places[name], name))
