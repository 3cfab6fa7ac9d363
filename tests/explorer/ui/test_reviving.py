"""The host is killed: another takes its place by itself, says what died, and goes on with what is watched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from families import needs_proc
from tiny_runs import TINY
from waiting import until

from explorer import Run
from explorer.answers.records.attention import AttentionMaps
from explorer.answers.records.task import About
from explorer.runs import file
from explorer.ui import server


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Run]]:
    """Two runs that nobody has trained yet, and a host of this test's own, for one at a time."""
    monkeypatch.setenv("EXPLORER_WORKERS", "1")
    server.host.clear()
    server.watchers.clear()
    made = []
    for name in ("watched", "waiting", "left"):
        file.begin(tmp_path / f"{name}.run", TINY)
        made.append(server.opened(str(tmp_path / f"{name}.run")))
    yield made
    server.host().close()
    server.host.clear()
    server.watchers.clear()


@needs_proc
def test_what_is_watched_goes_on_after_the_host_was_killed_and_the_visitor_is_told_what_died(runs: list[Run]):
    watched, waiting, left = runs
    first = server.host()
    for run in runs:
        first.order(run.path, "play")
    server.watchers().look("one", str(watched.path))
    server.watchers().look("two", str(waiting.path))
    until(lambda: watched.last > 3 and first.place(left.path) == 2, "one trains and two wait")
    assert first.ordered() == [run.path for run in runs], "who trains goes on before who waits"
    request = server.pictures().ask(watched, 0, AttentionMaps)
    first.process.kill()
    until(lambda: watched.status.state == "paused", "it is told")
    assert "was killed" in watched.status.reason
    stopped = watched.last
    until(lambda: watched.last > stopped, "it trains on", 60)
    host = server.host()
    assert host is not first
    assert any("was killed; another has been started" in complaint for complaint in host.complaints(watched.path))
    until(lambda: host.place(waiting.path) == 1, "the other waits again")
    assert not host.concerned(left.path)
    assert request.answer.exception(timeout=60) is None or server.pictures().ask(watched, 0, AttentionMaps)


def test_asking_a_host_that_is_still_starting_holds_nobody_up(runs: list[Run]):
    host = server.host()
    request = host.request(About, path=str(runs[0].path))
    order = host.order(runs[0].path, "single")
    assert not host.ready
    assert request.answer.result(timeout=60).vocabulary
    order.result(timeout=60)
    until(lambda: runs[0].last == 1, "the order was carried out")
