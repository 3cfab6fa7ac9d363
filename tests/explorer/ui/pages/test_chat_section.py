"""Chat on the page Writing without a browser: what is said and replied, and what the run can do."""

from __future__ import annotations

from html import unescape

import pytest
from messages import looked_for
from streamlit.testing.v1 import AppTest
from tiny_runs import recorded
from visits import finished, refined

from explorer import Run, RunConfig
from explorer.answers.records.reading.chat import Reply
from explorer.answers.writing import chat
from explorer.runs import catalogue
from explorer.ui.generate.chat import note

STEPS = 6
SMALL = {"model.width": 16, "model.heads": 2, "model.layers": 1, "train.batch": 4, "optimizer.name": "adamw"}
SAID = "Zanzibar <b>my</b> **lord** [x](http://y.example) $a$"


@pytest.fixture(scope="module")
def runs(served) -> dict[str, Run]:
    configs = {name: RunConfig.preset(name).replace(SMALL) for name in ("facts", "dialogue")}
    return {name: recorded(catalogue.new_path(name), STEPS, config, every=3) for name, config in configs.items()}


def visit(run: Run, section: str) -> AppTest:
    return finished("generate", run=run.id, decoding=section, step=str(STEPS))


def test_what_is_said_is_shown_as_it_is_and_replied_to(runs):
    run = runs["dialogue"]
    app = visit(run, "Chat")
    assert any("understands nothing" in words or "nothing to compare" in words for words in looked_for(app))
    app.chat_input(key="chat-said").set_value(SAID)
    refined(app)
    user, model = app.chat_message
    assert [text.value for text in user.text] == [SAID]
    expected = chat.reply(str(run.path), STEPS, SAID, 0.7, 0)
    assert [text.value for text in model.text] == [expected.text.strip() or "(nothing)"]
    assert "zanzibar" in model.caption[0].value
    assert not any("<b>" in one.value for one in (*app.markdown, *app.caption))


def test_a_question_is_answered_and_one_that_is_none_refused(runs):
    app = visit(runs["facts"], "Chat")
    assert any("it does not know that it does not know" in words for words in looked_for(app))
    app.chat_input(key="chat-said").set_value("currency of the country of Warsaw")
    refined(app)
    app.chat_input(key="chat-said").set_value("Who art thou ?")
    refined(app)
    assert [message.name for message in app.chat_message] == ["user", "assistant"] * 2
    assert any("never saw Who, art, thou" in unescape(warning.value) for warning in app.warning)


def test_what_is_too_long_stays_in_the_exchange_and_a_sentence_says_so(runs):
    app = visit(runs["facts"], "Chat")
    app.chat_input(key="chat-said").set_value("pear " * 500)
    user, model = refined(app).chat_message
    assert user.text[0].value == ("pear " * 500).strip()
    assert "This text has 2,499 characters, and at most 2,000 are read here" in unescape(model.warning[0].value)


def test_a_word_alone_is_no_run_of_words():
    assert note(Reply(3, "a word", True, [], 2, "word")) == "step 3"
    expected = (
        "step 3 · 2 of its 3 words stand one after the other in a text it is trained on · it never saw x · cut off"
    )
    assert note(Reply(3, "a word or", False, ["x"], 3, "a word")) == expected
