"""The tokenizers page run by Streamlit without a browser: every section, with and without a run, and true sentences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from messages import looked_for
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded
from visits import unfold, visit_of
from waiting import until

from explorer import RunConfig
from explorer.answers import tokenizers as views
from explorer.runs import catalogue
from explorer.tasks import bpe
from explorer.ui.tokenizers import compare, frequencies, learning, lengths

APP = str(Path(__file__).parents[4] / "explorer" / "app.py")
OWN = "the cat sat on the mat. the hat, the cat and the rat sat on that.\n" * 40
SECTIONS = ["Learn BPE", "Side by side", "Length", "Unknown", "Frequencies"]


@pytest.fixture(scope="module", autouse=True)
def runs(served) -> dict[str, str]:
    """A run on text and one on symbols."""
    task = {"name": "text", "text": OWN, "tokenizer": "bpe", "bpe_size": 290}
    made = {}
    for name, config in (("text", RunConfig.model_validate(TINY.model_dump() | {"task": task})), ("symbols", TINY)):
        path = catalogue.new_path(name)
        recorded(path, 2, config).close()
        made[name] = path.stem
    return made


def visit(section: str, source: str, **query: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=240)
    for name, value in query.items():
        app.query_params[name] = value
    app.session_state["learn-from"] = source
    app.session_state["learned-text"] = OWN
    app.run()
    app.query_params["topic"] = section
    app.switch_page("../pages/tokenizers.py")
    return settled(app)


def settled(app: AppTest) -> AppTest:
    until(lambda: not visit_of(app.run()).tokenizers_wait, "what is asked for is there")
    assert not app.exception, app.exception
    return app


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_is_there_without_a_run(section):
    app = visit(section, "own text")
    assert app.title[0].value == "Tokenizers"
    assert len(looked_for(app)) == (2 if section == "Frequencies" else 1)
    assert app.expander[0].label == "Details"


@pytest.mark.parametrize("section", ["Learn BPE", "Side by side"])
def test_a_text_run_is_learned_from_and_shows_its_own_tokenizer(runs, section):
    app = visit(section, "this run’s text", run=runs["text"])
    assert app.selectbox(key="vocabulary-size").value == 290
    messages = [c.proto.bytes for c in app.get("bidi_component") if c.proto.component_name.startswith("explorer_")]
    headers = [json.loads(b[4 : 4 + int.from_bytes(b[:4], "little")]) for b in messages if b[:1]]
    if section == "Learn BPE":
        merges = bpe.learn(bpe.counted([OWN]), 290).merges
        assert [header["M"] for header in headers if "M" in header] == [len(merges)]
    else:
        rows = next(header["rows"] for header in headers if "rows" in header)
        assert rows[0]["name"] == "this run’s BPE"
        assert [token[:2] for token in rows[0]["tokens"]] == [token[:2] for token in rows[3]["tokens"]]


def test_a_run_of_symbols_says_what_it_reads(runs):
    app = settled(unfold(visit("Side by side", "own text", run=runs["symbols"]), "Tokenizers", "Side by side"))
    assert "9 symbols" in app.info[0].value.replace("\\", "")


def test_bad_texts_are_named_and_nothing_is_lost():
    app = visit("Learn BPE", "own text")
    app.text_area(key="learned-text").set_value("word word").run()
    settled(app)
    assert "fewer than two different words" in app.warning[0].value
    assert app.text_area(key="learned-text").value == "word word"
    app.text_area(key="learned-text").set_value("").run()
    assert "Paste a text" in app.info[0].value
    app.text_area(key="learned-text").set_value(OWN).run()
    app.text_area(key="looked-at").set_value("").run()
    assert "the text is empty" in looked_for(settled(app))[0]
    app.text_area(key="looked-at").set_value("x" * 2500).run()
    assert any("first 2,000 of its 2,500" in caption.value for caption in settled(app).caption)


def test_sentences_hold():
    said = learning.sentence(views.merging("own", 300, "the hat", OWN))
    assert said.startswith("the first merges make `at` (320 times) and ")
    assert "7 bytes of the text become" in said
    rows = views.cut("own", 300, "the hat é", OWN).rows
    assert "what is red is unknown" in compare.sentence(rows)
    assert "each merge buys less" in lengths.sentence(views.lengths("own", 300, OWN))
    kinds = views.frequencies("own", 300, OWN).kinds
    assert "Per character it is" in frequencies.perplexity_sentence(kinds, None)
    assert frequencies.measured("a", 0.0, 1.0) == ["a", "1.000", "1", "1", "0.000"]
