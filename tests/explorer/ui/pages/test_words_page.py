"""The Words page run by Streamlit without a browser: every section of every kind, its states, true sentences."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from messages import looked_for, panels, read, read_curves, read_point_map
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded
from visits import look, settled, unfold, visit_of
from waiting import until

from explorer import Run, RunConfig
from explorer.answers.records.pair import Noise, Pair, Scored
from explorer.answers.records.words import Analogy, Matrix, Nearest, Neighbour, Question, Questions
from explorer.runs import catalogue, file
from explorer.ui import server
from explorer.ui.words import analogies, beside, nearest, pair

APP = str(Path(__file__).parents[4] / "explorer" / "app.py")
OWN = " ".join(
    ["the king loves the queen and the queen loves the king", "a man sees a woman and the woman sees the man"] * 60
)
KINDS = ("skip-gram", "cbow", "glove")
STEP = 12
OTHERS = ("attention", "gradients")  # pages that look into a Transformer


def tiny(kind: str) -> RunConfig:
    changes = {"task.text": OWN, "task.subsample": 1.0, "task.window": 2, "task.negatives": 3, "model.width": 6}
    more = {"train.batch": 16, "train.steps": None, "optimizer.schedule": "constant"}
    return RunConfig.preset(f"words-{kind}").replace(changes | more)


@pytest.fixture(scope="module", autouse=True)
def runs(served) -> dict[str, str]:
    """A run of each kind, and one of a Transformer."""
    made = {}
    for name, config in [*((kind, tiny(kind)) for kind in KINDS), ("transformer", TINY)]:
        path = catalogue.new_path(name)
        recorded(path, STEP, config, every=4).close()
        made[name] = path.stem
    return made


def visit(page: str = "words", **query: str) -> AppTest:
    """Follows a link to the page; returns when it waits for nothing any more."""
    query |= {"map-by": "PCA"} if page == "words" else {}  # needs no warming up
    return look(page, query, **query)


def turn(app: AppTest, section: str) -> AppTest:
    """Chooses another section."""
    app.segmented_control(key="company").set_value(section)
    return app


def message(app: AppTest, name: str) -> bytes:
    return next(c.proto.bytes for c in app.get("bidi_component") if c.proto.component_name == f"explorer_{name}")


@pytest.mark.parametrize("kind", KINDS)
def test_neighbours_a_map_and_the_loss_against_knowing_nothing(runs, kind: str):
    app = visit(run=runs[kind])
    header, _ = read_curves(panels(app)[0])
    assert header["look"]["title"] == "Loss"
    task = Run.open(catalogue.path_of(runs[kind])).task
    app = settled(turn(app, "Map"))
    header, arrays = read_point_map(message(app, "point_map"))
    assert header["labels"] == list(task.vocabulary.symbols)
    assert header["title"] == "Word vectors"
    assert arrays["points"].shape == (len(task.vocabulary), 2)
    app = settled(turn(app, "Neighbours"))
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
    app = settled(unfold(visit(run=runs[kind], company=section), "Words", section))
    assert any(says in said for said in looked_for(app)), looked_for(app)
    assert app.expander[0].label == "Details"


def test_two_lists_are_compared_and_what_is_not_known_is_said(runs):
    app = settled(visit(run=runs["skip-gram"], company="Bias"))
    assert "the first attributes need a word that this run knows; it does not know sword" in read(app.warning[0].value)
    for name, words in {"first": "king man", "second": "queen woman", "one": "loves zounds", "other": "sees"}.items():
        app.text_input(key=f"words-bias-{name}").set_value(words).run()
    app = settled(app)
    assert not app.warning
    assert any("of all splits differ" in said and "Not known here: zounds" in said for said in looked_for(app))
    rows = "".join(html.proto.body for html in app.get("html"))
    assert "Equal splits</th><td>6</td>" in rows


def test_a_word_that_is_not_known_is_one_sentence_and_the_next_one_is_there(runs):
    app = visit(run=runs["cbow"], company="Neighbours")
    app.text_input(key="words-word").set_value("<b>quen</b>").run()
    assert "is not among the" in read(settled(app).warning[0].value)
    app.text_input(key="words-word").set_value("queen").run()
    assert not settled(app).warning
    assert any("nearest" in said for said in looked_for(app))
    app.number_input(key="words-since").set_value(4).run()
    assert any("new since step 4" in said for said in looked_for(settled(app)))


def test_an_earlier_step_is_looked_at(runs):
    app = visit(run=runs["skip-gram"], company="One pair", step="5")
    assert any("Example 0 of step 5" in text.value for text in app.markdown)
    app.number_input(key="example:0").increment().run()
    assert any("Example 1 of step 5" in text.value for text in settled(app).markdown)


def test_without_a_run_three_ways_and_a_text_of_ones_own_are_offered():
    app = visit()
    assert {f"train-words-{kind}" for kind in KINDS} <= {button.key for button in app.button}
    app.text_area(key="words-text").set_value("too short").run()
    app.button(key="train-words").click().run()
    assert "different words only" in read(app.error[0].value)
    app.text_area(key="words-text").set_value(OWN).run()
    app.button(key="train-words").click().run()
    assert not app.error
    run = Run.open(catalogue.path_of(visit_of(app).run))
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


WORKING = ["train", "embeddings", "optimizers", "tokenizers", "search", "runs", "start", "positions", "numerics"]


@pytest.mark.parametrize("page", WORKING)
def test_all_others_work_on_word_vectors(runs, page: str):
    app = AppTest.from_file(APP, default_timeout=240)
    app.query_params["run"] = runs["skip-gram"]
    app.switch_page(f"../pages/{page}.py").run()
    assert not app.exception, app.exception
    assert not app.error


@pytest.mark.parametrize(("section", "lacks"), [("Loss scaling", "logits"), ("Dropout", "residual stream")])
def test_what_is_shown_on_a_transformer_says_what_word_vectors_have_not(runs, section: str, lacks: str):
    app = visit("numerics", run=runs["cbow"], about=section)
    assert f"it has no {lacks} to look into. The Words page" in app.info[0].value


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
    rows = [Neighbour("queen", 0.9, 3), Neighbour("man", 0.89, 700)]
    said = nearest.sentence(Nearest(9, "king", 12, rows), Nearest(2, "king", 12, rows[1:]))
    assert said == (
        "`queen` is nearest (cosine 0.90); 1 of 2 are new since step 2 (green). `king` occurs 12 times, rarely: trust "
        "little."
    )
    assert "hardly ahead of `man`" in analogies.sentence(Analogy(9, rows, rows))
    places = [Question(("a", "b", "c", "d"), place) for place in (1, 4, None)] * 2
    questions = Questions(9, places, built_in=30, chance=0.001, read=900, median=8.0)
    said = analogies.warning(questions)
    assert (
        "2 of 6 questions have the right answer first. By chance 0.10 % would; 4 have it among the first ten." in said
    )
    assert "The text has 900 words; good analogies need" in said
    assert "need" not in analogies.warning(replace(questions, read=10**9))
    assert "&lt;b&gt;" in analogies.listed([Question(("<b>", "b", "c", "d"), None)])
    empty = np.zeros((2, 2))
    never = Matrix(1, ["a", "b"], "glove", True, None, 0, 4, 0.0, empty, empty, empty)
    assert beside.sentence(never).startswith("too few of the 4 pairs")
    true = Scored("queen", 1, 1.0, True, 0.3, -0.27, 0.1, 0.9, noise=Noise(1, 0.73))
    noise = Scored("man", 1, 2.0, True, 2.1, 0.88, 0.1, 1.9, noise=Noise(0, 0.88))
    one = Pair(3, 3, 0, 4, "cbow", [], [true, noise], 1.0, 2, 0.1, None, 1, np.ones((3, 2)), np.ones((3, 2)))
    said = pair.sentence(one)
    assert "scores no higher than `man`" in said
    assert "falls from +1.000 to +0.900: the rest of the batch pulls it the other way" in said
