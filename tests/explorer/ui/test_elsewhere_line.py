"""What stands in the place of a page's sentence where a step is computed again by another processor."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from tiny_runs import TINY, recorded

from explorer.runs.recorder import Recorder
from explorer.runs.whereabouts import places
from explorer.training import place
from explorer.training.place import Place
from explorer.ui import frame

HERE = Place("2.13.0", "x86_64", "AVX2", "cpu", "0123456789ab")


def lines(monkeypatch: pytest.MonkeyPatch, run, step: int, here: Place | None) -> list[str]:
    monkeypatch.setattr(frame.server, "host", lambda: SimpleNamespace(computes=here))
    return [line] if (line := frame.elsewhere_computed(SimpleNamespace(run=run, step=step))) else []


def test_a_step_between_snapshots_of_a_run_from_elsewhere_says_so_and_no_other(tmp_path: Path, monkeypatch):
    run = recorded(tmp_path / "a.run", 9)
    with Recorder(run.path) as recorder:  # a slow machine keeps more steps than every seventh
        recorder._connection.execute("DELETE FROM snapshots WHERE step = 8")
    (line,) = lines(monkeypatch, run, 8, HERE)
    assert line.startswith(f"Between snapshots recomputed on another processor ({HERE.words}; trained by")
    assert "at most 0.1 % of the loss" in line
    (trained,) = places(run, 0, 9)
    assert trained is not None
    (line,) = lines(monkeypatch, run, 8, replace(trained, rounding="another"))
    assert "may round otherwise" in line, "one name for both is no difference"
    assert line.count(trained.words) == 1
    assert not lines(monkeypatch, run, 7, HERE)
    assert not lines(monkeypatch, run, 8, places(run, 0, 9)[0])
    assert not lines(monkeypatch, run, 8, None)


@pytest.mark.parametrize(("device", "there"), [("cpu", True), ("cuda", False)])
def test_a_run_in_a_precision_that_this_processor_lacks_says_that_it_is_slow(monkeypatch, device: str, there: bool):
    monkeypatch.setattr(place, "multiplies_bfloat16", lambda: False)
    monkeypatch.setattr(frame.server, "host", lambda: SimpleNamespace(computes=replace(HERE, device=device)))
    for precision, slow in (("float32", False), ("bfloat16", there)):
        said = frame.slow_precision(SimpleNamespace(config=TINY.replace({"train.precision": precision})))
        assert ("ten times slower than float32" in said) is slow
