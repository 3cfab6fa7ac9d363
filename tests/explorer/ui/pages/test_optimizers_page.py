"""The page of races run by Streamlit without a browser: every section, true sentences, refusals in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from messages import looked_for, panels, read_curves
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded
from visits import look, settled, unfold, visit_of
from waiting import until

from explorer import Run, RunConfig
from explorer.runs import catalogue, file, race
from explorer.ui import server
from explorer.ui.components.sketch import PLACES
from explorer.ui.optimizers import contenders, plane_choice, predicting, sweeping
from explorer.ui.parts import lanes
from explorer.ui.visit import name_of

APP = str(Path(__file__).parents[4] / "explorer" / "app.py")
STEPS = 30
BASE = TINY.replace({"train.steps": STEPS})
WILD = {"optimizer.name": "sgd", "optimizer.lr": 90, "train.clip": None}


def two_of(base: RunConfig) -> dict[str, RunConfig]:
    """A short race of one click."""
    base = base.replace({"train.steps": STEPS})
    return race.named([base.replace({"optimizer.name": name}) for name in ("adamw", "muon")])


@pytest.fixture(scope="module", autouse=True)
def stems(served) -> Iterator[list[str]]:
    """A race that is over: AdamW of two seeds, Muon, and one that diverged."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contenders, "usual", lambda looked_at=None: two_of(looked_at or BASE))
        changes = [{}, {"train.seed": 1}, {"optimizer.name": "muon", "optimizer.lr": 0.01}, WILD]
        paths = race.begin(race.named([BASE.replace(change) for change in changes]), "tiny")
        server.host().order(paths[0], "play")
        runs = [Run.open(path) for path in paths]
        until(lambda: all(r.status.state in ("finished", "diverged") for r in runs), "the race is over")
        yield [path.stem for path in paths]


def visit(section: str = "Race", **query: str) -> AppTest:
    return look("optimizers", query, contest=section)


def curves(app: AppTest, title: str) -> tuple[dict, list[dict]]:
    """The canvas of this title."""
    (found,) = [read for read in map(read_curves, panels(app)) if read[0]["look"]["title"] == title]
    return found


def html(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def test_the_race_shows_each_contender_its_seeds_as_a_band_and_who_diverged(stems):
    app = settled(unfold(visit(run=stems[0]), "Optimizers", "Race"))
    header, drawn = curves(app, "Loss")
    assert len(drawn) == 3
    assert [c["band"] for c in drawn] == [True, False, False]
    runs = [Run.open(catalogue.path_of(stem)) for stem in stems]
    both = np.stack([run.steps["loss"] for run in runs[:2]])
    np.testing.assert_allclose(drawn[0]["value"], both.mean(0))
    np.testing.assert_allclose(drawn[1]["value"], runs[2].steps["loss"])
    assert "diverged" in header["nonfinite"][0]["label"]
    assert {title for title in ("Right answers", "Update ratio", "Gradient norm") if curves(app, title)}
    sentences = " ".join(looked_for(app))
    assert "each seed began from the same weights for all" in sentences
    assert "diverged." in sentences
    assert all(race.weights_hash(run) in html(app) for run in runs)


def test_over_tokens_and_time_the_curves_end_where_the_run_did(stems):
    app = visit(run=stems[2])
    run = Run.open(catalogue.path_of(stems[2]))
    app.segmented_control(key="race-axis").set_value("tokens").run()
    header, drawn = curves(settled(app), "Loss")
    assert header["look"]["across"] == "tokens"
    assert drawn[1]["step"].tolist() == [0, *run.steps["tokens"][:-1].tolist()]
    app.segmented_control(key="race-axis").set_value("time").run()
    _, drawn = curves(settled(app), "Loss")
    np.testing.assert_allclose(drawn[1]["step"], [0, *np.cumsum(run.steps["seconds"])[:-1]])


def test_another_contenders_weights_are_looked_at_at_the_same_step(stems):
    app = visit(run=stems[0], step="12")
    app.selectbox(key=f"race-look:{stems[0]}").set_value(stems[2]).run()
    settled(app)
    assert visit_of(app).run == stems[2]
    assert visit_of(app).step == 12
    assert curves(app, "Loss")[0]["cursor"] == 12


def test_the_knobs_of_a_contender_that_was_left_act_no_more(stems):
    app = visit(run=stems[1])
    events, runs = len(Run.open(catalogue.path_of(stems[1])).events), len(catalogue.newest())
    app.select_slider(key=f"{stems[1]}:optimizer.lr").set_value(0.1)
    app.selectbox(key=f"{stems[1]}:preset").set_value("sort")
    app.selectbox(key=f"race-look:{stems[1]}").set_value(stems[3])
    visit_of(app).run = stems[2]  # as where the browser tells values of a page that has just been left
    settled(app)
    assert visit_of(app).run == stems[2]
    assert len(Run.open(catalogue.path_of(stems[1])).events) == events
    assert len(catalogue.newest()) == runs


def test_race_again_is_another_race_from_the_same_weights(stems):
    app = visit(run=stems[0])
    app.button(key="race-again").click().run()
    settled(app)
    again = server.opened(str(catalogue.path_of(visit_of(app).run)))
    members = list(server.racing(again).values())
    assert not {run.id for run in members} & set(stems)
    until(lambda: all(race.weights_hash(run) for run in members), "the weights are drawn")
    old = [Run.open(catalogue.path_of(stem)) for stem in stems]
    assert [race.weights_hash(run) for run in members] == [race.weights_hash(run) for run in old]


@pytest.mark.parametrize("section", ["Tuning", "Inside", "Surface", "Toy surfaces", "Predict"])
def test_every_section_stands_on_a_race_and_on_a_single_run(section, stems):
    app = visit(section, run=stems[0])
    assert app.session_state["contest"] == section
    assert looked_for(app) or "needs 3 snapshots" in app.info[0].value
    path = catalogue.new_path("single")
    file.begin(path, BASE)
    visit(section, run=path.stem)


def test_inside_shows_what_is_kept_and_a_schedule_is_set_while_it_is_previewed(stems):
    app = visit("Inside", run=stems[0])
    assert curves(app, "Size of m")[1][0]["n"] > 1
    app.segmented_control(key="optimizer-part").set_value("Schedule").run()
    settled(app)
    key = f"schedule:{stems[0]}"
    app.selectbox(key=f"{key}:name").set_value("one-cycle")
    app.number_input(key=f"{key}:steps").set_value(STEPS + 20).run()
    _, (applied, ahead) = curves(settled(app), "Learning rate")
    assert applied["n"] == STEPS
    app.button(key=f"{key}:use").click().run()
    settled(app)
    run = Run.open(catalogue.path_of(stems[0]))
    until(lambda: run.events[-1].kind == "set", "the schedule is set")
    assert run.config_at(STEPS).optimizer.schedule == "one-cycle"
    server.host().order(run.path, "single").result(timeout=120)
    until(lambda: run.last == STEPS + 1, "one more step")
    assert run.steps["lr"][-1] == pytest.approx(ahead["value"][0])


def test_contenders_are_compared_at_the_last_step_that_all_have_come_to(tmp_path, stems):
    changes = {"short": {}, "long": {"optimizer.name": "muon"}}
    runs = {
        name: recorded(tmp_path / f"{name}.run", steps, TINY.replace(changes[name]))
        for name, steps in (("short", STEPS), ("long", STEPS + 2 * lanes.LAST))
    }
    gone = Run.open(catalogue.path_of(stems[3]))
    assert gone.status.state == "diverged"
    assert gone.last < STEPS
    found = [SimpleNamespace(name=name, runs={name: run}) for name, run in (runs | {"gone": gone}).items()]
    at = lanes.compared_at(found, runs["long"].last)
    assert at == STEPS
    assert lanes.compared_at(found, 5) == 5
    means = {c.name: loss for c, loss, _ in lanes.ranked(found, at)}
    assert means == {
        name: pytest.approx(np.mean(run.steps["loss"][STEPS - lanes.LAST : STEPS])) for name, run in runs.items()
    }


def test_at_step_0_nobody_leads_though_the_race_is_over(stems):
    app = visit("Predict", run=stems[0], step="0")
    app.button(key="reveal").click().run()
    settled(app)
    visit_of(app).step = 0
    assert "At step 0 nobody leads" in html(settled(app))


def test_guesses_are_told_after_the_reveal(stems):
    app = visit("Predict", run=stems[0])
    assert not [c for c in app.get("bidi_component") if c.proto.component_name == "explorer_curves"], "all is hidden"
    looked_at = SimpleNamespace(run=Run.open(catalogue.path_of(stems[0])))
    names = [contender.name for contender in lanes.contenders(looked_at)]
    (guess,) = app.session_state[name_of(predicting.Guess)].values()
    app.number_input(key=f"votes:{guess.race}:{names[1]}").set_value(7).run()
    app.segmented_control(key="contest").set_value("Inside").run()
    app.segmented_control(key="contest").set_value("Predict").run()
    guess.sketches[names[1]] = np.linspace(2, 1, PLACES).tolist()
    app.button(key="reveal").click().run()
    settled(app)
    header, drawn = curves(app, "Loss")
    assert (drawn[-1]["series"], drawn[-1]["color"]) == (drawn[1]["series"], drawn[1]["color"])
    assert drawn[-1]["step"].tolist() == np.linspace(0, guess.steps, PLACES).tolist()
    assert [name for name, _ in header["dashes"]] == [predicting.TRAINED, predicting.GUESSED]
    assert "of 7 saw it coming" in html(app)
    losses = Run.open(catalogue.path_of(stems[2])).steps["loss"]
    off = np.abs(np.interp(np.arange(STEPS), [0, guess.steps], [2, 1]) - losses).mean()
    assert any(f"curve for {names[1]} is off by {off:.2f} nats" in sentence for sentence in looked_for(app))
    app.button(key="guess-anew").click().run()
    settled(app)
    again = server.opened(str(catalogue.path_of(visit_of(app).run)))
    assert again.id not in stems
    assert (again.last, again.status.state) == (0, "waiting")


def test_seeds_and_rates_of_one_contender_are_tuned_as_one(stems):
    looked_at = SimpleNamespace(run=Run.open(catalogue.path_of(stems[0])))
    assert sweeping.contenders(looked_at) == {
        "AdamW": {},
        "Muon": {"optimizer.name": "muon"},
        "SGD · clip none": {"optimizer.name": "sgd", "train.clip": None},
    }


def test_a_schedule_drawn_by_hand_is_previewed_and_used(stems):
    app = visit("Inside", run=stems[2])
    app.segmented_control(key="optimizer-part").set_value("Schedule").run()
    key = f"schedule:{stems[2]}"
    visit_of(app).schedule_drawings[key] = [1.0] * 10 + [0.5] * 11
    app.number_input(key=f"{key}:steps").set_value(STEPS + 10)
    app.selectbox(key=f"{key}:name").set_value("drawn").run()
    _, (_, ahead) = curves(settled(app), "Learning rate")
    assert ahead["value"].tolist() == pytest.approx([0.005] * len(ahead["value"]))
    app.button(key=f"{key}:use").click().run()
    settled(app)
    run = Run.open(catalogue.path_of(stems[2]))
    until(lambda: run.events[-1].kind == "set", "the schedule is set")
    assert run.events[-1].detail["optimizer.drawn"].split()[9:11] == ["0.45:1", "0.5:0.5"]


def test_a_plane_of_all_paths_leaves_out_who_diverged(stems):
    runs = [Run.open(catalogue.path_of(stem)) for stem in stems]
    assert plane_choice.near([plane_choice.Walker(run, run.id, "#111111") for run in runs]) == tuple(
        str(r.path) for r in runs[:3]
    )


def test_without_a_run_there_is_a_race_to_start_and_the_toy_surfaces():
    app = AppTest.from_file(APP, default_timeout=240)
    app.run().switch_page("../pages/optimizers.py").run()
    assert not app.exception
    assert app.button(key="race-here").label.startswith("Race SGD")
    app.segmented_control(key="contest").set_value("Toy surfaces").run()
    assert not app.exception
    assert "lowest of all" in " ".join(looked_for(app))


@pytest.mark.parametrize(("contest", "key"), [("Race", "race-first"), ("Predict", "predict-set-up")])
def test_a_race_of_one_click_takes_the_task_of_the_run_that_is_open_and_says_so(contest, key):
    other = BASE.replace({"task.name": "sort", "task.length": 4, "model.width": 8})
    path = catalogue.new_path("alone")
    recorded(path, 3, other).close()
    app = settled(visit(contest, run=path.stem))
    assert app.button(key=key).label.endswith("on this run’s task")
    app.button(key=key).click().run()
    settled(app)
    raced = Run.open(catalogue.path_of(visit_of(app).run))
    assert race.race_of(raced) is not None
    assert (raced.config.task, raced.config.model) == (other.task, other.model)


def test_a_race_as_this_run_keeps_all_that_the_run_is_set_to(stems):
    app = settled(unfold(visit(run=stems[0]), "Optimizers", "Race"))
    app.selectbox(key="contenders-task").set_value(contenders.OWN)
    app.number_input(key="contenders-steps").set_value(12)
    next(b for b in app.button if b.label == "Start the race").click().run()
    settled(app)
    run = Run.open(catalogue.path_of(visit_of(app).run))
    assert run.id not in stems
    assert run.config.model == BASE.model
    assert [one.config.optimizer.name for one in race.members(run).values()] == list(contenders.AT_FIRST)
    assert run.config.train == BASE.replace({"train.steps": 12}).train
