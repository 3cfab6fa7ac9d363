"""The Reading page run by Streamlit without a browser: gaps, the twin, and runs that it is not about."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from messages import looked_for, read
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded
from visits import look, press, settled

from explorer import Run, RunConfig
from explorer.answers import attention
from explorer.answers.reading import gaps as answers
from explorer.measure.names import percent
from explorer.runs import catalogue
from explorer.ui.reading.gaps import BOTH, LEFT, Gaps, at_steps
from explorer.ui.visit import name_of

pytestmark = pytest.mark.usefixtures("served")
STEPS = 4
SMALL = {"model.width": 16, "model.heads": 2, "model.layers": 1, "train.batch": 4, "model.context": 24}


@pytest.fixture(scope="module")
def runs(served) -> dict[str, Run]:
    presets = {"both": "fill-shakespeare", "left": "shakespeare"}
    return {
        name: recorded(catalogue.new_path(name), STEPS, RunConfig.preset(preset).replace(SMALL), every=2)
        for name, preset in presets.items()
    }


def strips(app: AppTest) -> list[dict[str, Any]]:
    (message,) = [c.proto.bytes for c in app.get("bidi_component") if c.proto.component_name == "explorer_strips"]
    length = int.from_bytes(message[:4], "little")
    header = json.loads(message[4 : 4 + length])
    numbers = np.split(
        np.frombuffer(message, "<f4", offset=4 + length), np.cumsum([len(s["tokens"]) for s in header["strips"]])[:-1]
    )
    return [header | strip | {"values": values} for strip, values in zip(header["strips"], numbers, strict=True)]


@pytest.mark.parametrize("name", ["both", "left"])
def test_both_readers_stand_side_by_side_whichever_is_looked_at(runs, name):
    app = look("reading", {"run": runs[name].id})
    rows = strips(app)
    assert [row["name"] for row in rows] == ["From both sides", "From the left alone"]
    for row, of in zip(rows, ("both", "left"), strict=True):
        np.testing.assert_allclose(row["values"], answers.surprisals(str(runs[of].path), STEPS).bits, rtol=1e-5)
    (place,) = rows[0]["masked"]
    p = answers.gap(str(runs["both"].path), STEPS, masked=(place,), at=place)
    said = next(words for words in looked_for(app) if "is hidden" in words)
    assert f"from both sides it is given {percent(float(p.p[p.symbols.index(p.hidden)]))}" in said
    assert f"from both sides {percent(answers.score(str(runs['both'].path), STEPS).right)} are right" in said


def test_a_click_hides_another_on_the_same_one_shows_and_all_may_be_hidden(runs):
    app = look("reading", {"run": runs["both"].id})
    gaps: Gaps = app.session_state[name_of(Gaps)][()]
    first = gaps.at
    gaps.click(2)
    assert strips(settled(app))[0]["masked"] == sorted({2, first})
    assert strips(app)[0]["chosen"] == 2
    gaps.click(2)
    assert strips(settled(app))[0]["masked"] == [first]
    app = settled(press(app, "gaps-all"))
    assert strips(app)[0]["masked"] == list(range(24))
    gaps.click(0)
    settled(app)
    assert any("Nothing stands before the first token" in read(caption.value) for caption in app.caption)
    app = settled(press(app, "gaps-none"))
    assert any("No token is hidden" in info.value for info in app.info)


@pytest.mark.parametrize("typed", ["日本", "x"])
def test_a_text_that_cannot_be_read_is_refused_in_words(runs, typed):
    app = look("reading", {"run": runs["both"].id})
    app.text_input(key="gap-text").set_value(typed)
    settled(app)
    (refusal,) = [read(w.value) for w in app.warning]  # once, though both readers refuse it
    assert (
        "does not know" in refusal or "the input has 1 token and this model reads 2 to 24; type at least 2" in refusal
    )


def test_twins_at_different_steps_are_each_said_with_their_own(runs):
    app = look("reading", {"run": runs["both"].id, "step": str(STEPS)})
    score, earlier = (answers.score(str(runs["both"].path), step) for step in (STEPS, 2))
    assert at_steps({BOTH: score, LEFT: score}) == {BOTH: "from both sides", LEFT: "from the left alone"}
    assert at_steps({BOTH: score, LEFT: earlier})[LEFT] == "from the left alone (step 2)"
    (said,) = [words for words in looked_for(app) if "is hidden" in words]
    assert "(step" not in said, "both stand at the step that is looked at"
    assert "<abbr" not in said.partition("held-out")[0], "no word of it is a term of the glossary in another sense"


def test_without_a_twin_one_press_trains_it(served):
    config = RunConfig.preset("fill-shakespeare").replace(
        SMALL | {"model.width": 12, "train.steps": STEPS, "optimizer.warmup": 0}
    )
    run = recorded(catalogue.new_path("alone"), STEPS, config, every=2)
    app = look("reading", {"run": run.id})
    assert [row["name"] for row in strips(app)] == ["From both sides"]
    app = settled(press(app, "train-twin"))
    assert [row["name"] for row in strips(app)] == ["From both sides", "From the left alone"]


def test_a_run_that_is_on_no_text_is_shown_what_is(served):
    run = recorded(catalogue.new_path("reverse"), 2, TINY)
    app = look("reading", {"run": run.id})
    assert any("this run does none of it" in info.value for info in app.info)
    assert any(button.key == "train-fill-shakespeare" for button in app.button)


@pytest.mark.parametrize(
    ("preset", "changes", "words"),
    [
        ("which-language", {}, r"the answer is .* held-out texts .* classified right; always saying"),
        ("which-language", {"task.labels": "shuffled"}, r"The classes trained on were shuffled: of those .* by heart"),
        ("comedy-or-history", {}, r"the answer is .* held-out texts"),
        ("digits", {}, r"it writes .* Of 359 held-out pictures .* Always writing the same word gets"),
        ("digits", {"task.patches": "shuffled"}, r"The patches of each picture are shuffled"),
    ],
)
def test_each_section_says_what_is_true_of_its_run(served, preset, changes, words):
    small = {"model.width": 16, "model.heads": 2, "train.batch": 8}
    run = recorded(catalogue.new_path("one"), STEPS, RunConfig.preset(preset).replace(small | changes), every=2)
    app = look("reading", {"run": run.id})
    app = settled(app.run())
    assert any(re.search(words, sentence) for sentence in looked_for(app)), looked_for(app)


@pytest.mark.parametrize("typed", ["☃", "   "])
def test_a_text_that_cannot_be_classified_is_refused_in_words(served, typed):
    config = RunConfig.preset("which-language").replace({"model.width": 16, "model.heads": 2, "train.batch": 8})
    app = look("reading", {"run": recorded(catalogue.new_path("odd"), STEPS, config, every=2).id})
    app.text_input(key="telling-text").set_value(typed)
    settled(app)
    assert any(re.search("does not know|nothing to tell apart", read(w.value)) for w in app.warning)


@pytest.mark.parametrize("preset", ["fill-shakespeare", "which-language", "digits"])
def test_the_attention_page_shows_what_reads_both_ways(served, preset):
    config = RunConfig.preset(preset).replace({"model.width": 16, "model.heads": 2, "train.batch": 4})
    run = recorded(catalogue.new_path("both"), STEPS, config, every=2)
    app = look("attention", {"run": run.id})
    assert not app.warning
    assert any(c.proto.component_name == "explorer_matrix_grid" for c in app.get("bidi_component"))
    maps = attention.patterns(str(run.path), STEPS).attentions
    first = next(iter(maps.values()))
    assert not first.causal
    assert (first.pattern > 0).all(), "every place sees all others, on both sides"
