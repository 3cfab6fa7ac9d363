"""One visit that starts run after run: descriptors stay few, in the server and in the host."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from families import needs_proc

ROOT = Path(__file__).parents[3]
VISIT = """
import resource, sys
from pathlib import Path
starts, limit, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
from tiny_runs import TINY
from waiting import until
from explorer.answers.records.attention import AttentionMaps
from explorer.runs import catalogue
from explorer.ui import server
catalogue.folder = lambda: folder

def descriptors(process):
    return len(list(Path(f"/proc/{process}/fd").iterdir()))

host, before = server.host(), None
assert host.wait()
most = {"self": 0, host.process.pid: 0}
for start in range(starts):
    if before is not None:
        host.order(before.path, "pause").result(timeout=60)
    path = server.start(TINY, "again")
    run = before = server.opened(str(path))
    until(lambda: run.last > 1, "it trains", 60)
    assert run.events and len(run.curve()["step"]) and server.about(str(path)).vocabulary
    request = server.pictures().ask(run, 0, AttentionMaps)
    assert request.answer.result(timeout=60)
    most = {process: max(known, descriptors(process)) for process, known in most.items()}
host.close()
print(starts, *most.values())
"""


@needs_proc
@pytest.mark.parametrize(("starts", "limit"), [(8, 50), pytest.param(200, 256, marks=pytest.mark.prove)])
def test_a_visit_that_starts_again_and_again_does_not_run_out_of_descriptors(tmp_path: Path, starts: int, limit: int):
    command = [sys.executable, "-c", VISIT, str(starts), str(limit), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    count, server, host = map(int, done.stdout.split())
    assert count == starts == len(list(tmp_path.glob("*.run")))
    assert server < limit * 0.8
    assert host < limit * 0.9  # the faster runs start, the more workers are there that have not ended yet


def environment() -> dict[str, str]:
    """The tests' own helpers and the explorer can be imported."""
    return os.environ | {"PYTHONPATH": f"{ROOT / 'tests' / 'support'}{os.pathsep}{ROOT}"}
