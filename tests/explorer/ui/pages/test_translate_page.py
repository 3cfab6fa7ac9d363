"""The page Translating without a browser: its sections on runs of several kinds, changes by hand, and no answer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from every_page import APP, sections
from messages import looked_for, read
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded
from turns import in_turn
from visits import visit_of
from waiting import until

from explorer import RunConfig
from explorer.answers.records.translating.answer import AlignmentHistory
from explorer.measure.names import THIN
from explorer.runs import catalogue
from explorer.ui.translate import alignment, desk

STEPS = 6
HEADS = {"model.width": 16, "model.heads": 2, "model.layers": 1, "train.batch": 4}
CONFIGS = {
    "dates": RunConfig.preset("dates-fr").replace(HEADS),
    "gru": RunConfig.preset("dates-gru").replace({"model.width": 16, "train.batch": 4}),
    "tally": RunConfig.preset("tally").replace(HEADS),
    "reverse": TINY,
    "recurrent": TINY.replace({"model.kind": "gru"}),
    "delay": TINY.replace({"task.name": "delay", "task.length": 2, "task.delay": 2}),
    "addition": RunConfig.preset("addition").replace(HEADS | {"task.modulus": 7}),
}


@pytest.fixture(scope="module")
def runs(served) -> dict[str, str]:
    made = {}
    for kind, config in CONFIGS.items():
        path = catalogue.new_path(kind)
        recorded(path, STEPS, config, every=3).close()
        made[kind] = path.stem
    return made


def visit(section: str, run: str, *earlier: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params["run"] = run
    app.run()
    for name in earlier:
        visit_of(app).opened[name] = None
    app.query_params["answering"] = section
    app.switch_page("../pages/translate.py")
    return settled(app)


def one_of(elements: Any, label: str) -> Any:
    (found,) = [one for one in elements if one.label == label]
    return found


def settled(app: AppTest) -> AppTest:
    """Drawn until nothing is waited for."""

    def done() -> bool:
        app.run()
        assert not app.exception, app.exception
        return not visit_of(app).waiting and not visit_of(app).refining

    until(done, "the pictures are there")
    assert not any("nan" in line for line in looked_for(app)), looked_for(app)
    return app


@pytest.mark.parametrize(("kind", "section"), in_turn([*CONFIGS], sections("translate")))
def test_every_section_is_drawn_or_says_why_not(runs, kind: str, section: str):
    app = visit(section, runs[kind])
    without = {"recurrent": ("Alignment",), "addition": ("Alignment", "What if", "Decoder’s state")}
    if section in without.get(kind, ()):
        assert len(app.info) == 1
        assert not looked_for(app)
    else:
        assert looked_for(app)
        assert not app.info
        assert not app.warning


def test_a_beginning_that_is_typed_stands_in_the_other_answer(runs):
    app = visit("What if", runs["reverse"])
    assert "type a beginning, put another token at a place" in looked_for(app)[0]
    one_of(app.text_input, "Let it begin with").set_value("ba")
    (line,) = looked_for(settled(app))
    assert "becomes “b a" in line or "stays the same" in line
    one_of(app.text_input, "Let it begin with").set_value("Q")
    settled(app)
    assert [read(one.value) for one in app.warning] == [
        "the model does not know Q; begin the answer as it writes answers"
    ]
    assert not looked_for(app), "under a refusal stands no hint to type a beginning"
    one_of(app.text_input, "Let it begin with").set_value("ba" * 40)
    (refusal,) = [read(one.value) for one in settled(app).warning]
    assert "places at most; put fewer tokens there" in refusal
    assert one_of(app.text_input, "Let it begin with").value == "ba" * 40, "nothing of it is lost"


def test_two_steps_and_two_runs_are_compared(runs):
    app = visit("Scores", runs["dates"], runs["gru"], runs["reverse"])
    assert len(one_of(app.selectbox, "Compare with").options) == 3, "nothing, a step, the other run on the same task"
    one_of(app.selectbox, "Compare with").set_value(runs["dates"])
    (line,) = looked_for(settled(app))
    assert "step 0 is less sure of the right tokens than step 6" in line
    one_of(app.selectbox, "Compare with").set_value(runs["gru"])
    (line,) = looked_for(settled(app))
    assert "the other at step 6" in line


def plainly(text: str) -> str:
    return text.replace(THIN, " ")


def history(rates: list[list[float]]) -> AlignmentHistory:
    return AlignmentHistory(
        step=30,
        steps=np.arange(len(rates)) * 10,
        heads=["decoder.blocks.0.cross.0", "decoder.blocks.0.cross.1"],
        rates=np.array(rates).reshape(len(rates), 2),
        chance=0.9,
        examples=32,
    )


@pytest.mark.parametrize(
    ("rates", "says"),
    [
        ([[0.9, 0.9], [0.2, 0.8], [0.4, 0.7], [0.1, 0.6]], "10 % at step 30: aligned since step 30, as it has stayed"),
        ([[0.9, 0.9], [0.8, 0.2], [0.7, 0.1], [0.6, 0.0]], "head 1.2 has the least alignment error, 0 % at step 30"),
        ([[0.9, 0.9], [0.2, 0.8], [0.2, 0.7], [0.1, 0.6]], "aligned since step 10, as it has stayed below 25 %"),
        ([[0.1, 0.9], [0.2, 0.8]], "aligned since step 0"),
        ([[0.9, 0.8], [0.7, 0.6]], "60 % at step 10; none is below 25 % yet. Links at random have 90 %."),
        ([[0.9, 0.8], [np.nan, np.nan]], "at step 10 the model’s numbers are not finite any more."),
        ([], "the curves begin at the first snapshot."),
    ],
)
def test_the_best_head_is_marked_since_the_step_from_which_it_stays_aligned(rates, says):
    assert says in plainly(alignment.since(history(rates)))


def test_an_error_rate_has_one_unit_in_the_list_beside_the_axis_and_in_the_sentence(monkeypatch):
    drawn: list[Any] = []
    monkeypatch.setattr(
        alignment.picture, "curves", lambda panel, parts, key, words: drawn.append((panel, parts, words))
    )
    monkeypatch.setattr(desk.steered, "choice", lambda *_, format_func, **__: drawn.append(format_func))
    monkeypatch.setattr(desk, "holds", lambda *_: None)
    rates = history([[0.9, 0.8], [0.25, 0.6]])
    alignment.curves(SimpleNamespace(cursor=None), rates)
    panel, parts, words = drawn.pop()
    assert panel.scale == "share", "its axis is in percent"
    (guide,) = [plainly(part["label"]) for part in parts if part["kind"] == "guide"]
    assert guide == "links at random: 90 %"
    for step, named in ((10, "best head (error 25 %)"), (12, "best head (error 25 % at step 10)")):
        view = SimpleNamespace(run=SimpleNamespace(id="r"), step=step)
        desk.choose_head(view, desk.Desk(), SimpleNamespace(heads=rates.heads), rates)
        assert plainly(drawn.pop()("")) == named
    assert "error, 25 % at step 10; none is below 25 % yet" in plainly(words)
