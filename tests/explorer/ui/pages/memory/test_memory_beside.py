"""What stands beside a run on the Memory page: of a race every kind, all seeds, and every run of the visit."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded
from visits import look, settled, visit, visit_of

from explorer import RunConfig
from explorer.charts import theme
from explorer.config import memory_race
from explorer.runs import catalogue, race
from explorer.runs.recorder import Recorder
from explorer.training.loop import Training
from explorer.ui import server
from explorer.ui.memory import rivals
from explorer.ui.parts import lanes

SHORT = {"model.context": 12, "task.delay": 8, "train.batch": 4}
MEMORY = {"remembers": "Through time"}


def begun(configs: dict[str, RunConfig]) -> list[str]:
    """The names of the runs of a race that took a step."""
    paths = race.begin(configs, "memory-race")
    for path, config in zip(paths, configs.values(), strict=True):
        with Recorder(path) as recorder:
            training = Training(config)
            recorder.describe(training)
            recorder.snapshot(training)
            recorder.add(next(training), training)
            recorder.snapshot(training)
            recorder.status("finished")
    return [path.stem for path in paths]


@pytest.fixture(scope="module")
def racing(served) -> list[str]:
    made = memory_race.configs(1, memory_race.SEEDS)
    return begun({name: config.replace(SHORT) for name, config in made.items()})


def beside(app: AppTest):
    (box,) = [box for box in app.selectbox if box.label == "Beside it"]
    return box


def test_of_five_seeds_of_four_kinds_each_can_stand_beside_one(racing):
    app = look("memory", {"run": racing[1]}, **MEMORY)
    options = beside(app).options
    assert options[:4] == ["nothing", "LSTM · seed 0", "GRU · seed 0", "Transformer · seed 0"]
    assert set(options[1:]) == set(memory_race.configs(1, memory_race.SEEDS)) - {"RNN · seed 1"}
    assert beside(app).value == racing[15]
    assert "beside" not in app.query_params, "what it shows at first"


def test_seeds_of_one_contender_share_its_colour_and_each_contender_has_another(racing):
    view: Any = SimpleNamespace(run=server.opened(str(catalogue.path_of(racing[7]))))
    assert [one.color for one in lanes.contenders(view)] == [theme.layer(index) for index in range(4)]
    colors = rivals.colors(view)
    assert colors["LSTM"] == colors["LSTM · seed 2"] != colors["GRU"]


def test_what_stands_beside_is_in_the_address_and_every_run_of_the_visit_is_offered(racing):
    others = []
    for kind in ("rnn", "lstm", "gru", "lstm", "gru", "rnn", "gru"):
        path = catalogue.new_path(kind)
        recorded(path, 1, TINY.replace({"model.kind": kind, "model.width": 8})).close()
        others.append(path.stem)
    app = look("memory", {"run": others[0]}, **MEMORY, beside=others[3], prediction="3")
    assert beside(app).value == others[3], "of a link, though this visit did not look at it"
    assert (app.query_params["beside"], app.query_params["prediction"]) == (others[3], "3")
    for name in others[1:]:
        visit_of(app).opened[name] = None
    app = settled(app.run())
    assert len(beside(app).options) == len(others)
    beside(app).set_value("nothing")
    assert settled(app).query_params["beside"] == "nothing"


def test_a_run_beside_that_is_not_here_is_refused_in_a_sentence(racing):
    app = visit("memory", run=racing[0], beside="gone-123456", **MEMORY)
    said = [box.value for box in app.error]
    assert any("there is no run" in line and "choose another under “Beside it”" in line for line in said), said
    assert beside(settled(app)).value == racing[15]
