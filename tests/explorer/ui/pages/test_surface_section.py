"""The surface's and the toys' sections run by Streamlit without a browser, what they tell the canvas, and in words."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from messages import looked_for
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded
from visits import unfold, visit_of
from waiting import until

from explorer import Run
from explorer.answers.records.landscape import LossSurface, RunPath, Slice, SurfacePaths
from explorer.answers.records.toys import Surface
from explorer.charts import slices as charts
from explorer.charts.theme import spec
from explorer.runs import catalogue, file
from explorer.ui.components.landscape import Ground, Track, message
from explorer.ui.optimizers import slices, surface_sentences, toys

SURFACE = """
from explorer.ui import chosen, frame, server
from explorer.ui.optimizers import surface
server.host()
chosen.take_from_url()
frame.watch("Surface", "A test.", surface.show)
"""
TOYS = """
import streamlit as st
from explorer.ui import server
from explorer.answers.records.toys import Surface
from explorer.ui.optimizers import toys
server.host()
toys.show()
"""


@pytest.fixture(scope="module", autouse=True)
def race(served) -> list[str]:
    """Two runs of a race."""
    paths = [catalogue.new_path(stem) for stem in ("first", "second")]
    names = dict(zip(paths, ("adamw", "sgd 0.3"), strict=True))
    for path, change in zip(paths, ({}, {"optimizer.name": "sgd", "optimizer.lr": 0.3}), strict=True):
        recorded(path, 20, TINY.replace(change), every=4).close()
        connection = file.connect(path, write=True)
        members = {path.stem: names[path] for path in paths}
        with connection:
            file.set_meta(connection, "race", {"id": "r", "name": names[path], "members": members, "mode": "lockstep"})
        connection.close()
    return [path.stem for path in paths]


def app_of(script: str, **query: str) -> AppTest:
    app = AppTest.from_string(script, default_timeout=240)
    for name, value in query.items():
        app.query_params[name] = value
    return settled(unfold(app, "Surface"))


def settled(app: AppTest) -> AppTest:
    """Runs until nothing is computed any more."""
    until(lambda: not (visit_of(app.run()).waiting or visit_of(app).refining), "all is there")
    assert not app.exception, app.exception
    return app


def canvas(app: AppTest) -> tuple[dict[str, Any], np.ndarray]:
    """What the landscape gets: the header and the heights."""
    (found,) = [c for c in app.get("bidi_component") if c.proto.component_name == "explorer_landscape"]
    data = found.proto.bytes
    length = int.from_bytes(data[:4], "little")
    header = json.loads(data[4 : 4 + length])
    rows, columns = header["shape"]
    return header, np.frombuffer(data, "<f4", rows * columns, 4 + length).reshape(rows, columns)


def snapshots(stem: str) -> list[int]:
    with closing(Run.open(catalogue.path_of(stem))) as run:
        return run.snapshot_steps


def test_the_surface_is_drawn_whole_with_every_contender_on_it(race):
    app = app_of(SURFACE, run=race[0], step="16")
    header, losses = canvas(app)
    assert header["progress"] == {"share": 1.0, "words": "1,681 of 1,681 points"}
    assert np.isfinite(losses).all()
    assert [track["name"] for track in header["tracks"]] == ["adamw", "sgd 0.3"]
    assert [track["marked"] for track in header["tracks"]] == [True, False]
    assert header["tracks"][0]["now"] == snapshots(race[0]).index(16)
    said = next(words for words in looked_for(app) if "on this plane" in words)
    assert "of the squared distances of the snapshots" in said
    (table,) = [html.proto.body for html in app.get("html") if "loss beneath" in html.proto.body]
    assert "sgd 0.3" in table
    assert any("from" in words and "at step 0 of this run" in words for words in looked_for(app))


def test_the_mark_moves_without_computing_and_the_centre_on_request(race):
    app = app_of(SURFACE, run=race[0], step="16")
    before = canvas(app)[1]
    visit_of(app).step = 8
    header, losses = canvas(settled(app))
    assert header["tracks"][0]["now"] == snapshots(race[0]).index(8)
    assert (losses == before).all()
    assert header["title"] == "Loss around step 16 · this run’s path"
    app.button(key="surface-here").click()
    header, losses = canvas(settled(app))
    assert header["title"].startswith("Loss around step 8")
    assert not (losses == before).all()


@pytest.mark.parametrize(
    ("plane", "words"), [("all", "all runs’ paths"), ("three", "three points"), ("random", "random")]
)
def test_every_plane_is_drawn(race, plane, words):
    app = app_of(SURFACE, run=race[0])
    app.segmented_control(key="surface-plane").set_value(plane)
    header, losses = canvas(settled(app))
    assert words in header["title"]
    assert np.isfinite(losses).all()


def test_a_plane_that_is_not_offered_any_more_gives_way(race):
    app = AppTest.from_string(SURFACE, default_timeout=240)
    app.query_params["run"] = race[0]
    app.session_state["surface-plane"] = "gone"
    assert "this run’s path" in canvas(settled(app))[0]["title"]
    assert not app.warning


def test_a_step_without_a_path_says_what_to_do(race):
    app = app_of(SURFACE, run=race[0], step="0")
    assert "A path needs 3 snapshots" in app.info[0].value


def test_toys_need_no_run_and_start_where_they_are_told(race):
    app = app_of(TOYS)
    header, heights = canvas(app)
    assert heights.shape == (81, 81)
    assert [track["name"] for track in header["tracks"]] == ["adam", "sgd", "momentum", "rmsprop"]
    assert header["starts"]
    walk = header["walk"]
    app.number_input(key="toy_x:0").set_value(0.5)
    assert canvas(app.run())[0]["walk"] != walk
    app.number_input(key="toy-rate-rosenbrock-sgd").set_value(1.0)
    app.run()
    assert any("sgd left the surface" in words for words in looked_for(app))
    app.segmented_control(key="toy").set_value("saddle")
    assert canvas(app.run())[0]["scale"] == "signed"
    app.pills(key="toy-optimizers").set_value([])
    app.run()
    assert any("at least one optimizer" in caption.value for caption in app.caption)
    assert not app.exception


LOSSES = LossSurface(
    done=36,
    of=1681,
    stride=8,
    part=0,
    step=7,
    kind="own",
    loss=0.5,
    samples=32,
    batch=128,
    accumulate=2,
    dropout=0.1,
    smoothing=0.0,
    own_prefix=0.0,
    parameters=9,
    wandering=0.9,
    window=((-1.0, 1.0), (-1.0, 1.0)),
    explained=(0.9, 0.05),
    losses=np.full((41, 41), np.nan),
    lengths=np.ones(2),
)


def path_to(path: str, itself: float, beneath: float) -> RunPath:
    none = np.empty(0)
    return RunPath(path, none, np.empty((0, 2)), none, none, 9, itself, beneath, None)


def walker(path: str, name: str) -> Any:
    return SimpleNamespace(run=SimpleNamespace(path=path), name=name, color="#000")


def test_a_path_off_the_plane_must_not_be_read_on_it():
    here = replace(LOSSES, losses=np.array([[0.5, 3.0]]))
    paths = SurfacePaths(step=7, runs=[path_to("a", 0.1, 2.0), path_to("b", 1.0, 1.01)], misfits=[])
    drawn = [walker("a", "sgd"), walker("b", "adam")]
    said = surface_sentences.sentence(here, paths, drawn)
    assert "on this plane from 0.5 to 3;" in said
    assert "holds 95.0 % of the squared distances" in said
    assert "a random walk of as many steps would come to 90 %" in said
    assert "sgd at its step 9 lies off the plane, its own loss is 0.1 and the one beneath it 2" in said
    assert "adam" not in said
    assert (
        surface_sentences.sentence(replace(LOSSES, losses=np.array([[np.inf]])), None, [])
        == "no point of this plane has a finite loss."
    )


def test_it_is_told_on_which_samples_the_loss_is():
    words = surface_sentences.batch_words(LOSSES)
    assert words.startswith("loss on the first 32 of the 128 samples of the batch of step 7 of the first part")
    assert "without the dropout of 0.1 that" in words
    smoothed = surface_sentences.batch_words(replace(LOSSES, smoothing=0.2))
    assert "without the dropout of 0.1 and the label smoothing of 0.2 that training has" in smoothed
    assert words.endswith("36 of 1,681 points")


@pytest.mark.parametrize(
    ("losses", "words"),
    [
        ([1.0, 1.0, 3.0, 2.0, 2.0], "a barrier rises 1 nats above the higher end, at t = 0.50"),
        ([3.0, 3, 2, 1, 1], "no barrier"),
    ],
)
def test_a_barrier_is_named(losses, words):
    train = np.array(losses)
    t = np.array([-0.25, 0.0, 0.5, 1.0, 1.25])
    line = Slice(step=0, distance=1.0, samples=(4, 4), fresh=True, t=t, train=train, held_out=train + 0.5)
    said = slices.sentence(line, "step 0", random=False)
    assert words in said
    assert "0.5 more" in said
    assert "not finite" in slices.sentence(replace(line, train=np.full(5, np.nan)), "step 0", random=False)
    assert "the lowest of the slice is" in slices.sentence(line, "", random=True)


def test_it_is_told_who_comes_to_a_minimum_and_who_leaves():
    toy = Surface("bowl", "", ((-1, 1), (-1, 1)), (1.0, 1.0), ((0.0, 0.0, "minimum"),), "linear", 0.0, "", {})
    there = Track("adam", "#000", np.arange(3), np.array([1.0, 0.5, 0.0]), np.zeros(3), values=np.array([1, 0.5, 0.1]))
    gone = Track("sgd", "#000", np.arange(1), np.ones(1), np.ones(1), values=np.ones(1), ended="too far")
    said = toys.sentence(toy, [there, gone])
    assert said.startswith("adam comes near the minimum at step 2; sgd left the surface: too far")
    assert said.endswith("after 2 steps adam is lowest of all, at f = 0.1.")


def test_a_message_holds_heights_and_paths_and_refuses_what_does_not_fit():
    ground = Ground(np.array([[1.0, np.nan], [np.inf, 4.0]]), [[0, 1], [0, 1]], "a, b", "nats", "loss", stride=0)
    track = Track("sgd", "#123456", np.arange(2), np.zeros(2), np.ones(2), off=np.array([0.1, 0.9]))
    data = message("Loss", "in words", ground, [track], progress=(0.5, "2 of 4"))
    length = int.from_bytes(data[:4], "little")
    header, numbers = json.loads(data[4 : 4 + length]), np.frombuffer(data, "<f4", offset=4 + length)
    assert header["outside"]
    assert not header["player"]
    np.testing.assert_array_equal(numbers[:4], np.array([1, np.nan, np.inf, 4], "f4"))
    assert len(numbers) == 4 + 7 * 2
    with pytest.raises(ValueError, match="sgd has 3 steps and 2, 2 places"):
        message("Loss", "", ground, [Track("sgd", "#000", np.arange(3), np.zeros(2), np.ones(2))])


def test_the_slices_chart_is_valid_and_its_spec_does_not_depend_on_data():
    t = np.linspace(0, 1, 4)
    full = charts.frame(t, {"train": t, "held_out": np.where(t > 0.5, np.nan, t)}, {0.0: "here", 1.0: "there"})
    empty = charts.frame(np.empty(0), {"train": np.empty(0)}, {})
    assert spec(charts.slices(full)) == spec(charts.slices(empty))
    assert full["label"].tolist()[-2:] == ["here", "there"]
