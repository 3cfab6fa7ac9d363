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
from visits import look, settled, unfold, visit_of
from waiting import until

from explorer import Run
from explorer.answers import positions as views
from explorer.config.encodings import ENCODINGS
from explorer.measure.names import listed
from explorer.runs import catalogue
from explorer.ui import server
from explorer.ui.positions import bench_runs, encodings, words

APP = str(Path(__file__).parents[4] / "explorer" / "app.py")
ALWAYS = ["See", "Waves", "Rotation"]
STEPS = 12
SMALL = TINY.replace({"model.context": 24, "optimizer.lr": 5e-3})


@pytest.fixture(scope="module", autouse=True)
def runs(served) -> Iterator[dict[str, str]]:
    """A learned run and a rotary one; and a bench of tiny runs."""
    made = {}
    for kind in ("learned", "rotary"):
        path = catalogue.new_path(kind)
        recorded(path, STEPS, SMALL.replace({"model.positions": kind}), every=6).close()
        made[kind] = path.stem
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench_runs, "BENCHES", {"tiny": bench_runs.Bench("Tiny", "needs little", SMALL)})
        yield made


def visit(section: str, **query: str) -> AppTest:
    return whole(look("positions", query, order=section))


def whole(app: AppTest) -> AppTest:
    """A page whose every sentence has numbers."""
    assert not any("nan" in line for line in looked_for(app)), looked_for(app)
    return app


def header(app: AppTest, component: str, title: str) -> dict[str, Any]:
    """What the component whose title begins so gets."""
    messages = [c.proto.bytes for c in app.get("bidi_component") if c.proto.component_name == component]
    read = [json.loads(data[4 : 4 + int.from_bytes(data[:4], "little")]) for data in messages]
    return next(one for one in read if str(one.get("title", one.get("subject"))).startswith(title))


def choose(app: AppTest, encoding: str) -> AppTest:
    """The encoding that is chosen by hand beside a run."""
    control = next(one for one in app.segmented_control if one.label == "Encoding")
    return settled(control.set_value(encoding).run())


def shown(app: AppTest) -> str:
    return next(one for one in app.segmented_control if one.label == "Encoding").value


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
    whole(settled(app))
    (said,) = looked_for(app)
    if kind == "none":
        assert "not one answer changes" in said
        return
    length = app.select_slider(key="encoding-positions").set_value(16).run() and 16
    whole(settled(app))
    title = "What each head adds" if kind == "alibi" else "What"
    grid = header(app, "explorer_heat_map", title)
    assert len(grid["rows"]["labels"]) == length
    if kind == "alibi":
        assert "head 1 after 2.77" in said
        assert grid["panels"][0] == "head 1 · slope 0.25"
    else:
        assert "neighbours have a cosine of 0.97" in said


def test_a_learned_table_needs_a_run_and_one_click_trains_it():
    app = visit("See")
    app.segmented_control(key="encoding").set_value("learned").run()
    app.button(key="learn-positions").click().run()
    whole(settled(app))
    run = server.opened(str(catalogue.path_of(visit_of(app).run)))
    assert run.config.model.positions == "learned"
    server.host().order(run.path, "pause", reason="the test is over").result(timeout=120)


@pytest.mark.parametrize("section", [*ALWAYS, "Shuffle", "Bench"])
@pytest.mark.parametrize("kind", ["learned", "rotary"])
def test_every_section_shows_pictures_of_a_run(runs, section, kind):
    app = visit(section, run=runs[kind])
    assert looked_for(app)
    assert app.expander[-1].label == "Details"


def test_a_recurrent_run_has_no_positions_to_shuffle():
    path = catalogue.new_path("rnn")
    recorded(path, 2, SMALL.replace({"model.kind": "rnn"}), every=2).close()
    app = visit("Shuffle", run=path.stem)
    (said,) = [one.value for one in app.info]
    assert "it has no position" in said
    assert not [b for b in app.button if b.label == "Shuffle positions"]


def test_the_learned_table_is_the_runs_at_the_step_looked_at(runs):
    app = choose(visit("See", run=runs["learned"], step="6"), encodings.OWN)
    grid = header(app, "explorer_heat_map", "What is added")
    assert grid["title"] == "What is added to each embedding · step 6"
    assert grid["mark"] == [12, "from here never trained"]
    assert words.learned_sentence(views.of_run(path(runs["learned"]), 6)) in html(app)
    assert "rows 12 to 23 are of no training sequence" in html(app)


def test_a_table_that_is_still_noise_is_not_what_the_page_opens_on_and_a_choice_stays(runs):
    app = visit("See", run=runs["learned"], step="0")
    assert shown(app) == encodings.BY_FORMULA
    choose(app, encodings.OWN)
    app.switch_page("../pages/train.py").run()
    app.switch_page("../pages/positions.py").run()
    assert shown(whole(settled(app))) == encodings.OWN
    assert shown(visit("See", run=runs["rotary"])) == encodings.OWN, "a formula always shows something"


def test_what_training_added_to_the_table_is_seen_by_itself(runs):
    app = choose(visit("See", run=runs["learned"]), encodings.OWN)
    app.segmented_control(key="encoding-since").set_value(encodings.ADDED).run()
    whole(settled(app))
    assert header(app, "explorer_heat_map", "What training has added to the table · step 12")
    answer = encodings.changed(views.of_run(path(runs["learned"]), STEPS))
    np.testing.assert_allclose(answer.change + answer.first, answer.table, rtol=1e-6)
    np.testing.assert_allclose(answer.products, answer.change @ answer.change.T, atol=1e-12)
    assert answer.mean.shape == (1, answer.trained)


def test_another_run_at_the_same_step_is_another_picture(runs):
    other = catalogue.new_path("other")
    recorded(other, STEPS, SMALL.replace({"train.seed": 1}), every=6).close()

    def drawn(app: AppTest) -> bytes:
        return next(c.proto.bytes for c in app.get("bidi_component") if c.proto.component_name == "explorer_heat_map")

    app = visit("See", run=runs["learned"])
    first = drawn(app)
    visit_of(app).run = other.stem
    assert drawn(whole(settled(app))) != first
    visit_of(app).run = runs["learned"]
    assert drawn(whole(settled(app))) == first


def path(stem: str) -> str:
    return str(catalogue.path_of(stem))


def test_a_rotary_runs_own_query_and_key_turn_and_another_heads_are_chosen(runs):
    app = visit("Rotation", run=runs["rotary"])
    rotation = header(app, "explorer_rotation", "head 1.1")
    assert (rotation["at"], rotation["pairs"], rotation["last"]) == ([11, 0], 4, 23)
    app.selectbox(key="turning-head-4-12").set_value("blocks.1.attention.1").run()
    app.selectbox(key="turning-query-4-12").set_value(7).run()
    whole(settled(app))
    assert header(app, "explorer_rotation", "head 2.2")["at"] == [7, 0]


def test_shuffled_positions_are_told_beside_the_trained_ones(runs):
    app = settled(unfold(visit("Shuffle", run=runs["learned"]), "Positions", "Shuffle"))
    assert "What remains of that" in html(app)
    assert "counts as" not in html(app)
    app.button(key="shuffle").click().run()
    whole(settled(app))
    assert "of 12 positions 12 changed places" in html(app)
    assert header(app, "explorer_heat_map", "Attention of")["panels"] == ["as trained", "positions shuffled"]
    first = html(app)
    app.button(key="shuffle").click().run()
    assert html(whole(settled(app))) != first, "another order"
    app.button(key="unshuffle").click().run()
    assert "counts as" not in html(whole(settled(app)))


def test_the_bench_trains_five_side_by_side_and_judges_them():
    app = visit("Bench")
    app.number_input(key="bench-steps-tiny").set_value(10).run()
    app.button(key="bench").click().run()
    first = server.opened(path(visit_of(app).run))
    members = server.racing(first)
    assert list(members) == [encoding.title for encoding in ENCODINGS.values()]
    until(lambda: all(r.status.state == "finished" for r in members.values()), "the bench is over")
    app.run()
    settled(unfold(app, "Positions", "Bench"))
    text = html(app)
    alike = listed([encoding.title for encoding in ENCODINGS.values() if not encoding.learned])
    assert f"{alike} began from the same weights, Learned from others" in text
    assert "a learned table of 24 rows has none for positions 24 to 47" in text
    assert text.count("not possible") == 1
    loss = next(drawn for head, drawn in map(read_curves, panels(app)) if head["look"]["title"] == "Loss")
    for curve, (name, run) in zip(loss, members.items(), strict=True):
        assert curve["series"] == name
        np.testing.assert_array_equal(curve["value"], Run.open(run.path).steps["loss"])
    far = header(app, "explorer_heat_map", "Attention by distance")
    assert far["panels"] == [encoding.title for encoding in ENCODINGS.values()]
    assert far["rows"]["labels"] == ["1.1", "1.2", "2.1", "2.2", "even"]
