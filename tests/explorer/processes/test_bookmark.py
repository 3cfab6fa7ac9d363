"""A bookmark of a view of the past stands in the file where it was made, and is shown where it is of."""

from __future__ import annotations

from pathlib import Path

from tiny_runs import TINY, problems

from explorer.processes.racer import Racer
from explorer.runs import file
from explorer.runs.run import Run


def test_a_bookmark_of_the_past_is_shown_at_the_step_that_was_looked_at(tmp_path: Path):
    path = tmp_path / "marked.run"
    file.begin(path, TINY)
    racer = Racer(path)
    for _ in range(5):
        racer.take_step()
    for detail in ({"step": 2}, {"step": 5}, {"step": 9}, {}):
        racer.change("bookmark", {"label": "", **detail})
    racer.pause("by hand")
    racer.recorder.close()
    run = Run.open(path)
    marks = [event for event in run.events if event.kind == "bookmark"]
    assert [event.step for event in marks] == [5, 5, 5, 5]
    assert [event.shown.step for event in marks] == [2, 5, 5, 5]
    assert not problems(run)
