"""The Search page and the tuning of contenders, run by Streamlit without a browser, over a real host."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from messages import looked_for, read
from searches import SMALL, trial
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY
from visits import visit_of
from waiting import until

from explorer.answers.records.search import Trainable
from explorer.charts import search as charts
from explorer.runs import catalogue
from explorer.search import search as file
from explorer.search.ledger import Ledger
from explorer.ui import server
from explorer.ui.optimizers import sweeping
from explorer.ui.parts import settings
from explorer.ui.parts.searching import Standing
from explorer.ui.search import pictures, sentences
from explorer.ui.search.samples import SAMPLES

pytestmark = pytest.mark.usefixtures("served")
APP = str(Path(__file__).parents[4] / "explorer" / "app.py")


@pytest.fixture(scope="module")
def searched(served) -> Path:
    """The small search, over."""
    path = catalogue.folder() / "search-small.search"
    file.write(path, SMALL, "waiting")
    server.host().order(path, "play")
    until(lambda: file.read(path)[1].state == "finished", "the search is over")
    return path


def visit(page: str, **query: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=240)
    for name, value in query.items():
        app.query_params[name] = value
    app.switch_page(f"../pages/{page}.py").run()
    assert not app.exception, app.exception
    return app


def figures(app: AppTest) -> str:
    return next(element.proto.body for element in app.get("html") if 'class="figures"' in element.proto.body)


def test_without_a_search_the_page_offers_some_and_refuses_in_a_sentence():
    app = visit("search")
    assert {f"search-{name}" for name in SAMPLES} <= {button.key for button in app.button}
    app.text_input(key="low:optimizer.lr").set_value("fast")
    app.button(key="search-begin").click().run()
    assert "optimizer.lr: “fast” is not a number" in next(read(e.value) for e in app.error)
    app.text_input(key="low:optimizer.lr").set_value("0.5")
    app.button(key="search-begin").click().run()
    assert "low 0.5 is not below high 0.1" in next(read(e.value) for e in app.error)
    assert not file.newest()


def test_a_search_that_is_over_shows_its_numbers_and_opens_its_best_trial(searched: Path):
    app = visit("search", search=searched.stem)
    trials = Ledger(searched).trials(SMALL)
    best = min((t for t in trials if t.state == "complete"), key=lambda t: t.value or 0)
    shown = figures(app)
    assert f"{len(trials)} of {SMALL.trials}" in shown
    assert f"{best.value:.4f}" in shown
    assert any(f"trial {best.number}: training loss {best.value:.4f}" in s for s in looked_for(app))
    titles = {json.loads(chart.proto.spec)["title"] for chart in app.get("vega_lite_chart") if chart.proto.spec}
    assert {"Every trial through its settings to its loss", "Every trial, and the best so far"} <= titles
    app.button(key="search-best").click().run()
    assert visit_of(app).run == best.path.stem


def test_a_search_that_is_not_there_is_told_in_a_sentence(searched: Path):
    app = visit("search", search="nope")
    assert "there is no search nope.search" in next(read(e.value) for e in app.error)
    app = visit("search", search="../x")
    assert "is not the name of a search" in next(read(e.value) for e in app.error)


def test_every_search_at_hand_can_be_searched():
    for sample in SAMPLES.values():
        request = server.host().request(Trainable, search=sample.search().model_dump(mode="json"))
        assert request.answer.result(timeout=60).models >= 1


def test_a_model_that_cannot_read_the_task_is_refused_before_anything_is_written():
    knobs = [{"kind": "choice", "path": "model.context", "choices": [4, 12]}]
    plain = SMALL.model_dump(mode="json") | {"knobs": knobs}
    with pytest.raises(ValueError, match="context"):
        server.host().request(Trainable, search=plain).answer.result(timeout=60)


def test_settings_are_read_as_a_visitor_writes_them():
    assert settings.chosen("train.clip", ["0.5", "none", 1.0]).choices == (0.5, None, 1.0)
    assert settings.chosen("model.heads", ["2", 4]).choices == (2, 4)
    with pytest.raises(ValueError, match="is not a whole number"):
        settings.chosen("model.heads", ["2.5"])
    assert settings.ranged("optimizer.warmup", "0", "1e2", False).high == 100
    with pytest.raises(ValueError, match="is not a whole number"):
        settings.ranged("optimizer.warmup", "0", "0.5", False)
    for path in settings.SETTINGS:
        TINY.get(path)


def made_up() -> Standing:
    """Six trials: two given up, one diverged."""
    base = {"optimizer.lr": 0.01, "optimizer.name": "sgd", "model.layers": 1}
    losses = [[3.0, 2.0], [3.0, 1.0], [3.1], [9.0], [3.0, 1.5], [3.0, 1.2]]
    states = ["complete", "complete", "pruned", "diverged", "complete", "complete"]
    trials = [
        trial(n, base | {"optimizer.lr": 10.0 ** -(n % 4)}, own, state)
        for n, (own, state) in enumerate(zip(losses, states, strict=True))
    ]
    search = SMALL.model_copy(update={"trials": 6})
    return Standing(Path("x.search"), search, file.Status("finished"), trials, 0, False)


def test_sentences_keep_to_the_trials():
    now = made_up()
    assert "the best 2 of 4 finished trials have learning rate 0.1, optimizer sgd, layers 1" in sentences.parallel(now)
    assert "1 given up (the last at step 5)" in sentences.courses(now)
    assert "the best, 1.0000, was trial 1; the 4 trials after it found nothing better" in sentences.history(now)
    assert "lr decides 90\N{NARROW NO-BREAK SPACE}%" in sentences.importance({"lr": 0.9, "layers": 0.1}, 4, 6)


def test_axes_and_colours_say_what_became_of_each_trial():
    now = made_up()
    axes = pictures.axes(now)
    assert [axis.name for axis in axes] == ["learning rate", "optimizer", "layers", "loss in nats"]
    assert axes[0].places == pytest.approx([1.0, 0.75, 0.5, 0.25, 1.0, 0.75])
    assert axes[-1].places[3] == 1.0, "what diverged stands on top"
    dots = [pictures.dot(t, now.trials[1]) for t in now.trials]
    assert [d.state for d in dots] == ["complete", "best", "pruned", "diverged", "complete", "complete"]
    assert [d.counts for d in dots] == [True, True, True, False, True, True]
    history = charts.history_frame(dots)
    assert history["best"].tolist() == [2.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    assert math.isnan(history["value"][3])


def test_a_sweep_tunes_each_contender_and_the_race_takes_the_best_rates(served):
    contenders = {"sgd": {"optimizer.name": "sgd"}, "adamw": {"optimizer.name": "adamw"}}
    search = sweeping.composed(TINY, contenders, (1e-3, 1e-1), 3, 30)
    path = file.new_path(search)
    file.write(path, search, "waiting")
    server.host().order(path, "play")
    until(lambda: file.read(path)[1].state == "finished", "the sweep is over")
    assert sweeping.newest(TINY) == path
    trials = Ledger(path).trials(search)
    now = Standing(path, search, file.Status("finished"), trials, 0, False)
    guess = math.log(11)
    sweeps = sweeping.sweeps_of(now, guess)
    assert [(s.name, len(s.points), s.wanted) for s in sweeps] == [("sgd", 3, 3), ("adamw", 3, 3)]
    tuned = sweeping.tuned(now, sweeps, TINY)
    for s in sweeps:
        losses = {p.rate: p.loss for p in s.points if p.ended == "to the end"}
        assert s.best is not None
        assert s.best.params["optimizer.lr"] == min(losses, key=lambda rate: losses[rate])
        assert tuned[s.name].get("optimizer.name") == s.name
        assert tuned[s.name].get("optimizer.lr") == s.best.params["optimizer.lr"]
    with pytest.raises(ValueError, match=r"low 1 is not below high 0\.1"):
        sweeping.composed(TINY, contenders, (1.0, 0.1), 3, 30)
    with pytest.raises(ValueError, match="there is no contender"):
        sweeping.composed(TINY, {}, (0.1, 1.0), 3, 30)
