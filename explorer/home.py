"""Where the explorer keeps what it makes, and the numbers that its environment may set."""

from __future__ import annotations

import math
import os
from pathlib import Path

NUMBERS = {  # a variable -> its default, and the least that it may be
    "EXPLORER_WORKERS": (0.0, 0.0),  # trainings at once; 0: as many as cores
    "EXPLORER_GRACE_SECONDS": (10.0, 0.0),  # without a viewer, before a run pauses
    "EXPLORER_PREPARE": (1.0, 0.0),  # 0: texts and maps are loaded when somebody asks for them, and not before
    "EXPLORER_VISIT_MB": (4000.0, 1.0),  # of runs that one visit may begin
    "EXPLORER_RUNS_MB": (50000.0, 1.0),  # of all runs
    "EXPLORER_SNAPSHOT_MB": (160.0, 1.0),  # of one run's snapshots
}


def number(variable: str) -> float:
    """What the environment says, or the default. ValueError names the variable if that is no number, or too small."""
    default, least = NUMBERS[variable]
    text = os.environ.get(variable, "").strip()
    try:
        value = float(text) if text else default
    except ValueError:
        value = math.nan
    if not least <= value < math.inf:
        raise ValueError(f"{variable}={text[:40]!r} is no number of {least:g} or more; set another, or unset it")
    return value


def home() -> Path:
    """EXPLORER_HOME, with `~` as the user's home; if it is not set or blank, a folder in the user's home.

    ValueError if the user's home is needed and unknown.
    """
    chosen = os.environ.get("EXPLORER_HOME", "").strip() or "~/.attention-gradient-explorer"
    try:
        return Path(chosen).expanduser().absolute()
    except RuntimeError:
        raise ValueError(
            f"there is no home folder for {chosen}; set EXPLORER_HOME to a folder where runs may be kept"
        ) from None
