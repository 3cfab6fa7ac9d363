"""Message: what a component of ours gets from Python, a description and its numbers in one string of bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

ALIGNMENT = 8  # bytes: the numbers may be read where they lie


def pack(header: Mapping[str, Any], arrays: Sequence[np.ndarray], dtype: str = "<f4") -> bytes:
    """Header length (uint32, little-endian), JSON padded to a multiple of 8 bytes, then the values.

    Values follow one another in the order of `arrays`, each in C order, as `dtype`; NaN and infinity travel
    as they are. The header says their shapes.
    """
    text = json.dumps(header, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 4) % ALIGNMENT)
    values = [np.ascontiguousarray(array, dtype=dtype).tobytes() for array in arrays]
    return b"".join([len(text).to_bytes(4, "little"), text, *values])
