"""The embeddings page run by Streamlit without a browser: what its map gets, in its states, and true sentences."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from messages import looked_for, read_point_map
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded
from visits import look, settled
from waiting import until

from explorer import Run, RunConfig
from explorer.answers import embeddings
from explorer.answers.records.embeddings import LayoutNoise, PointMap
from explorer.runs import catalogue, file
from explorer.ui import server
from explorer.ui.embeddings import axis, moved
from explorer.ui.parts import map_captions as captions
from explorer.ui.parts import map_choice as choice
from explorer.ui.parts import moving_map as live

APP = str(Path(__file__).parents[4] / "explorer" / "app.py")
STEP = 20
HOW = {"map-by": "PCA"}  # needs no warming up


@pytest.fixture(scope="module", autouse=True)
def run(served) -> str:
    """A run of 20 steps."""
    path = catalogue.new_path("meanings")
    recorded(path, STEP, TINY, every=5).close()
    return path.stem


def visit(**query: str) -> AppTest:
    """Follows a link to the page; returns when it waits for nothing any more."""
    return look("embeddings", query, **query)


def point_map(app: AppTest) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What the live map gets."""
    found = [c for c in app.get("bidi_component") if c.proto.component_name == "explorer_point_map"]
    return read_point_map(found[0].proto.bytes)


def test_the_map_is_told_the_numbers_of_the_weights_at_the_step(run):
    header, read = point_map(visit(run=run, step="10", **HOW))
    answer = embeddings.frame(str(catalogue.path_of(run)), 10, "input", method="pca")
    assert (header["step"], header["labels"]) == (10, answer.labels)
    np.testing.assert_allclose(read["points"], answer.points, rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(read["neighbours"], answer.neighbours)
    np.testing.assert_allclose(read["distances"], answer.distances, rtol=1e-5)
    assert header["quality"][0] == ["trustworthiness", f"{answer.trustworthiness:.3f}"]


def test_the_layout_noise_stands_with_its_spread():
    answer = replace(ANSWER, method="tsne", trustworthiness=0.9)
    noise = LayoutNoise(1200, False, 0.38, [0.15, 0.27, 0.3, 0.45, 0.5, 0.61])
    assert captions.quality(answer, noise)[1:] == [
        ("layout noise, step 1,200", "0.38 radii"),
        ("over 6 pairs of seeds", "0.15 to 0.61"),
    ]
    places = [("layout noise", "–"), ("over pairs of seeds", "–")]
    assert captions.quality(answer, None)[1:] == places, "nothing below them moves when they come"
    assert captions.quality(replace(answer, since=None, moved=None), None)[1:] == [], "a large map has no noise"


@pytest.mark.parametrize("what", ["output", "positions", "states", "queries-keys"])
def test_every_set_of_points_has_its_map(run, what):
    app = visit(run=run, **HOW | {"map-of": choice.SHORT[what]})
    header, read = point_map(app)
    assert header["title"].startswith(choice.TITLES[what])
    assert np.isfinite(read["points"]).all()
    assert len(looked_for(app)) == 1


def test_the_address_chooses_three_dimensions_and_knobs(run):
    header, _ = point_map(visit(run=run, **HOW | {"map-3d": "true", "map-metric": "euclidean"}))
    assert header["dims"] == 3
    assert header["neighbours"]["metric"] == "Euclidean distance"


def test_who_moved_is_held_against_the_step_that_is_asked_for(run):
    app = settled(visit(run=run, **HOW | {"map-since": "15", "map-closer": "Who moved"}))
    assert "changed most since step 15" in looked_for(app)[0]
    app.segmented_control(key="map-closer").set_value("Map")
    header, read = point_map(settled(app))
    answer = embeddings.frame(str(catalogue.path_of(run)), STEP, "input", method="pca", since=15)
    assert header["since"] == 15
    np.testing.assert_allclose(read["moved"], answer.moved)


def test_an_axis_goes_from_one_token_to_another(run):
    app = visit(run=run, **HOW | {"map-closer": "An axis"})
    assert "Along it" in looked_for(app)[0]
    app.selectbox(key="axis_to:0").set_value(0)
    settled(app)
    assert any("two different points" in c.value for c in app.caption)


def test_two_thousand_states_are_mapped_when_asked_for(run):
    app = visit(run=run, **HOW | {"map-closer": "2,000 states"})
    assert not looked_for(app)
    app.button(key="map-big").click()
    settled(app)
    maps = [c for c in app.get("bidi_component") if c.proto.component_name == "explorer_point_map"]
    header, _ = read_point_map(maps[0].proto.bytes)
    assert header["count"] > 500
    assert header["step"] == STEP


def test_without_a_run_the_page_offers_the_cards():
    app = visit()
    assert app.title[0].value == "Embeddings"
    assert [b for b in app.button if b.label == "Train"]


def test_a_run_before_its_first_step_has_a_map(run):
    path = catalogue.new_path("fresh")
    file.begin(path, TINY)
    header, _ = point_map(visit(run=path.stem, **HOW))
    assert header["step"] == 0


def test_a_run_that_diverged_shows_its_map_or_says_why_there_is_none():
    path = catalogue.new_path("diverged")
    file.begin(path, TINY.replace({"optimizer.name": "sgd", "optimizer.lr": 100.0, "train.clip": None}))
    server.host().order(path, "play")
    until(lambda: Run.open(path).status.state == "diverged", "it diverges")
    app = visit(run=path.stem, **HOW)
    assert looked_for(app) or app.warning


def test_both_stacks_of_an_encoder_decoder_are_offered():
    config = RunConfig.preset("dates-fr")
    assert choice.kinds(config)[:3] == ["encoder.input", "decoder.input", "output"]
    assert "decoder.blocks.0.cross" in config.model.attentions
    assert choice.short("encoder.input") == "encoder input"


NONE = np.full(4, -1)
ANSWER = PointMap(
    step=9,
    method="umap",
    standing_in=False,
    labels=["a", "<b>", "1", "2"],
    kinds=["vowel", "vowel", "digit", "digit"],
    sequences=[],
    left_out=0,
    explained=None,
    trustworthiness=None,
    points=np.zeros((4, 2)),
    neighbours=np.array([[1, 2], [0, 2], [3, 0], [2, 0]]),
    distances=np.array([[0.2, 0.5], [0.2, 0.6], [0.1, 0.7], [0.1, 0.8]]),
    token=NONE,
    position=NONE,
    row=NONE,
    frequency=np.array([0.4, 0.1, 0.2, 0.3]),
    loss=np.full(4, np.nan),
    since=3,
    moved=np.array([0.5, 0, 1, 0.5]),
)
CHOICE = choice.Choice("input", "pca", 2, 0, "", 15, 0.1, "cosine", 0, 3, False)


def test_the_sentence_names_the_closest_pair_its_kind_and_what_changed():
    assert captions.sentence(CHOICE, ANSWER) == (
        "at step 9 `1` and `2` are closest; the nearest of 100 % is of its own kind, where chance is 33 %."
    )


def test_who_changed_most_comes_first_and_of_equals_the_frequent_one():
    assert moved.listed(ANSWER, []) == [2, 0, 3, 1]
    assert moved.listed(ANSWER, [1]) == [1]
    assert moved.sentence(CHOICE, ANSWER, ANSWER) == (
        "`1` changed most since step 9: 2 of its 2 nearest are new. 1 of 4 kept all of theirs."
    )


def test_equal_labels_are_told_apart_by_where_they_stand():
    rows = {"kinds": ["query", "key", "digit", "digit"], "row": np.array([0, 1, -1, 0]), "position": np.arange(4)}
    answer = replace(ANSWER, **rows, sequences=[list("wxyz"), list("abcd")])
    assert [captions.note(answer, i) for i in range(4)] == [
        "query at 0, example 1",
        "key at 1, example 2",
        "",
        "at 3, example 1",
    ]
    assert captions.note(replace(answer, sequences=[list("wxyz")]), 3) == "at 3"
    assert captions.contexts(answer) == ["[w] x y z", "a [b] c d", "", "w x y [z]"]


def test_a_label_cannot_smuggle_markup_into_the_table():
    html = moved.table(ANSWER, ANSWER, [0, 1])
    assert "<b>" not in html
    assert "&lt;b&gt;" in html


def test_an_axis_puts_its_ends_at_0_and_1():
    along = axis.relative(np.array([2.0, 6, 4, 10]), 0, 1)
    assert along.tolist() == [0, 1, 0.5, 2]
    assert not np.isfinite(axis.relative(np.ones(3), 0, 1)).all()


def test_while_pca_stands_in_frames_leave_the_cores_to_what_is_waited_for(monkeypatch: pytest.MonkeyPatch):
    view: Any = SimpleNamespace(about=SimpleNamespace(vocabulary=30))
    chosen: Any = SimpleNamespace(what="states")
    for stands_in, every in ((True, live.STANDING_EVERY), (False, live.EVERY)):
        monkeypatch.setattr(live.visit, "kept", lambda kind, stands_in=stands_in: kind(stands_in))
        assert live.pace(view, chosen) == every
