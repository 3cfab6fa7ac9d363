"""An answer between processes: plain values and arrays as one string of bytes, without pickle."""

from __future__ import annotations

import json
from typing import Any, Literal

import numpy as np
import safetensors.numpy

Answer = tuple[dict[str, Any], dict[str, np.ndarray]]  # plain values and arrays
# a looker computes one answer after another, so there is one for pictures at hand, one for those that take a while,
# and one for maps, where umap is loaded and never runs twice at once
Lane = Literal["quick", "slow", "maps"]


def pack(plain: dict[str, Any], arrays: dict[str, np.ndarray]) -> bytes:
    """safetensors with the plain values in its metadata, and the arrays' order, which safetensors forgets."""
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    return safetensors.numpy.save(whole, {"plain": json.dumps(plain), "names": json.dumps(list(arrays))})


def unpack(data: bytes) -> Answer:
    """The opposite of `pack`."""
    length = int.from_bytes(data[:8], "little")
    told = json.loads(data[8 : 8 + length])["__metadata__"]
    arrays = safetensors.numpy.load(data)
    return json.loads(told["plain"]), {name: arrays[name] for name in json.loads(told["names"])}
