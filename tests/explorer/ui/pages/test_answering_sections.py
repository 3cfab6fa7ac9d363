"""Facts on the page Writing without a browser: shares, an edit and its branch, odd questions."""

from __future__ import annotations

from contextlib import closing
from html import unescape

import pytest
from messages import looked_for
from streamlit.testing.v1 import AppTest
from tiny_runs import recorded
from visits import finished, refined, visit_of
from waiting import until

from explorer import Run, RunConfig
from explorer.answers.writing import facts
from explorer.measure.names import percent
from explorer.runs import catalogue
from explorer.runs.replay import restore

STEPS = 6
SMALL = {"model.width": 16, "model.heads": 2, "model.layers": 1, "train.batch": 4, "optimizer.name": "adamw"}


@pytest.fixture(scope="module")
def runs(served) -> dict[str, Run]:
    configs = {name: RunConfig.preset(name).replace(SMALL) for name in ("facts", "reverse")}
    return {name: recorded(catalogue.new_path(name), STEPS, config, every=3) for name, config in configs.items()}


def visit(run: Run, section: str) -> AppTest:
    return finished("generate", run=run.id, decoding=section, step=str(STEPS))


def test_facts_are_of_runs_that_have_them(runs):
    rows = {name: visit(run, "Next token").segmented_control(key="decoding").options for name, run in runs.items()}
    assert "Facts" in rows["facts"]
    assert "Facts" not in rows["reverse"]


def test_an_edit_is_shown_and_kept_as_a_branch_that_has_its_very_weights(runs):
    run = runs["facts"]
    app = visit(run, "Facts")
    known = facts.knowledge(str(run.path), STEPS)
    assert any("held-out" in words and "What was never said it cannot know" in words for words in looked_for(app))
    tables = [html.proto.body for html in app.get("html")]
    assert any(f"<td>200 of {known.groups[0].count}</td><td>{percent(known.groups[0].right)}" in one for one in tables)
    app.number_input(key="edit-steps").set_value(3)
    refined(app)
    assert any("the new answer’s probability goes from" in words for words in looked_for(app))
    app.button(key="edit-branch").click()
    app.run()
    until(lambda: (visit_of(app.run()).run or run.id) != run.id, "the branch is looked at")
    path = catalogue.path_of(visit_of(app).run)
    until(lambda: any(event.kind == "edit" for event in Run.open(path).events), "the edit is in its file")
    detail = {"question": "currency of Hungary ?", "answer": "Euro", "steps": 3, "rate": 1e-3}
    with closing(Run.open(path)) as kept:
        assert kept.meta("parent") == {"run": run.id, "step": STEPS}
        (event,) = [event for event in kept.events if event.kind == "edit"]
        assert event.detail == {"edit": detail}
        mine = restore(run, STEPS)
        mine.apply("edit", event.detail)
        assert restore(kept, STEPS).flat.values.equal(mine.flat.values)
        assert restore(run, STEPS).flat.values.equal(restore(Run.open(run.path), STEPS).flat.values)


def test_odd_questions_and_answers_are_refused_in_a_sentence(runs):
    app = visit(runs["facts"], "Facts")
    app.text_input(key="edit-answer").set_value("Doubloon")
    refined(app)
    assert any("never saw Doubloon" in unescape(warning.value) for warning in app.warning)
    app.text_input(key="prompt").set_value("capital of Atlantis")
    refined(app)
    assert any("never saw capital, Atlantis" in unescape(warning.value) for warning in app.warning)
