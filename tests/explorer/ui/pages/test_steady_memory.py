"""A long day of visits: what they leave behind in the server, the host and the lookers has a bound."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from families import needs_proc

ROOT = Path(__file__).parents[4]
MINUTES = 60
GROWTH = 64_000_000  # bytes by which a process may have more in the second half than it ever had in the first
DAY = """
import itertools, json, sys, time
from pathlib import Path
from families import family, resident
from streamlit.testing.v1 import AppTest
from waiting import until
from explorer import RunConfig
from explorer.runs import catalogue, deleted
from explorer.ui import server, sitemap

minutes, app, folder = float(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
catalogue.folder = lambda: folder
PAGES = [name for name in sitemap.TITLES if name != "start"]
PRESETS = ("reverse", "sort", "words-cbow", "addition")
KEPT = 10
DISCARDS = "from pathlib import Path; from explorer.ui import room; room.discard(Path({path!r}))"

def look(run, page, **step):
    visit = AppTest.from_file(app, default_timeout=300)
    for name, value in {"run": run, **step}.items():
        visit.query_params[name] = value
    visit.run()
    visit.switch_page(f"../pages/{page}.py").run()
    visit.run()
    assert not visit.exception, (page, visit.exception)

def trains(preset):
    changes = {"train.steps": None, "optimizer.schedule": "constant"}
    path = server.start(RunConfig.preset(preset).replace(changes), preset)
    until(lambda: server.opened(str(path)).last > 20, f"{path.stem} trains", 300)
    return path

def day(preset):
    path = trains(preset)
    for page in PAGES:
        look(path.stem, page)
        look(path.stem, page, step="7")
    server.host().order(path, "pause").result(timeout=300)
    again = trains(preset)  # started again
    server.host().order(again, "pause").result(timeout=300)
    for old in catalogue.newest(1000)[KEPT:]:  # those that somebody looks at stay
        AppTest.from_string(DISCARDS.format(path=str(old)), default_timeout=300).run()
    deleted.empty()

assert server.host().wait(300)
host = server.host().process.pid
lasting = {"host": host} | {f"looker {n}": own for n, own in enumerate(sorted(family(host) - {host}))}
assert len(lasting) == 4
end, rows = time.monotonic() + 60 * minutes, []
for preset in itertools.cycle(PRESETS):
    if time.monotonic() > end:
        break
    day(preset)
    rows.append({name: resident(own) for name, own in ({"server": "self"} | lasting).items()})
    print(json.dumps(rows[-1]), flush=True)
assert len(list(folder.glob("*.run"))) <= KEPT + 4
server.host().close()
"""


@needs_proc
@pytest.mark.prove
def test_no_process_grows_with_the_visits_that_it_has_seen(tmp_path: Path):
    app = str(ROOT / "explorer" / "app.py")
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'tests' / 'support'}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-c", DAY, str(MINUTES), app, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    rounds = [json.loads(line) for line in done.stdout.splitlines()]
    half = len(rounds) // 2
    assert half >= 2, "too few visits to tell"
    for name in rounds[0]:
        first, second = (max(own[name] for own in part) for part in (rounds[:half], rounds[half:]))
        assert second - first <= GROWTH, f"{name}: {[own[name] // 1_000_000 for own in rounds]} MB after each visit"
