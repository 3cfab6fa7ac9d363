"""How fast a run goes by the clock: under a limit it is the limit's, and what is left takes as long as that says."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_runs import recorded

from explorer import Run
from explorer.runs import file
from explorer.runs.pace import FEWEST, Pace
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore
from explorer.ui.player import steps_a_second


def after(*gaps: float) -> Pace:
    pace, moment = Pace(), 100.0
    pace.add(moment)
    for gap in gaps:
        moment += gap
        pace.add(moment)
    return pace


def test_before_the_second_step_nothing_is_known():
    assert Pace().value is None
    assert after().value is None
    assert after(0.0).value is None


@pytest.mark.parametrize("gap", [0.001, 0.25, 1.0, 100.0])
def test_even_steps_have_their_own_pace(gap):
    assert after(*[gap] * 50).value == pytest.approx(1 / gap)


def test_steps_before_a_change_are_soon_forgotten():
    assert after(*[0.001] * 500, *[1.0] * FEWEST).value == pytest.approx(1.0)
    assert after(*[1.0] * 50, *[0.001] * 3000).value == pytest.approx(1000, rel=0.01)


def test_after_a_change_of_the_limit_and_after_a_pause_it_is_measured_anew(tmp_path: Path):
    path = tmp_path / "limited.run"
    run = recorded(path, 9)
    assert run.pace() is not None
    with Recorder(path) as recorder:
        training = restore(run, run.last)
        for anew in (lambda: recorder.event(9, "speed", {"value": 1.0}), lambda: recorder.status("training")):
            anew()
            assert run.pace() is None
            for _ in range(2):
                recorder.add(next(training), training)
            recorder.status("paused")
            assert run.pace() is not None


@pytest.mark.parametrize("said", ["fast", -1.0, 0, True, None, float("inf"), float("nan")])
def test_a_file_whose_pace_is_no_pace_has_none(tmp_path: Path, said):
    path = tmp_path / "odd.run"
    recorded(path, 2).close()
    with file.connect(path, write=True) as connection:
        file.set_meta(connection, "pace", said)
    assert Run.open(path).pace() is None


@pytest.mark.parametrize(("pace", "words"), [(None, "–"), (0.01, "0.01"), (0.5, "0.5"), (1.04, "1"), (250.4, "250")])
def test_a_pace_is_said_with_the_digits_that_it_has(pace, words):
    assert steps_a_second(pace) == (words if pace is None else f"{words} steps/s")
