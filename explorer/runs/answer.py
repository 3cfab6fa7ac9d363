"""An answer between processes: plain values and arrays as one string of bytes, without pickle."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import safetensors.numpy

Answer = tuple[dict[str, Any], dict[str, np.ndarray]]  # plain values and arrays


def pack(plain: dict[str, Any], arrays: dict[str, np.ndarray]) -> bytes:
    """safetensors with the plain values in its metadata."""
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    return safetensors.numpy.save(whole, {"plain": json.dumps(plain)})


def unpack(data: bytes) -> Answer:
    """The opposite of `pack`."""
    length = int.from_bytes(data[:8], "little")
    plain = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["plain"])
    return plain, safetensors.numpy.load(data)
