"""Every page in every state, run by Streamlit without a browser, over a real host."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from messages import looked_for, panels, read_curves, read_microscope
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded
from waiting import until

from explorer import Run, RunConfig
from explorer.preset import BROKEN, ORDINARY, WORDS
from explorer.runs import catalogue, file
from explorer.runs.recorder import Recorder
from explorer.ui import server, store

APP = str(Path(__file__).parents[3] / "explorer" / "app.py")
TITLES = {
    "start": "Watch a Transformer learn.",
    "train": "Train",
    "attention": "Attention",
    "gradients": "Gradients",
    "embeddings": "Embeddings",
    "positions": "Positions",
    "numerics": "Numbers",
    "words": "Words",
    "optimizers": "Optimizers",
    "search": "Search",
    "runs": "Runs",
}
ON_A_RUN = ["train", "attention", "gradients", "embeddings", "optimizers"]


@pytest.fixture(scope="module", autouse=True)
def served(tmp_path_factory) -> Iterator[None]:
    """A host for all of these tests, and a folder of runs of their own."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "folder", lambda: folder)
        assert server.host().wait()
        yield
        server.host().close()
        server.host.clear()


def visit(page: str = "start", **query: str) -> AppTest:
    """A new visit that follows a link to a page."""
    app = AppTest.from_file(APP, default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    if page != "start":
        app.switch_page(f"../pages/{page}.py")
        app.run()
    return app


def sound(app: AppTest) -> AppTest:
    """A page that nothing broke."""
    assert not app.exception, app.exception
    return app


def refusals(app: AppTest) -> list[str]:
    return [element.value for element in app.error]


def player(app: AppTest) -> dict[str, Any]:
    """What the player bar is told."""
    (bar,) = [c for c in app.get("bidi_component") if c.proto.component_name == "explorer_player_bar"]
    return json.loads(bar.proto.json)


def grid(app: AppTest) -> dict[str, Any]:
    """The header of what the attention grid is told."""
    (found,) = [c for c in app.get("bidi_component") if c.proto.component_name == "explorer_matrix_grid"]
    data = found.proto.bytes
    return json.loads(data[4 : 4 + int.from_bytes(data[:4], "little")])


def curves(app: AppTest) -> dict[str, dict[str, np.ndarray]]:
    """What the curves of a page are told: values by the chart's title and the curve's name."""
    found: dict[str, dict[str, np.ndarray]] = {}
    for header, told in map(read_curves, panels(app)):
        found[header["look"]["title"]] = {curve["name"]: curve["value"] for curve in told}
    return found


def stored(name: str, steps: int, state: str, reason: str) -> str:
    """A run in the folder, in a state."""
    path = catalogue.new_path(name)
    recorded(path, steps, every=5).close()
    with Recorder(path) as recorder:
        recorder.event(steps, state, {"reason": reason})
        recorder.status(state, reason)
    return path.stem


def training() -> str:
    """A run that trains, slowly."""
    path = catalogue.new_path("training")
    file.begin(path, TINY)
    server.host().order(path, "speed", value=20)
    server.host().order(path, "play")
    run = Run.open(path)
    until(lambda: run.last > 2, "it trains")
    return path.stem


def diverged() -> str:
    """A run whose learning rate is far too large and whose gradients are not clipped."""
    path = catalogue.new_path("diverged")
    changes = {"optimizer.name": "sgd", "optimizer.lr": 100.0, "train.clip": None}
    file.begin(path, TINY.replace(changes))
    server.host().order(path, "play")
    run = Run.open(path)
    until(lambda: run.status.state == "diverged", "it diverges")
    return path.stem


STATES: dict[str, tuple[Callable[[], str], str]] = {  # how it is made, the words in the player bar
    "training": (training, "training · "),
    "paused": (lambda: stored("paused", 30, "paused", "by hand"), "paused · by hand"),
    "finished": (lambda: stored("finished", 30, "finished", "all 30 steps"), "finished · all 30 steps"),
    "diverged": (diverged, "not finite"),
    "interrupted": (lambda: stored("interrupted", 30, "training", ""), "interrupted · its process ended"),
}


@pytest.fixture(scope="module", params=STATES)
def state(request) -> Iterator[tuple[str, str]]:
    """A run in a state, with the words for it."""
    make, words = STATES[request.param]
    name = make()
    yield name, words
    if request.param == "training":
        server.host().order(catalogue.path_of(name), "pause", reason="the test is over")


@pytest.mark.parametrize("page", TITLES)
def test_a_page_without_a_run_offers_the_cards(page: str):
    app = sound(visit(page))
    assert [title.value for title in app.title] == [TITLES[page]]
    assert not refusals(app)
    if page in ("numerics", "positions"):
        assert looked_for(app), "most of it needs no run"
    if page not in ("numerics", "runs", "search", "words"):  # they have cards of their own
        assert {"train-reverse", "train-dates-fr", "train-own"} <= {button.key for button in app.button}


@pytest.mark.parametrize("page", TITLES)
def test_a_page_on_a_run_in_any_state(page: str, state: tuple[str, str]):
    name, words = state
    app = sound(visit(page, run=name))
    assert [title.value for title in app.title] == [TITLES[page]]
    assert not refusals(app)
    if page in ON_A_RUN:
        told = player(app)
        assert words in told["words"]
        assert app.query_params["run"] in (name, [name])


@pytest.mark.parametrize("page", TITLES)
def test_a_page_on_a_run_that_waits_at_step_0(page: str):
    app = sound(visit(page, preset="reverse", paused="1"))
    assert not refusals(app)
    if page in ON_A_RUN:
        assert player(app)["words"] == "ready at step 0"
        assert player(app)["last"] == 0


def test_what_is_folded_comes_once_the_cards_stand() -> None:
    def buttons(app: AppTest) -> set[str | None]:
        return {button.key for button in sound(app).button}

    app = visit()
    first = buttons(app)
    assert {f"train-{name}" for name in ORDINARY} <= first
    assert not {f"train-{name}" for name in [*WORDS, *BROKEN]} & first
    assert buttons(app.run()) >= first | {f"train-{name}" for name in [*WORDS, *BROKEN]}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"run": "../../etc"}, "is not the name of a run"),
        ({"run": "nope"}, "there is no run file nope.run"),
        ({"preset": "nope"}, "there is no preset nope"),
        ({"preset": "reverse", "optimizer.lr": "-1", "paused": "1"}, "optimizer.lr=-1"),
        ({"optimizer.lr": "nan"}, "optimizer.lr=nan"),
        ({"preset": "reverse", "model.heads": "5"}, "model.heads=5"),
        ({"preset": "reverse", "model.context": "4"}, "context"),
        ({"foo.bar": "1"}, "there is no setting foo.bar"),
        ({"preset": "reverse", "v": "9"}, "newer form of link"),
        ({"v": "9"}, "newer form of link"),
    ],
)
@pytest.mark.parametrize("page", ["start", "train"])
def test_nonsense_in_the_address_is_one_clear_sentence(page: str, query: dict[str, str], words: str):
    before = set(catalogue.newest())
    app = AppTest.from_file(APP, default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    sound(app.run())
    (sentence,) = refusals(app)
    assert words in sentence
    assert len(sentence) < 450
    assert "\n" not in sentence
    assert set(catalogue.newest()) == before
    app.switch_page(f"../pages/{page}.py")
    assert not refusals(sound(app.run()))  # told once


@pytest.mark.parametrize(("word", "shown"), [("abc", None), ("-3", None), ("1e3", None), ("999999", 30), ("12", 12)])
def test_a_step_in_the_address_that_is_none_still_opens_the_run(word: str, shown: int | None):
    name = stored("steps", 30, "paused", "by hand")
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params["run"], app.query_params["step"] = name, word
    sound(app.run())
    told_first = len(refusals(app))
    app.switch_page("../pages/train.py")
    told = player(sound(app.run()))
    assert told_first + len(app.toast) == (word != "12")
    assert told["step"] == (30 if shown is None else shown)
    assert told["last"] == 30


def test_the_charts_show_the_runs_own_numbers():
    name = stored("numbers", 40, "paused", "by hand")
    run = Run.open(catalogue.path_of(name))
    app = visit("train", run=name)

    until(lambda: "Speed" in curves(sound(app.run())), "all charts")
    shown = curves(app)
    assert shown["Loss"]["training"].tolist() == run.steps["loss"].tolist()
    assert shown["Right answers"]["training"].tolist() == run.steps["metric"].tolist()
    assert shown["Learning rate"]["training"].tolist() == run.steps["lr"].tolist()
    assert shown["Gradient norm"]["before clipping"].tolist() == run.steps["grad_norm"].tolist()
    assert shown["Gradient norm"]["after clipping"].tolist() == run.steps["clipped_grad_norm"].tolist()


def test_the_gradient_pictures_show_the_runs_own_numbers():
    name = stored("norms", 40, "paused", "by hand")
    run = Run.open(catalogue.path_of(name))
    app = visit("gradients", run=name)
    until(lambda: "Gradient norm" in curves(sound(app.run())), "all pictures")
    _, norms, ratios = run.tensor_norms(np.arange(40))
    of = run.tensors.index("blocks.0.mlp.expand.weight")
    assert curves(app)["Update ratio by layer"]["blocks.0.mlp.expand.weight"].tolist() == ratios[:, of].tolist()
    assert curves(app)["Gradient norm"]["before clipping"].tolist() == run.steps["grad_norm"].tolist()
    (map_,) = [c for c in app.get("bidi_component") if c.proto.component_name == "explorer_microscope"]
    header, steps, values = read_microscope(map_.proto.bytes)
    assert [row["id"] for row in header["rows"]] == run.tensors
    np.testing.assert_array_equal(steps, np.arange(40))
    np.testing.assert_array_equal(values["gradient"], norms.T)
    np.testing.assert_array_equal(values["update ratio"][of], ratios[:, of])


def test_scrubbing_shows_the_same_step_on_every_page_and_the_same_picture_again():
    name = stored("scrubbed", 30, "paused", "by hand")
    app = visit("attention", run=name, step="12")
    assert player(sound(app))["step"] == 12
    assert not player(app)["live"]
    until(lambda: grid(app.run())["step"] == 12, "the picture of step 12")
    (first,) = [c.proto.bytes for c in app.get("bidi_component") if c.proto.component_name == "explorer_matrix_grid"]
    app.session_state.step = 3
    until(lambda: grid(app.run())["step"] == 3, "the picture of step 3")
    app.session_state.step = 12
    until(lambda: grid(app.run())["step"] == 12, "the picture of step 12 again")
    (again,) = [c.proto.bytes for c in app.get("bidi_component") if c.proto.component_name == "explorer_matrix_grid"]
    assert first == again
    app.switch_page("../pages/gradients.py")
    assert player(sound(app.run()))["step"] == 12


def test_an_input_of_ones_own_that_the_model_cannot_read_says_so():
    app = visit("attention", run=stored("input", 10, "paused", "by hand"))
    app.session_state["input-kind"] = "own text"
    sound(app.run())
    sound(app.text_input(key="input-text").set_value("Ω!").run())
    (warning,) = until(lambda: app.run().warning, "a warning")
    assert "Ω" in warning.value
    assert app.run().warning, "it stays until the input is changed"
    sound(app.text_input(key="input-text").set_value("abcdef").run())
    until(lambda: grid(app.run())["rows"][0]["q"][:6] == list("abcdef"), "the own text's attention")
    assert not app.warning
    app.session_state["input-kind"] = "another sample"
    before = grid(sound(app.run()))["rows"][0]["q"]
    sound(app.number_input(key="input-sample").set_value(3).run())
    until(lambda: grid(app.run())["rows"][0]["q"] != before, "another sample's attention")


CLOSER = ["Arithmetic", "What heads do", "What if", "Through the layers", "Two steps"]


@pytest.mark.parametrize("section", CLOSER)
def test_whatever_looks_closer_is_drawn_at_any_step(section):
    app = visit("attention", run=stored("closer", 10, "paused", "by hand"), closer=section)
    for step in (None, 0, 7):
        app.session_state.step = step
        until(lambda: "computing" not in (player(sound(app.run()))["note"] or ""), "all pictures")
        assert player(app)["step"] == (10 if step is None else step)
    assert len(app.get("bidi_component")) + len(app.get("vega_lite_chart")) > 2, "more than the bar and the map"
    folds = [fold.label for fold in app.main.expander]
    assert len(folds) == 2, "how the maps and how this section are computed, each once"
    assert folds[0] == "How the maps are computed"


def press(app: AppTest, key: str) -> AppTest:
    (button,) = [b for b in app.button if b.key == key]
    return sound(button.click().run())


def test_a_card_starts_a_run_and_shows_it():
    app = press(visit(), "train-reverse")
    name = app.session_state["run"]
    run = Run.open(catalogue.path_of(name))
    until(lambda: run.last > 0, "it trains")
    assert app.title[0].value == "Train"
    server.host().order(run.path, "pause")
    assert run.config == RunConfig.preset("reverse")


def test_another_preset_in_the_sidebar_starts_another_run_and_keeps_the_old_one():
    app = visit("train", preset="reverse", paused="1")
    first = app.session_state["run"]
    sound(app.selectbox(key=f"{first}:preset").select("sort").run())
    second = app.session_state["run"]
    server.host().order(catalogue.path_of(second), "pause")
    assert second != first
    assert catalogue.path_of(first).is_file()


def test_a_rate_that_another_visit_changed_is_shown_and_a_late_message_does_not_change_it_back():
    name = stored("knob", 30, "paused", "by hand")
    run = Run.open(catalogue.path_of(name))
    app = visit("train", run=name)
    late = app.select_slider(key=f"{name}:optimizer.lr").set_value(3e-4)._widget_state
    app.select_slider(key=f"{name}:optimizer.lr").set_value(run.config.optimizer.lr)
    server.host().order(run.path, "set", **{"optimizer.lr": 0.01}).result(timeout=30)
    assert sound(app.run()).select_slider(key=f"{name}:optimizer.lr:1").value == 0.01
    states = app._tree.get_widget_states()
    states.widgets.append(late)
    assert sound(app._run(states)).select_slider(key=f"{name}:optimizer.lr:1").value == 0.01
    assert run.config_at(run.last).optimizer.lr == 0.01
    assert [e.kind for e in run.events if e.kind == "set"] == ["set"]


OWN = "To be, or not to be, that is the question. " * 400


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty; paste or upload a text"),
        ("a", "use a text of several words"),
        ("too short", "tokens"),
        ("Whether 'tis nobler in the mind " * 5, "text of at least"),
        ("x" * 5_000_001, "task.text"),
    ],
    ids=["empty", "one letter", "short", "short for the context", "too long"],
)
def test_a_text_that_cannot_be_learned_is_refused_and_the_present_run_goes_on(text: str, words: str):
    app = visit("start", preset="reverse", paused="1")
    name = app.session_state["run"]
    before = set(catalogue.newest())
    app.text_area(key="own-text").set_value(text)
    press(app, "train-own")
    (sentence,) = refusals(app)
    assert words in sentence
    assert len(sentence) < 300
    assert app.session_state["run"] == name
    assert set(catalogue.newest()) == before


def test_a_text_of_ones_own_is_learned():
    app = visit()
    app.text_area(key="own-text").set_value(OWN)
    press(app, "train-own")
    run = Run.open(catalogue.path_of(app.session_state["run"]))
    until(lambda: run.last > 0, "it trains")
    server.host().order(run.path, "pause")
    assert run.config.task.text == OWN


def own_file() -> None:
    """A script that starts on bytes, as the card's upload does; AppTest has no upload."""
    import streamlit as st

    from explorer import RunConfig
    from explorer.ui import cards, chosen

    chosen.begin(RunConfig.preset("reverse"), paused=True)
    before = st.session_state.run
    cards.start_own(st.session_state.bytes, "characters")
    assert st.session_state.run == before


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"\xff\xfe\x00 nonsense", "not UTF-8 at byte 0"), (b"", "is empty"), (b"a" * 50_000_000, "task.text")],
    ids=["not UTF-8", "empty", "50 MB"],
)
def test_a_file_that_cannot_be_learned_is_refused_and_the_present_run_goes_on(data: bytes, words: str):
    app = AppTest.from_function(own_file, default_timeout=60)
    app.session_state["bytes"] = data
    (sentence,) = refusals(sound(app.run()))
    assert words in sentence
    assert len(sentence) < 300


@pytest.fixture(scope="module")
def foreign(tmp_path_factory) -> dict[str, bytes]:
    """Files that are no runs, by what is wrong with them."""
    folder = tmp_path_factory.mktemp("foreign")
    recorded(folder / "sound.run", 10).close()
    sound_ = (folder / "sound.run").read_bytes()
    (folder / "newer.run").write_bytes(sound_)
    with closing(sqlite3.connect(folder / "newer.run")) as newer:
        newer.execute("PRAGMA user_version = 99")
    with closing(sqlite3.connect(folder / "cats.run")) as cats, cats:
        cats.execute("CREATE TABLE cats (name TEXT)")
    return {
        "sound": sound_,
        "newer": (folder / "newer.run").read_bytes(),
        "foreign": (folder / "cats.run").read_bytes(),
        "damaged": b"SQLite format 3\0" + bytes(range(256)) * 40,
        "empty": b"",
        "text": b"these are not the weights",
    }


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("newer", "newer version"),
        ("foreign", "another program's database"),
        ("damaged", "damaged"),
        ("empty", "is not a run file"),
        ("text", "is not a run file"),
    ],
)
def test_an_uploaded_file_that_is_no_run_is_refused_in_words_and_not_kept(foreign, kind: str, words: str):
    before = set(catalogue.folder().iterdir())
    with pytest.raises(ValueError, match=words) as refusal:
        store.take_in("My Run (1).run", foreign[kind])
    assert "My Run (1).run" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert set(catalogue.folder().iterdir()) == before


def test_an_uploaded_run_opens_and_a_saved_one_is_a_whole_file(foreign, tmp_path: Path):
    name = store.take_in("My Run (1).run", foreign["sound"])
    assert player(sound(visit("train", run=name)))["last"] == 10
    copy = tmp_path / "copy.run"
    copy.write_bytes(store.whole(catalogue.path_of(name)))
    assert Run.open(copy).steps["loss"].tolist() == Run.open(catalogue.path_of(name)).steps["loss"].tolist()


def test_the_runs_page_lists_runs_opens_one_and_says_which_file_is_broken():
    name = stored("listed", 10, "paused", "by hand")
    broken = catalogue.new_path("broken")
    broken.write_bytes(b"not a run")
    app = sound(visit("runs"))
    assert any(broken.name in warning.value for warning in app.warning)
    press(app, f"open-{name}")
    assert app.session_state["run"] == name
    assert app.title[0].value == "Train"
    broken.unlink()


def test_a_run_that_is_removed_while_it_is_looked_at_is_told_and_the_cards_are_there():
    name = stored("gone", 5, "paused", "by hand")
    app = visit("train", run=name)
    catalogue.path_of(name).unlink()
    server.opened.clear()
    sound(app.run())
    (sentence,) = refusals(app)
    assert "there is no run file" in sentence
    assert "train-reverse" in {button.key for button in app.button}
