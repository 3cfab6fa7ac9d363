"""Uncompiled: torch's optimizers without torch's compiler, which nothing here uses.

Each of torch's optimizers tells the compiler, when it is built and at every step, to leave it alone, and for that torch
loads it: 1.6 s of a core in every process that trains. Under the compiler's name stands what does nothing; whoever asks
it for anything else gets the compiler itself, which is loaded then.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import torch

NAME = "torch._dynamo"


class Absent(ModuleType):
    """The compiler, until something of it is needed."""

    @staticmethod
    def disable(function: Callable[..., Any], *given: Any, **named: Any) -> Callable[..., Any]:
        """The function, which nobody compiles."""
        return function

    @staticmethod
    def graph_break(*given: Any, **named: Any) -> None:
        """Ends a graph that nobody records."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(loaded(), name)


def loaded() -> ModuleType:
    """The compiler itself."""
    if isinstance(sys.modules.get(NAME), Absent):
        del sys.modules[NAME]
        vars(torch).pop("_dynamo", None)
    return import_module(NAME)


def leave_out() -> None:
    """From now on it is not loaded before it is needed; where it is loaded already, it stays."""
    if NAME in sys.modules:
        return
    spec = find_spec(NAME)
    absent = Absent(NAME)
    absent.__spec__, absent.__path__ = spec, list(spec.submodule_search_locations or ()) if spec else []
    sys.modules[NAME] = absent
    vars(torch)["_dynamo"] = absent
