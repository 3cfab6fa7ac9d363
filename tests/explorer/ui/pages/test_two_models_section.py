"""Two models: which runs may draft, what is said of them, and the small model that one press trains."""

from __future__ import annotations

import json

import pytest
from every_page import APP
from messages import looked_for, read
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded
from visits import visit_of
from waiting import until

from explorer import Run, RunConfig
from explorer.answers.writing import speculative
from explorer.runs import catalogue

pytestmark = pytest.mark.usefixtures("served")
STEPS = 4


def opened(run: Run) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=240)
    app.query_params["run"], app.query_params["decoding"] = run.id, "Two models"
    return settled(app.switch_page("../pages/generate.py"))


def settled(app: AppTest) -> AppTest:
    app.run()
    until(lambda: not visit_of(app.run()).waiting, "the text is there")
    assert not app.exception, app.exception
    return app


def test_a_run_on_the_same_task_drafts_and_its_numbers_are_said(served):
    run = recorded(catalogue.new_path("writer"), STEPS, TINY, every=2)
    draft = recorded(catalogue.new_path("draft"), STEPS, TINY.replace({"model.width": 8, "train.seed": 1}), every=2)
    recorded(catalogue.new_path("other"), STEPS, TINY.replace({"task.symbols": 7}), every=2)
    app = opened(run)
    chosen = app.selectbox(key=f"draft-of:{run.id}")
    assert chosen.value == draft.id, "the smallest that reads the same tokens"
    assert len(chosen.options) == 1
    (data,) = [c.proto.bytes for c in app.get("bidi_component") if c.proto.component_name == "explorer_drafted"]
    header = json.loads(data[4 : 4 + int.from_bytes(data[:4], "little")])
    answer = speculative.speculation(str(run.path), STEPS, str(draft.path), STEPS)
    assert header["numbers"] == answer.numbers.tolist()
    assert header["passes"] == answer.passes.tolist()
    said = f"6 tokens were written in {answer.passes[-1] + 1} passes of this model"
    assert any(said in words and "times as fast" in words for words in looked_for(app)), looked_for(app)


def test_where_no_run_fits_a_small_model_is_trained_by_one_press_and_this_run_stays(served):
    run = recorded(catalogue.new_path("alone"), STEPS, TINY.replace({"task.symbols": 9}), every=2)
    app = opened(run)
    assert any("No other run here learns the same task" in read(c.value) for c in app.caption)
    before = set(catalogue.newest())
    app.button(key="train-draft").click()
    app.run()
    (made,) = (Run.open(path) for path in set(catalogue.newest()) - before)
    assert visit_of(app).run == run.id
    assert (made.config.task, made.config.model.layers) == (run.config.task, 1)
    until(lambda: made.newest_snapshot() > 0, "its first weights are kept, though nobody looks at it")
    settled(app)
    assert app.selectbox(key=f"draft-of:{run.id}").value == made.id


def test_what_cannot_be_measured_is_refused_and_not_said_to_be_measured(served):
    run = recorded(catalogue.new_path("writer"), STEPS, TINY, every=2)
    recorded(catalogue.new_path("draft"), STEPS, TINY.replace({"model.width": 8, "train.seed": 1}), every=2)
    app = opened(run)
    app.slider(key="drafted-tokens").set_value(8)
    settled(app)
    assert any("room for 6 tokens only; draft fewer than 6 at a time" in read(w.value) for w in app.warning)
    assert not looked_for(app), "nothing is being measured any more"
    assert not app.metric


def test_where_an_answer_is_one_token_nothing_is_drafted_and_the_page_says_so(served):
    small = {"model.width": 16, "model.layers": 1, "model.heads": 2, "train.batch": 4}
    one = RunConfig.preset("addition").replace(small)
    run = recorded(catalogue.new_path("sums"), STEPS, one, every=2)
    recorded(catalogue.new_path("draft"), STEPS, one.replace({"train.seed": 1}), every=2)
    app = opened(run)
    assert any("an answer of one token leaves nothing to draft" in read(w.value) for w in app.warning)
    assert not app.get("bidi_component") or not looked_for(app)
