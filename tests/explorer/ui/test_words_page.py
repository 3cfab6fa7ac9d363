"""The Words page run by Streamlit without a browser: every section of every kind, its states, true sentences."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from messages import looked_for, panels, read_curves, read_point_map
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded
from waiting import until

from explorer import Run, RunConfig
from explorer.runs import catalogue, file
from explorer.ui import server
from explorer.ui.words import analogies, beside, nearest, pair

APP = str(Path(__file__).parents[3] / "explorer" / "app.py")
OWN = " ".join(
    ["the king loves the queen and the queen loves the king", "a man sees a woman and the woman sees the man"] * 60
)
KINDS = ("skip-gram", "cbow", "glove")
STEP = 12
OTHERS = ("attention", "gradients", "positions", "numerics")  # pages that look into a Transformer


def tiny(kind: str) -> RunConfig:
    changes = {"task.text": OWN, "task.subsample": 1.0, "task.window": 2, "task.negatives": 3, "model.width": 6}
    more = {"train.batch": 16, "train.steps": None, "optimizer.schedule": "constant"}
    return RunConfig.preset(f"words-{kind}").replace(changes | more)


@pytest.fixture(scope="module", autouse=True)
def runs(tmp_path_factory) -> Iterator[dict[str, str]]:
    """A host for these tests, a run of each kind, and one of a Transformer."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "folder", lambda: folder)
        found = {}
        for name, config in [*((kind, tiny(kind)) for kind in KINDS), ("transformer", TINY)]:
            path = catalogue.new_path(name)
            recorded(path, STEP, config, every=4).close()
            found[name] = path.stem
        assert server.host().wait()
        yield found
        server.host().close()
        server.host.clear()


def visit(page: str = "words", **query: str) -> AppTest:
    """Follows a link to the page; returns when it waits for nothing any more."""
    query |= {"map-by": "PCA"} if page == "words" else {}  # needs no warming up
    app = AppTest.from_file(APP, default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    for name, value in query.items():
        app.query_params[name] = value
    app.switch_page(f"../pages/{page}.py")
    app.run()  # the curves first, what looks closer after them
    return settled(app)


def settled(app: AppTest) -> AppTest:
    def waits() -> bool:
        state = app.run().session_state
        return "waiting" in state and bool(state["waiting"])

    until(lambda: not waits(), "all pictures are there")
    assert not app.exception, app.exception
    return app


def message(app: AppTest, name: str) -> bytes:
    return next(c.proto.bytes for c in app.get("bidi_component") if c.proto.component_name == f"explorer_{name}")


@pytest.mark.parametrize("kind", KINDS)
def test_neighbours_a_map_and_the_loss_against_knowing_nothing(runs, kind: str):
    app = visit(run=runs[kind])
    header, _ = read_curves(panels(app)[0])
    assert header["look"]["title"] == "Loss"
    task = Run.open(catalogue.path_of(runs[kind])).task
    header, arrays = read_point_map(message(app, "point_map"))
    assert header["labels"] == list(task.vocabulary.symbols)
    assert header["title"] == "Word vectors"
    assert arrays["points"].shape == (len(task.vocabulary), 2)
    assert any("`" not in said and "is nearest (cosine" in said for said in looked_for(app))
    assert app.text_input(key="words-word").value == "king"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("section", "says"),
    [
        ("Analogies", "only 1 of 30 built-in questions have all four words here"),
        ("Co-occurrence", "the two agree at step 12 with a correlation of"),
        ("One pair", "moves most, by"),
    ],
)
def test_every_section_says_what_is_true(runs, kind: str, section: str, says: str):
    app = visit(run=runs[kind], company=section)
    assert any(says in said for said in looked_for(app)), looked_for(app)
    assert app.expander[0].label == "How this is computed"


def test_a_word_that_is_not_known_is_one_sentence_and_the_next_one_is_there(runs):
    app = visit(run=runs["cbow"])
    app.text_input(key="words-word").set_value("<b>quen</b>").run()
    assert "is not among the" in settled(app).warning[0].value
    app.text_input(key="words-word").set_value("queen").run()
    assert not settled(app).warning
    assert any("nearest" in said for said in looked_for(app))
    app.number_input(key="words-since").set_value(4).run()
    assert any("new since step 4" in said for said in looked_for(settled(app)))


def test_an_earlier_step_is_looked_at(runs):
    app = visit(run=runs["skip-gram"], company="One pair", step="5")
    assert any("Example 0 of the batch of step 5" in text.value for text in app.markdown)
    app.number_input(key="words-example:0").increment().run()
    assert any("Example 1 of the batch of step 5" in text.value for text in settled(app).markdown)


def test_without_a_run_three_ways_and_a_text_of_ones_own_are_offered():
    app = visit()
    assert {f"train-words-{kind}" for kind in KINDS} <= {button.key for button in app.button}
    app.text_area(key="words-text").set_value("too short").run()
    app.button(key="train-words").click().run()
    assert "different words only" in app.error[0].value
    app.text_area(key="words-text").set_value(OWN).run()
    app.button(key="train-words").click().run()
    assert not app.error
    run = Run.open(catalogue.path_of(app.session_state["run"]))
    assert run.config.task.text == OWN
    server.host().order(run.path, "pause", reason="the test is over")


@pytest.mark.parametrize(("kind", "path"), [("cbow", "task.subsample"), ("glove", "model.x_max")])
def test_the_form_of_another_run_has_the_settings_of_word_vectors(runs, kind: str, path: str):
    app = visit(run=runs[kind])
    app.button(key="restart-button").click().run()
    offered = {number.key for number in app.number_input}
    assert {f"restart:{path}", "restart:task.window", "restart:model.width"} <= offered
    assert not {"restart:model.layers", "restart:model.heads"} & offered
    assert app.selectbox(key="restart:model.kind").options == list(KINDS)


@pytest.mark.parametrize("page", OTHERS)
def test_pages_that_look_into_a_transformer_say_so_in_a_sentence(runs, page: str):
    app = visit(page, run=runs["glove"])
    assert "learns word vectors (glove)" in app.info[0].value
    assert not app.warning


@pytest.mark.parametrize("page", ["train", "embeddings", "optimizers", "tokenizers", "search", "runs", "start"])
def test_all_others_work_on_word_vectors(runs, page: str):
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params["run"] = runs["skip-gram"]
    app.run()
    app.switch_page(f"../pages/{page}.py")
    app.run()
    assert not app.exception, app.exception
    assert not app.error


def test_a_transformers_run_is_told_where_its_tokens_are(runs):
    app = visit(run=runs["transformer"])
    assert "This run is a Transformer (decoder)" in app.info[0].value
    assert any(button.key == "train-words-glove" for button in app.button)


def test_a_run_that_diverged_keeps_its_earlier_steps():
    path = catalogue.new_path("diverged")
    file.begin(path, tiny("glove").replace({"optimizer.name": "sgd", "optimizer.lr": 100.0}))
    server.host().order(path, "play")
    run = Run.open(path)
    until(lambda: run.status.state == "diverged", "it diverges")
    app = visit(run=path.stem)
    assert "This run diverged" in app.warning[0].value


def test_sentences_hold():
    rows = [{"word": "queen", "similar": 0.9, "count": 3}, {"word": "man", "similar": 0.89, "count": 700}]
    now = {"word": "king", "count": 12, "step": 9, "rows": rows}, {}
    then = {"step": 2, "rows": rows[1:]}, {}
    said = nearest.sentence(now, then)
    assert said == (
        "`queen` is nearest (cosine 0.90); 1 of 2 are new since step 2 (green). `king` occurs 12 times, rarely: trust "
        "little."
    )
    assert "hardly ahead of `man`" in analogies.found(({"rows": rows, "given": rows}, {}))
    asked = {"rows": [{"place": 1}, {"place": 4}, {"place": None}] * 2, "asked": 30, "chance": 0.001, "read": 900}
    said = analogies.warning(asked | {"median": 8.0})
    assert "2 of 6 questions have the right answer first, 4 among the first ten; by chance 0.10% would." in said
    assert "The text has 900 words; good analogies need" in said
    assert "need" not in analogies.warning(asked | {"median": 8.0, "read": 10**9})
    assert "&lt;b&gt;" in analogies.listed([{"words": ["<b>", "b", "c", "d"], "place": None}])
    none = {"words": ["a", "b"], "correlation": None, "cells": 0, "step": 1, "comparable": True, "never": 4}
    assert beside.sentence((none, {})).startswith("too few of the 4 pairs")
    true = {"word": "queen", "score": 1.0, "p": 0.73, "then": 0.9, "asked": True}
    noise = {"word": "man", "score": 2.0, "asked": True}
    said = pair.sentence({"kind": "cbow", "scored": [true, noise]})
    assert "scores no higher than `man`" in said
    assert "falls from +1.000 to +0.900: the rest of the batch pulls it the other way" in said
