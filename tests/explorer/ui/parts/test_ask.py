"""Ask it: what a model writes on, or answers, with the chances of the next token, on Train and on Attention."""

from __future__ import annotations

import json

import numpy as np
import pytest
from messages import looked_for, read
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded
from visits import settled, sound, visit

from explorer import RunConfig
from explorer.answers import samples
from explorer.answers.writing.text import next_token as chances_after
from explorer.answers.writing.text import text as written
from explorer.charts import next_token
from explorer.runs import catalogue
from explorer.runs.replay import restore


def test_bars_are_the_likeliest_tokens_and_all_others_together():
    chances = np.array([0.1, 0.4, 0.05, 0.05, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05])
    frame = next_token.frame([*"abcdefghij"], chances)
    assert frame.token.tolist() == [*"baefcdgh", "2 others"]
    assert frame.p.sum() == pytest.approx(1)
    assert next_token.frame([*"ab"], np.array([0.25, 0.75])).token.tolist() == ["b", "a"]
    for classes in ("ab", "abcdefghij"):  # a part of all that have the probability
        frame = next_token.frame([*classes], np.full(len(classes), 0.09), "all others")
        assert (frame.token.iloc[-1], frame.kind.iloc[-1]) == ("all others", "others")
        assert frame.p.sum() == pytest.approx(1)


def test_a_model_that_answers_at_once_is_asked_an_input_of_ones_own(tmp_path):
    run = recorded(tmp_path / "sort.run", 5, RunConfig.preset("reverse").replace({"model.kind": "encoder"}))
    text = run.task.sample(run.task.probe()).split(" → ")[0].replace(" ", "")
    answer = samples.response(str(run.path), 5, text)
    model = restore(run, 5).model.eval()
    batch = run.task.encode(text)
    expected = model(batch.tokens).softmax(-1)[0].max(-1).values[batch.targets[0] >= 0]
    np.testing.assert_allclose(answer.p, expected.detach().numpy(), rtol=1e-5)
    assert len(answer.tokens) == len(answer.p) == int((batch.targets[0] >= 0).sum())
    with pytest.raises(ValueError, match="é"):
        samples.response(str(run.path), 5, "é" + text[1:])


def header(app: AppTest) -> dict:
    """What the browser gets of the answer."""
    data = next(c.proto.bytes for c in app.get("bidi_component") if c.proto.component_name == "explorer_samples")
    header: dict = json.loads(data[4 : 4 + int.from_bytes(data[:4], "little")])
    return header


def said(part: dict) -> str:
    """The first line of a part, after the arrow."""
    return "".join(text for _, text in part["lines"][0]).partition(" → ")[2]


@pytest.fixture
def asking(served) -> AppTest:
    """A visit to the section in which a small model is asked."""
    recorded(catalogue.folder() / "answered.run", 30, TINY, every=5).close()
    yield sound(visit("attention", run="answered", closer="Ask it"))
    catalogue.path_of("answered").unlink()


def test_an_input_is_answered_with_the_chances_of_the_first_token(asking: AppTest):
    path = str(catalogue.path_of("answered"))
    app = sound(asking.text_input(key="ask-text").set_value("aabbcc").run())
    answer = written(path, 30, "aabbcc", 60, temperature=0.0)
    (part,) = header(app)["parts"]
    assert part["title"] == "It answers"
    assert said(part) == " ".join(answer.tokens)
    assert len(answer.tokens) == 6, "a whole answer, and no more"
    first = chances_after(path, 30, "aabbcc")
    best = first.symbols[int(first.logits.argmax())]
    assert best == answer.tokens[0]
    p = np.exp(first.logits.astype(float)) / np.exp(first.logits.astype(float)).sum()
    assert any(f"“{best}”, with {100 * p.max():.0f}" in words for words in looked_for(app))
    assert not app.slider, "an answer has no temperature"


def test_what_the_model_does_not_know_is_named_in_a_sentence(asking: AppTest):
    app = sound(asking.text_input(key="ask-text").set_value("aabbcé").run())
    (warning,) = app.warning
    assert "é" in read(warning.value)


def test_a_model_that_writes_goes_on_at_a_temperature(served):
    config = RunConfig.preset("shakespeare").replace({"model.width": 8, "model.heads": 2, "train.batch": 2})
    recorded(catalogue.folder() / "writes.run", 2, config, every=1).close()
    path = str(catalogue.path_of("writes"))
    app = sound(visit("attention", run="writes", closer="Ask it"))
    app = settled(app.text_input(key="ask-text").set_value("To be").run())
    assert header(app)["parts"][0]["text"] == written(path, 2, "To be", 60).text
    app = settled(app.slider(key="ask-temperature").set_value(0.0).run())
    assert header(app)["parts"][0]["text"] == written(path, 2, "To be", 60, temperature=0.0).text
    assert any("with 100" in words for words in looked_for(app))
    catalogue.path_of("writes").unlink()
