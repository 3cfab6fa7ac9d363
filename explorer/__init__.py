"""The engine of the Attention & Gradient Explorer: works in a notebook or a terminal.

    from explorer import RunConfig, Run, train, observe, presets, write

Names are imported when first used, so that reading a config or a run file does not load torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

HOMES = {
    "RunConfig": "explorer.config.run",
    "Run": "explorer.runs.run",
    "train": "explorer.training.loop",
    "observe": "explorer.trace",
    "presets": "explorer.config.presets",
    "write": "explorer.answers.writing.text",
}
__all__ = ["Run", "RunConfig", "observe", "presets", "train", "write"]


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"explorer has no {name}; it has {', '.join(HOMES)}")
    value = getattr(import_module(HOMES[name]), name)
    globals()[name] = value
    return value
