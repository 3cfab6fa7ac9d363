"""Every benchmark can be loaded: what it measures is still called so."""

from importlib import import_module
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__main__"))
def test_a_benchmark_can_be_loaded(name):
    import_module(f"benchmarks.{name}")
