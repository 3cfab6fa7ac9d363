"""The Writing page run by Streamlit without a browser: what it shows in every state, and its sentences."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
import streamlit as st
from messages import looked_for, read
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded
from turns import in_turn
from visits import finished, refined, unfold, visit_of
from waiting import until

from explorer import Run, RunConfig, write
from explorer.answers.records.decoding import Exposure
from explorer.measure.music import abc
from explorer.runs import catalogue
from explorer.ui.generate import errors, stages_strip, tune
from explorer.ui.generate.stages_strip import LENGTH, Sampler
from explorer.ui.visit import name_of

pytestmark = pytest.mark.usefixtures("served")
STEPS = 6
SMALL = {"model.width": 16, "model.heads": 2, "model.layers": 1, "train.batch": 4}
CONFIGS = {
    "reverse": TINY,
    "shakespeare": RunConfig.preset("shakespeare").replace({**SMALL, "model.context": 16}),
    "dates": RunConfig.preset("dates-fr").replace(SMALL),
}
TUNES = RunConfig.preset("tunes").replace({**SMALL, "model.context": 32})


@pytest.fixture(scope="module")
def runs(served) -> dict[str, Run]:
    return {name: recorded(catalogue.new_path(name), STEPS, config, every=3) for name, config in CONFIGS.items()}


def visit(run: Run, **query: str) -> AppTest:
    return finished("generate", run=run.id, **query)


def message(app: AppTest, name: str) -> dict[str, Any]:
    """The header of what a component gets."""
    (found,) = [c.proto.bytes for c in app.get("bidi_component") if c.proto.component_name == f"explorer_{name}"]
    return json.loads(found[4 : 4 + int.from_bytes(found[:4], "little")])


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("step", ["0", str(STEPS)])
def test_the_text_is_the_one_that_python_writes(runs, name, step):
    app = visit(runs[name], step=step)
    text = message(app, "written")
    expected = write(runs[name], length=LENGTH, step=int(step))
    assert (text["tokens"], text["prompt"]) == (expected.tokens, expected.prompt_text)
    assert text["title"] == f"What it writes · step {step}"
    assert message(app, "stages")["title"].endswith(f"step {step}")
    assert any("tokens surprise the model" in words for words in looked_for(app))


def test_settings_a_seed_and_a_forced_token_are_those_of_the_visit(runs):
    app = visit(runs["shakespeare"])
    sampler: Sampler = app.session_state[name_of(Sampler)][()]
    sampler.take({**sampler.settings, "temperature": 0.5}, sampler.order)
    app.number_input(key="writing-seed").set_value(7)
    refined(app)
    expected = write(runs["shakespeare"], None, LENGTH, seed=7, temperature=0.5)
    assert message(app, "written")["tokens"] == expected.tokens
    sampler.forced = {2: int(expected.leading[2, 5])}
    refined(app)
    forced = message(app, "written")
    assert forced["tokens"][:3] == [*expected.tokens[:2], expected.symbols[expected.leading[2, 5]]]
    assert forced["forced"] == [2]
    app.number_input(key="writing-seed").set_value(8)
    refined(app)
    assert message(app, "written")["forced"] == [], "another text has no forced tokens"


def test_a_token_that_is_put_and_heard_twice_keeps_the_text_that_it_parted_from(runs, monkeypatch):
    expected = write(runs["shakespeare"], None, LENGTH)
    token, drawings = int(expected.leading[2, 5]), []

    def written(drawing: bytes, *, key: str, on_chosen: Any, on_pointed: Any) -> None:
        drawings.append(json.loads(drawing[4 : 4 + int.from_bytes(drawing[:4], "little")]))
        st.button("put", key="put", on_click=on_chosen, args=(2, token))

    monkeypatch.setattr(stages_strip.written, "written", written)
    app = visit(runs["shakespeare"])
    for _ in range(2):
        app.button(key="put").click()
        refined(app)
        assert drawings[-1]["forced"] == [2]
        assert drawings[-1]["earlier"]["tokens"] == expected.tokens


TRUE_OF = [
    ("Beam search", "answer|budget"),
    ("Tree", "way"),
    ("Errors grow", "after the right tokens .* are right"),
    ("Speed", "the cache gives .* times as many tokens a second"),
]


@pytest.mark.parametrize(("section", "words", "name"), in_turn(TRUE_OF, [*CONFIGS]))
def test_every_section_says_what_is_true_of_the_run(runs, name, section, words):
    app = visit(runs[name], decoding=section)
    refined(unfold(app, "Writing", section))
    assert any(re.search(words, said) for said in looked_for(app)), looked_for(app)


def test_how_the_tree_thinned_over_training_stands_in_the_fold(runs):
    app = unfold(visit(runs["reverse"], decoding="Tree"), "Writing", "Tree")
    words = "bits a token at step .* to .* at step"
    until(lambda: any(re.search(words, said) for said in looked_for(app.run())), words)


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        ("shakespeare", "日本", "does not know"),
        ("reverse", "abc", "this model reads 6 symbols"),
        ("dates", "no date at all", "is not a date as this model reads them"),
    ],
)
def test_a_prompt_that_cannot_be_read_is_refused_in_words(runs, name, typed, words):
    app = visit(runs[name])
    app.text_input(key="prompt").set_value(typed)
    refined(app)
    assert any(words in read(warning.value) for warning in app.warning), [read(w.value) for w in app.warning]


def test_what_a_long_prompt_loses_is_said(runs):
    app = visit(runs["shakespeare"])
    app.text_input(key="prompt").set_value("To be, or not to be, that is the question")
    refined(app)
    assert any("reads 16 tokens; 25 at the beginning of the input are cut off" in read(c.value) for c in app.caption)


def test_a_model_that_fills_gaps_says_that_it_does_not_write(served):
    config = CONFIGS["shakespeare"].replace({"model.kind": "encoder"})
    app = visit(recorded(catalogue.new_path("encoder"), STEPS, config, every=3))
    assert any("does not write on" in read(warning.value) for warning in app.warning)


@pytest.mark.parametrize(
    ("section", "read", "drawn"),
    [("Next token", True, True), ("Beam search", True, False), ("Speed", False, False), ("Two models", True, True)],
)
def test_prompt_and_seed_can_be_typed_where_they_do_something(runs, section, read, drawn):
    app = visit(runs["shakespeare"], decoding=section, prompt="To be")
    assert app.text_input(key="prompt").disabled is not read
    assert app.number_input(key="writing-seed").disabled is not drawn
    assert app.text_input(key="prompt").value == "To be", "it is kept for the sections that read it"


def test_a_model_that_is_lost_anyway_does_not_find_its_way_back():
    def said(true: float, own: float, wrong: float) -> str:
        shares = [np.array([0.5, share, share]) for share in (true, own, wrong)]
        return errors.sentence(Exposure(1, *shares, np.full(3, 32), 0, 32))

    assert re.search(r"costs 30.% of what follows", said(0.9, 0.9, 0.6))
    assert "finds its way back" in said(0.9, 0.9, 0.9)
    assert "as lost without it" in said(0.9, 0.1, 0.1)


def test_the_cure_of_growing_errors_is_a_branch(runs):
    app = visit(runs["dates"], decoding="Errors grow", step="3")
    app.slider(key="own-prefix").set_value(0.4)
    refined(app)
    before = set(catalogue.newest())
    app.button(key="own-prefix-branch").click()
    until(lambda: visit_of(app.run()).run != runs["dates"].id, "the branch is looked at")
    (made,) = (Run.open(path) for path in set(catalogue.newest()) - before)
    assert made.config_at(made.last).train.own_prefix == 0.4
    assert made.meta("parent") == {"run": runs["dates"].id, "step": 3}
    assert visit_of(app).run == made.path.stem


def test_a_tune_is_shown_as_far_as_it_can_be_read_and_only_a_run_on_tunes_has_the_section(runs):
    run = recorded(catalogue.new_path("tunes"), STEPS, TUNES, every=3)
    app = visit(run, decoding="Tune")
    said = message(app, "score")
    expected = write(run, length=tune.LENGTH)
    notation = ("X:1\n" + expected.text).partition("\n\n")[0]
    score = abc.read(notation)
    assert (said["abc"], said["pitch"], said["whole"]) == (notation, score.pitch, not score.problem)
    assert any(f"up to character {score.at + 1}: {score.problem}" in words for words in looked_for(app))
    other = visit(runs["shakespeare"], decoding="Tune")
    assert "Tune" not in other.segmented_control(key="decoding").options


def test_whole_tunes_and_uneven_ones_are_told_apart():
    whole = "X:1\nM:4/4\nL:1/8\nK:C\nC2E2 G2c2|c4 B4|A2B2 c4|]"
    assert "at step 300, a whole tune of 9 notes in C, 4/4. Every bar" in tune.sentence(abc.read(whole), 300)
    assert "Not every bar holds what the metre says: 2." in tune.sentence(abc.read(whole.replace("c4 B", "c3 B")), 300)
    assert tune.sentence(abc.read("X:1\nK:C\n?"), 0).startswith("at step 0, no note can be read, up to character 9")


def test_a_run_on_python_shows_the_share_of_its_samples_that_parse(runs):
    config = CONFIGS["shakespeare"].replace({"task.name": "python"})
    app = visit(recorded(catalogue.new_path("python"), STEPS, config, every=3), decoding="Syntax")
    until(lambda: "explorer_curves" in drawn(app.run()), "its samples are counted")
    assert f"at step {STEPS}, " in " ".join(looked_for(app)), "the curve may end before the run"


def drawn(app: AppTest) -> list[str]:
    """The components on the page, by name."""
    return [c.proto.component_name for c in app.get("bidi_component")]
