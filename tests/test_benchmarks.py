"""Every benchmark can be loaded: what it measures is still called so."""

from importlib import import_module
from pathlib import Path

import pytest

from benchmarks.__main__ import NAMES, QUICK

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__main__"))
def test_a_benchmark_can_be_loaded(name):
    import_module(f"benchmarks.{name}")


def test_each_has_figures_and_those_of_two_minutes_have_quick_ones():
    assert set(QUICK) < set(NAMES)
    for name in NAMES:
        module = import_module(f"benchmarks.{name}")
        assert callable(module.figures)
        assert callable(getattr(module, "quick", None)) == (name in QUICK)
