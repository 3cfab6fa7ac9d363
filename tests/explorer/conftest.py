"""Fixtures of the run tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_runs import recorded

from explorer import Run


@pytest.fixture
def tiny(tmp_path: Path) -> Run:
    """Forty steps of a tiny run."""
    return recorded(tmp_path / "tiny.run", 40)
