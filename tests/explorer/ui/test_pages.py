"""Every page in every state, run by Streamlit without a browser, over a real host."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from messages import looked_for, panels, read_curves, read_microscope
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY
from turns import in_turn
from visits import APP, go, player, refusals, sound, stored, unfold, visit, visit_of
from waiting import until

from explorer import Run
from explorer.config.presets import BROKEN, ORDINARY, WORDS
from explorer.runs import catalogue, file
from explorer.ui import on_purpose, server, sitemap

pytestmark = pytest.mark.usefixtures("served")
TITLES = {name: title for name, (title, _) in sitemap.TITLES.items()} | {"start": "Watch a Transformer learn."}
ON_A_RUN = ["train", "attention", "gradients", "embeddings", "optimizers"]


def grid(app: AppTest) -> dict[str, Any]:
    """The header of what the attention grid gets."""
    (found,) = [c for c in app.get("bidi_component") if c.proto.component_name == "explorer_matrix_grid"]
    data = found.proto.bytes
    return json.loads(data[4 : 4 + int.from_bytes(data[:4], "little")])


def curves(app: AppTest) -> dict[str, dict[str, np.ndarray]]:
    """What the curves of a page get: values by the chart's title and the curve's name."""
    found: dict[str, dict[str, np.ndarray]] = {}
    for header, lines in map(read_curves, panels(app)):
        found[header["look"]["title"]] = {curve["name"]: curve["value"] for curve in lines}
    return found


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
def state(request) -> Iterator[tuple[str, str, int]]:
    """A run in a state, with the words for it and its number."""
    make, words = STATES[request.param]
    name = make()
    yield name, words, [*STATES].index(request.param)
    if request.param == "training":
        server.host().order(catalogue.path_of(name), "pause", reason="the test is over")


@pytest.mark.parametrize("page", TITLES)
def test_a_page_without_a_run_offers_the_cards(page: str):
    app = sound(visit(page))
    assert [title.value for title in app.title] == [TITLES[page]]
    assert not refusals(app)
    if page in ("numerics", "positions"):
        assert looked_for(app), "most of it needs no run"
    if page not in (
        "course",
        "numerics",
        "runs",
        "search",
        "tokenizers",
        "words",
    ):  # they have cards of their own, or need none
        assert {"train-reverse", "train-dates-fr", "train-own"} <= {button.key for button in app.button}


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.prove)])
def test_every_page_on_a_run_in_any_state(state: tuple[str, str, int], whole: bool):
    """In the suite Train and Gradients have every state, another page one, in turn; all of them are a slow proof."""
    name, words, number = state
    app = visit(run=name)
    for page in TITLES if whole else dict.fromkeys(["train", "gradients", *[*TITLES][number :: len(STATES)]]):
        sound(go(app, page))
        assert [title.value for title in app.title] == [TITLES[page]]
        assert not refusals(app), page
        if page in ON_A_RUN:
            assert words in player(app)["words"], page
            assert app.query_params["run"] in (name, [name])


def test_every_page_on_a_run_that_waits_at_step_0():
    app = visit(preset="reverse", paused="1")
    for page in TITLES:
        sound(go(app, page))
        assert not refusals(app), page
        if page in ON_A_RUN:
            assert player(app)["words"] == "ready at step 0"
            assert player(app)["last"] == 0
        if page == "gradients":
            assert [info.value for info in app.info] == ["No step is trained yet: press play, or single step."]


def test_a_run_that_fails_on_purpose_says_so_on_every_page_until_it_is_cured():
    broken = BROKEN["large-init"]
    app = visit(preset="large-init", paused="1")
    for page in ON_A_RUN:
        said = [one.value for one in sound(go(app, page)).markdown if "fails on purpose" in one.value]
        assert said == [f":material/heart_broken: {on_purpose.sentence(broken, page)}"], page
        assert (broken.look_at in said[0]) == (page in (broken.page, "gradients")), "where to look, if that is here"
        links = {link.proto.page for link in app.get("page_link")}
        assert page in (broken.page, "gradients") or {broken.page, "gradients"} <= links, "the way to where it shows"
    cured = visit("train", preset="large-init", paused="1", **{"model.init": "gpt2"})
    assert not [one.value for one in sound(cured).markdown if "fails on purpose" in one.value]


def test_where_a_broken_run_shows_is_a_page():
    assert {broken.page for broken in BROKEN.values()} <= set(sitemap.TITLES)


def test_no_heading_claims_what_a_run_may_not_do():
    app = visit("train", preset="no-norm", paused="1")
    assert not [one.value for one in sound(app).markdown if "falls" in one.value and "purpose" not in one.value]


def test_what_is_folded_comes_once_the_cards_stand() -> None:
    def buttons(app: AppTest) -> set[str | None]:
        return {button.key for button in sound(app).button}

    app = visit()
    first = buttons(app)
    assert {f"train-{name}" for name in ORDINARY} <= first
    assert not {f"train-{name}" for name in [*WORDS, *BROKEN]} & first
    assert buttons(app.run()) >= first | {f"train-{name}" for name in [*WORDS, *BROKEN]}


NONSENSE = [
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
]


@pytest.mark.parametrize(("query", "words", "page"), in_turn(NONSENSE, ["runs", "train"]))
def test_nonsense_in_the_address_is_one_clear_sentence(page: str, query: dict[str, str], words: str):
    before = set(catalogue.newest())
    app = AppTest.from_file(APP, default_timeout=240)
    for name, value in query.items():
        app.query_params[name] = value
    sound(app.run())
    (sentence,) = refusals(app)
    assert words in sentence
    assert len(sentence) < 450
    assert "\n" not in sentence
    assert set(catalogue.newest()) == before
    app.switch_page(f"../pages/{page}.py")
    assert not refusals(sound(app.run()))  # the hand went elsewhere


@pytest.mark.parametrize(("word", "shown"), [("abc", None), ("-3", None), ("1e3", None), ("999999", 30), ("12", 12)])
def test_a_step_in_the_address_that_is_none_still_opens_the_run(word: str, shown: int | None):
    name = stored("steps", 30, "paused", "by hand")
    app = AppTest.from_file(APP, default_timeout=240)
    app.query_params["run"], app.query_params["step"] = name, word
    sound(app.run())
    told_first = len(refusals(app))
    app.switch_page("../pages/train.py")
    bar = player(sound(app.run()))
    assert told_first + len(refusals(app.run())) == (word != "12")
    assert bar["step"] == (30 if shown is None else shown)
    assert bar["last"] == 30


def test_the_charts_show_the_runs_own_numbers():
    name = stored("numbers", 40, "paused", "by hand")
    run = Run.open(catalogue.path_of(name))
    app = visit("train", run=name)

    unfold(app, "Train")
    until(lambda: "Speed of computing" in curves(sound(app.run())), "all charts")
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
    unfold(app, "Gradients", "Map")
    until(lambda: "Gradient norm" in curves(sound(app.run())), "all pictures")
    _, norms, ratios = run.tensor_norms(np.arange(40))
    of = run.tensors.index("blocks.0.mlp.expand.weight")
    assert curves(app)["Update ratio by layer"]["L1 mlp.expand.weight"].tolist() == ratios[:, of].tolist()
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
    visit_of(app).step = 3
    until(lambda: grid(app.run())["step"] == 3, "the picture of step 3")
    visit_of(app).step = 12
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
        visit_of(app).step = step
        until(lambda: "computing" not in (player(sound(app.run()))["note"] or ""), "all pictures")
        assert player(app)["step"] == (10 if step is None else step)
    assert len(app.get("bidi_component")) + len(app.get("vega_lite_chart")) > 1, "more than the bar"
    assert [fold.label for fold in app.main.expander] == ["Details"]
    unfold(app, "Attention", section)
    until(lambda: "computing" not in (player(sound(app.run()))["note"] or ""), "all pictures")
    titles = [text.value for text in app.main.expander[0].markdown if text.value.startswith("**How ")]
    assert len(titles) == 2, "how the maps and how this section are computed, each once"
    assert titles[0] == "**How the maps are computed**"
