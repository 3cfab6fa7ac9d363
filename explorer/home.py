"""Where the explorer keeps what it makes: runs, caches, locks."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """EXPLORER_HOME, else a folder in the user's home."""
    return Path(os.environ.get("EXPLORER_HOME", Path.home() / ".attention-gradient-explorer"))
