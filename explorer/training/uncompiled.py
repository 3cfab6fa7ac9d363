"""Uncompiled: torch's optimizers without torch's compiler, which nothing here uses.

Each of torch's optimizers tells the compiler, when it is built and at every step, to leave it alone, and for that torch
loads it: 1.6 s of a core in every process that trains. Under the compiler's name stands what does nothing; whoever asks
it for anything else gets the compiler itself, which is loaded then.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
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


class Whole:
    """Finds modules within the compiler, as `import torch._dynamo.utils` names them: the compiler comes first.

    Without it they would be loaded into what stands under its name, and their own imports of it would fail.
    """

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """None: others find it, or it is found as what the compiler has loaded already."""
        if not (name.startswith(f"{NAME}.") and isinstance(sys.modules.get(NAME), Absent)):
            return None
        loaded()
        module = sys.modules.get(name)
        return ModuleSpec(name, Loaded(module), origin=module.__file__) if module else None


class Loaded(Loader):
    """Gives a module that is there already. module: as it was loaded."""

    def __init__(self, module: ModuleType):
        self.module, self.spec = module, module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module."""
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is done a second time."""
        module.__spec__ = self.spec


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
    sys.meta_path.insert(0, Whole)
