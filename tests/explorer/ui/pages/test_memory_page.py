"""The Memory page run by Streamlit without a browser: its sections on recurrent runs and on a Transformer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from messages import looked_for
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded
from visits import unfold, visit_of
from waiting import until

from explorer import RunConfig
from explorer.answers.records.recurrence import ByDelay, Found, Since
from explorer.config import memory_race
from explorer.config.presets import BROKEN
from explorer.measure.following import Follower
from explorer.measure.recurrence import remembered
from explorer.runs import catalogue
from explorer.training.loop import Training
from explorer.ui import server
from explorer.ui.memory import finding, race, racers

APP = str(Path(__file__).parents[4] / "explorer" / "app.py")
STEPS = 6
KINDS = {
    "lstm": {"model.kind": "lstm", "model.width": 8, "model.layers": 1},
    "decoder": {},
    "rnn": {"model.kind": "rnn", "model.layers": 2},
}


SECTIONS = ("Through time", "Inside the cells", "Find a cell")


@pytest.fixture(scope="module")
def runs(served) -> dict[str, str]:
    made = {}
    for kind, changes in KINDS.items():
        path = catalogue.new_path(kind)
        recorded(path, STEPS, TINY.replace({"optimizer.lr": 5e-3} | changes), every=3).close()
        made[kind] = path.stem
    return made


def visit(section: str, run: str, *earlier: str) -> AppTest:
    """A visit that looks at a run, and looked at others before, on the Memory page."""
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params["run"] = run
    app.run()
    for name in earlier:
        visit_of(app).opened[name] = None
    app.query_params["remembers"] = section
    app.switch_page("../pages/memory.py")
    return settled(app.run())


def settled(app: AppTest) -> AppTest:
    until(lambda: not any("computing" in c.value for c in app.run().caption), "slow pictures are there")
    assert not app.exception, app.exception
    assert not any("nan" in line for line in looked_for(app)), looked_for(app)
    return app


def test_through_time_says_how_the_gradient_changes_with_each_token(runs):
    said = looked_for(settled(unfold(visit("Through time", runs["lstm"]), "Memory", "Through time")))
    assert any("each token back" in line for line in said)
    assert any("tokens back the gradient is" in line for line in said)
    assert any("most of it comes from" in line for line in said)


def test_another_run_stands_beside_it_on_the_same_scale(runs):
    app = visit("Through time", runs["lstm"], runs["decoder"])
    (beside,) = [box for box in app.selectbox if box.label == "Beside it"]
    assert any("decoder" in option for option in beside.options)
    beside.set_value(runs["decoder"])
    settled(app)
    assert sum("each token back" in line for line in looked_for(app)) == 1
    assert sum("attention reads each token directly" in line for line in looked_for(app)) == 1


def test_the_layer_is_the_same_in_every_section_and_one_layer_is_no_choice(runs):
    app = visit("Through time", runs["rnn"])
    assert app.segmented_control(key="memory-layer-2").value == 1
    app.segmented_control(key="memory-layer-2").set_value(0)
    for section in ("Inside the cells", "Race", "Find a cell", "Through time"):
        app.segmented_control(key="remembers").set_value(section)
        settled(app)
        if section != "Race":
            assert app.segmented_control(key="memory-layer-2").value == 0
    app = visit("Inside the cells", runs["lstm"])
    assert not [one for one in app.segmented_control if one.label == "Layer"]


@pytest.mark.parametrize(("kind", "says"), [("lstm", "forget gate"), ("rnn", "there is no gate here")])
def test_inside_the_cells_says_how_long_they_keep(runs, kind, says):
    assert any(says in line for line in looked_for(visit("Inside the cells", runs[kind])))


def test_find_a_cell_says_what_tells_the_span_and_shows_where_else_a_cell_is_on(runs):
    app = visit("Find a cell", runs["lstm"])
    said = looked_for(app)
    assert any("these tokens have in common" in line for line in said), said
    said = looked_for(settled(unfold(app, "Memory", "Find a cell")))
    assert any("on where it is coloured; the token is" in line for line in said), said


def test_a_cell_that_follows_has_a_mark_since_when_it_does_and_no_other_has(runs):
    follower, other = Follower(3, True, 0.5, 0.95, 0.92, 1.0), Follower(1, False, 0.2, 0.95, 0.4, 1.0)
    found = Found(60, 0, list("abcd"), "the token is “a”", 0.2, 64, "cell", [follower, other])
    steps, least = np.arange(0, 70, 10), np.zeros((7, 5))
    least[3:, 3], least[:, 2] = 0.93, 1  # cell 2 follows too, and is not among the best of this step
    path = catalogue.path_of(runs["lstm"])
    view: Any = SimpleNamespace(run=SimpleNamespace(path=path))
    view.newest = lambda: SimpleNamespace(picture=lambda *_, **__: Since(60, 0, found.what, steps, least))
    begins = finding.first_steps(view, found)
    assert begins == {3: 30}
    (event,) = server.discoveries()[str(path)]
    assert event.label == "step 30: cell 3 of layer 1: the token is “a”"
    assert "follows since step 30 |" in finding.table(found, begins)
    assert finding.sentence(found, begins).endswith(
        "The first is cell 3, since step 30: the player bar has a mark there."
    )
    del server.discoveries()[str(path)]


def test_a_transformer_has_no_cells(runs):
    app = visit("Inside the cells", runs["decoder"])
    assert any("has no recurrent state to look into" in info.value for info in app.info)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_network_of_one_cell_that_reads_one_token_is_shown(served, section):
    path = catalogue.new_path("one")
    config = RunConfig.preset("brackets-gru").replace({"model.width": 1, "train.batch": 4})
    recorded(path, 2, config).close()
    app = visit(section, path.stem)
    app.segmented_control(key="input-kind").set_value("own text")
    app.run()
    app.text_input(key="input-text").set_value("a")
    settled(app)
    assert looked_for(app)


def test_what_explodes_on_purpose_is_diagnosed_and_its_cure_named_on_gradients(served):
    path = catalogue.new_path("explodes")
    recorded(path, 2, BROKEN["exploding-rnn"].config, every=2).close()
    app = visit("Through time", path.stem)
    assert any("gradient grows to" in line for line in looked_for(app))
    app.switch_page("../pages/gradients.py")
    until(lambda: any("Grows through time" in line.value for line in app.run().markdown), "the diagnosis is there")
    assert not app.exception, app.exception
    said = [line.value for line in app.markdown]
    assert any("Broken on purpose** · Recurrent weights × 6" in line for line in said)
    assert any("`model.gain` `6.0` → `1.0`" in line for line in said)


@pytest.mark.parametrize("kind", ["gru-encoder-decoder", "gru-attention"])
@pytest.mark.parametrize("section", SECTIONS)
def test_a_recurrent_decoder_has_states_and_cells_too(served, kind, section):
    path = catalogue.new_path(kind)
    changes = {"model.kind": kind, "model.width": 8, "train.batch": 4}
    recorded(path, 2, RunConfig.preset("dates-gru").replace(changes)).close()
    assert looked_for(visit(section, path.stem))


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("gru-encoder-decoder", "there is no attention to read one directly"),
        ("gru-attention", "Attention reads each state directly, on a path of length 1"),
    ],
)
def test_the_way_to_an_encoders_states_is_said_and_proved(served, kind, says):
    path = catalogue.new_path(kind)
    changes = {"model.kind": kind, "model.width": 8, "train.batch": 4}
    recorded(path, 2, RunConfig.preset("dates-gru").replace(changes)).close()
    app = visit("Through time", path.stem)
    (choice,) = [one for one in app.segmented_control if one.label == "States of the"]
    assert choice.options == ["encoder, left to right", "encoder, right to left", "decoder"]
    triangle, curves = looked_for(app)
    assert says in curves
    assert says not in triangle, "under which it would be a line more than fits a screen"
    unfold(app, "Memory", "Through time")
    settled(app)
    app.button(key="prove-time").click()
    settled(app)
    (verdict,) = [line.value for line in app.markdown if "central differences" in line.value]
    assert ":green[" in verdict, verdict
    app.segmented_control(key="memory-states-3").set_value("decoder")
    until(lambda: not any(says in line for line in looked_for(app.run())), "the decoder’s triangle is there")
    assert any("each token back" in line for line in looked_for(settled(app)))


def test_the_four_have_equally_many_numbers_and_the_same_batches():
    made = memory_race.configs(10, 2)
    assert list(made) == [f"{name} · seed {seed}" for name in memory_race.RACERS for seed in (0, 1)]
    trainings = {name: Training(config) for name, config in made.items() if name.endswith("0")}
    sizes = [sum(p.numel() for p in training.model.parameters()) for training in trainings.values()]
    assert max(sizes) < 1.02 * min(sizes)
    first, *others = [training.batch(3).tokens for training in trainings.values()]
    assert all(torch.equal(first, other) for other in others)


def test_the_four_keep_their_names_and_a_band_with_five_seeds():
    made = memory_race.configs(10, 5, first=2)
    assert len(made) == 20
    assert {config.train.seed for config in made.values()} == set(range(2, 7))
    contender: Any = SimpleNamespace(name="LSTM", color="#000")
    answers = [ByDelay(9, [4, 8, 16], right, 0.125, 128, 9) for right in ([1, 0.95, 0.9], [1, 0.91, 0.4])]
    assert [(row["x"], row["low"], row["high"]) for row in race.line(contender, answers)][-1] == (16, 0.4, 0.9)
    said = race.sentence({"LSTM": answers, "RNN": [replace(answers[0], right=[0.2, 0.1, 0.1])], "GRU": []}, 3)
    assert said == (
        "of the memories, LSTM’s reaches 8 to 16 tokens by seed. Under 4 tokens: RNN. Chance is 12.5\u202f%."
    )
    none = {"RNN": [replace(answers[0], right=[0.2, 0.1, 0.1])]}
    assert race.sentence(none, 1) == (
        "no memory reaches 4 tokens yet. None is right there more often than guessing. Chance is 12.5\u202f%."
    )
    two = none | {"GRU": [replace(answers[0], right=[share, 0.1, 0.1]) for share in (0.5, 0.6)], "LSTM": []}
    assert race.sentence(two, 3) == (
        "no memory reaches 4 tokens yet. The most right there is 55\u202f%, by GRU. Chance is 12.5\u202f%."
    )
    alike = {name: [replace(answers[0], right=[0.5, 0.1, 0.1])] for name in ("RNN", "GRU")}
    assert "The most right there is 50\u202f%, by RNN and GRU." in race.sentence(alike, 2)
    assert race.sentence(none, 5).endswith(", and 1 of 5 runs are counted so far.")


@pytest.mark.parametrize("racer", memory_race.RACERS.values(), ids=list(memory_race.RACERS))
def test_each_learning_rate_lies_between_two_that_are_worse(racer):
    assert min(racer.valley) < racer.lr < max(racer.valley)
    assert list(racer.valley) == sorted(racer.valley)


@pytest.mark.prove
@pytest.mark.parametrize("name", memory_race.RACERS)
def test_the_valleys_are_those_that_were_measured(name):
    racer, config = memory_race.RACERS[name], memory_race.configs(memory_race.STEPS, 1)[name]
    for lr, expected in racer.valley.items():
        losses = []
        for seed in range(memory_race.VALLEY_SEEDS):
            training = Training(config.replace({"optimizer.lr": lr, "train.seed": seed}))
            losses += [next(training).loss for _ in range(memory_race.STEPS)][-20:]
        assert np.mean(losses) == pytest.approx(expected, rel=0.25, abs=0.02)


def test_a_race_of_four_says_how_far_each_memory_reaches(served):
    made = {
        name: config.replace({"model.context": 24, "task.delay": 20})
        for name, config in memory_race.configs(3, 1).items()
    }
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params["remembers"] = "Race"
    app.switch_page("../pages/memory.py")
    app.run()
    assert not app.exception
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(racers, "configs", lambda steps, seeds, first: made)
        app.button(key="memory-race").click().run()
    until(lambda: any("reaches" in line for line in looked_for(app.run())), "the answers are counted")
    assert not app.exception, app.exception
    said = next(line for line in looked_for(app) if "reaches" in line)
    assert "chance is 12.5" in said.casefold()
    assert not any("fails on purpose" in line.value for line in app.markdown)


@pytest.mark.parametrize(
    ("right", "reach"),
    [([1, 1, 0.89], 8), ([0.5, 1, 1], 0), ([0.9, 0.9, 0.9], 16), ([], 0), ([float("nan"), 1, 1], 0)],
)
def test_a_memory_reaches_as_far_as_all_shorter_delays_are_right(right, reach):
    assert remembered([4, 8, 16][: len(right)], right) == reach
