"""The positions page run by Streamlit without a browser: every section, with and without a run, and true sentences."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from messages import looked_for, panels, read_curves
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded
from waiting import until

from explorer import Run
from explorer.runs import catalogue
from explorer.runs.views import positions as views
from explorer.ui import server
from explorer.ui.positions import benching, encodings, words
from explorer.ui.positions.asked import KINDS

APP = str(Path(__file__).parents[3] / "explorer" / "app.py")
ALWAYS = ["See", "Waves", "Rotation"]
STEPS = 12
SMALL = TINY.replace({"model.context": 24, "optimizer.lr": 5e-3})


@pytest.fixture(scope="module", autouse=True)
def runs(tmp_path_factory) -> Iterator[dict[str, str]]:
    """A host, a learned run and a rotary one; and a bench of tiny runs."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "folder", lambda: folder)
        tiny = benching.Bench("Tiny", "needs little", SMALL)
        patch.setattr(benching, "BENCHES", {"tiny": tiny})
        found = {}
        for kind in ("learned", "rotary"):
            path = catalogue.new_path(kind)
            recorded(path, STEPS, SMALL.replace({"model.positions": kind}), every=6).close()
            found[kind] = path.stem
        assert server.host().wait()
        yield found
        server.host().close()
        server.host.clear()


def visit(section: str, **query: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    app.query_params["order"] = section
    app.switch_page("../pages/positions.py")
    app.run()
    return settled(app)


def settled(app: AppTest) -> AppTest:
    until(lambda: not waiting(app.run()), "slow pictures are there")
    assert not app.exception, app.exception
    assert not any("nan" in line for line in looked_for(app)), looked_for(app)
    return app


def waiting(app: AppTest) -> bool:
    return "waiting" in app.session_state and bool(app.session_state["waiting"])


def header(app: AppTest, component: str, title: str) -> dict[str, Any]:
    """What the component whose title begins so is told."""
    told = [c.proto.bytes for c in app.get("bidi_component") if c.proto.component_name == component]
    read = [json.loads(data[4 : 4 + int.from_bytes(data[:4], "little")]) for data in told]
    return next(one for one in read if str(one.get("title", one.get("subject"))).startswith(title))


def html(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


@pytest.mark.parametrize("section", [*ALWAYS, "Shuffle", "Bench"])
def test_every_section_is_there_without_a_run(section):
    app = visit(section)
    assert app.title[0].value == "Positions"
    assert bool(looked_for(app)) == (section in ALWAYS)
    assert [b for b in app.button if b.label == "Train"], "the cards"


@pytest.mark.parametrize("kind", ["none", "sinusoidal", "rotary", "alibi"])
def test_an_encoding_is_seen_by_its_formula_with_its_knobs(kind):
    app = visit("See")
    app.segmented_control(key="encoding").set_value(kind).run()
    settled(app)
    (said,) = looked_for(app)
    if kind == "none":
        assert "not one answer changes" in said
        return
    length = app.select_slider(key="encoding-Positions-").set_value(16).run() and 16
    settled(app)
    title = "What each head adds" if kind == "alibi" else "What"
    told = header(app, "explorer_heat_map", title)
    assert len(told["rows"]["labels"]) == length
    if kind == "alibi":
        assert "head 1 after 2.77" in said
        assert told["panels"][0] == "head 1 · slope 0.25"
    else:
        assert "neighbours have a cosine of 0.97" in said


def test_a_learned_table_needs_a_run_and_one_click_trains_it():
    app = visit("See")
    app.segmented_control(key="encoding").set_value("learned").run()
    app.button(key="learn-positions").click().run()
    settled(app)
    run = server.opened(str(catalogue.path_of(app.session_state["run"])))
    assert run.config.model.positions == "learned"
    server.host().order(run.path, "pause", reason="the test is over").result(timeout=30)


@pytest.mark.parametrize("section", [*ALWAYS, "Shuffle", "Bench"])
@pytest.mark.parametrize("kind", ["learned", "rotary"])
def test_every_section_shows_pictures_of_a_run(runs, section, kind):
    app = visit(section, run=runs[kind])
    assert looked_for(app)
    assert app.expander[-1].label.startswith("How")


def test_the_learned_table_is_the_runs_at_the_step_looked_at(runs):
    app = visit("See", run=runs["learned"], step="6")
    told = header(app, "explorer_heat_map", "What is added")
    assert told["title"] == "What is added to each embedding · step 6"
    assert told["mark"] == [12, "from here never trained"]
    assert words.learned_sentence(views.own(path(runs["learned"]), 6)) in html(app)
    assert "rows 12 to 23 are of no training sequence" in html(app)


def test_what_training_added_to_the_table_is_seen_by_itself(runs):
    app = visit("See", run=runs["learned"])
    app.segmented_control(key="encoding-since").set_value(encodings.ADDED).run()
    settled(app)
    assert header(app, "explorer_heat_map", "What training has added to the table · step 12")
    plain, arrays = encodings.changed(views.own(path(runs["learned"]), STEPS))
    np.testing.assert_allclose(arrays["change"] + arrays["first"], arrays["table"], rtol=1e-6)
    np.testing.assert_allclose(arrays["products"], arrays["change"] @ arrays["change"].T, atol=1e-12)
    assert arrays["mean"].shape == (1, plain["trained"])


def test_another_run_at_the_same_step_is_another_picture(runs):
    other = catalogue.new_path("other")
    recorded(other, STEPS, SMALL.replace({"train.seed": 1}), every=6).close()

    def drawn(app: AppTest) -> bytes:
        return next(c.proto.bytes for c in app.get("bidi_component") if c.proto.component_name == "explorer_heat_map")

    app = visit("See", run=runs["learned"])
    first = drawn(app)
    app.session_state["run"] = other.stem
    assert drawn(settled(app)) != first
    app.session_state["run"] = runs["learned"]
    assert drawn(settled(app)) == first


def path(stem: str) -> str:
    return str(catalogue.path_of(stem))


def test_a_rotary_runs_own_query_and_key_turn_and_another_heads_are_chosen(runs):
    app = visit("Rotation", run=runs["rotary"])
    told = header(app, "explorer_rotation", "head 1.1")
    assert (told["at"], told["pairs"], told["last"]) == ([11, 0], 4, 23)
    app.selectbox(key="turning-head-4-12").set_value("blocks.1.attention.1").run()
    app.selectbox(key="turning-query-4-12").set_value(7).run()
    settled(app)
    assert header(app, "explorer_rotation", "head 2.2")["at"] == [7, 0]


def test_shuffled_positions_are_told_beside_the_trained_ones(runs):
    app = visit("Shuffle", run=runs["learned"])
    assert "What remains of that" in html(app)
    assert "counts as" not in html(app)
    app.button(key="shuffle").click().run()
    settled(app)
    assert "of 12 positions 12 changed places" in html(app)
    assert header(app, "explorer_heat_map", "Attention of")["panels"] == ["as trained", "positions shuffled"]
    first = html(app)
    app.button(key="shuffle").click().run()
    assert html(settled(app)) != first, "another order"
    app.button(key="unshuffle").click().run()
    assert "counts as" not in html(settled(app))


def test_the_bench_trains_five_side_by_side_and_judges_them():
    app = visit("Bench")
    app.number_input(key="bench-steps-tiny").set_value(10).run()
    app.button(key="bench").click().run()
    first = server.opened(path(app.session_state["run"]))
    members = server.racing(first)
    assert list(members) == list(KINDS.values())
    until(lambda: all(r.status.state == "finished" for r in members.values()), "the bench is over")
    app.run()
    settled(app)
    told = html(app)
    assert "None, Sinusoidal, Rotary and ALiBi began from the same weights, Learned from others" in told
    assert "a learned table of 24 rows has none for positions 24 to 47" in told
    assert told.count("not possible") == 1
    loss = next(drawn for head, drawn in map(read_curves, panels(app)) if head["look"]["title"] == "Loss")
    for curve, (name, run) in zip(loss, members.items(), strict=True):
        assert curve["series"] == name
        np.testing.assert_array_equal(curve["value"], Run.open(run.path).steps["loss"])
    far = header(app, "explorer_heat_map", "Attention by distance")
    assert far["panels"] == list(KINDS.values())
    assert far["rows"]["labels"] == ["1.1", "1.2", "2.1", "2.2", "even"]
