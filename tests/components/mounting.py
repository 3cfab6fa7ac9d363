"""What the Python functions of components give the browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock, patch

import numpy as np


@contextmanager
def mounted(module: ModuleType) -> Iterator[list[Any]]:
    """What the module gives the browser meanwhile."""
    data: list[Any] = []
    with patch.object(module, "mount", lambda **given: data.append(given["data"]) or MagicMock()):
        yield data


def messages(module: ModuleType, example: Callable[[], None]) -> list[Any]:
    """What an example's calls give the browser."""
    with mounted(module) as data:
        example()
    return data


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)
