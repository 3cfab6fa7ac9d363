"""What is put by hand is in the address: a reload finds it again, and a word of it that is none is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from messages import read
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded
from visits import finished, refined, refusals, visit_of

from explorer import Run, RunConfig
from explorer.runs import catalogue
from explorer.ui import held
from explorer.ui.generate.stages_strip import Sampler
from explorer.ui.reading.digits import Looking
from explorer.ui.reading.gaps import Gaps
from explorer.ui.translate.desk import Desk
from explorer.ui.visit import name_of

pytestmark = pytest.mark.usefixtures("served")
STEPS = 4
SMALL = {"model.width": 16, "model.heads": 2, "model.layers": 1, "train.batch": 4}
CONFIGS = {
    "reverse": TINY,
    "dates": RunConfig.preset("dates-fr").replace(SMALL),
    "gaps": RunConfig.preset("fill-shakespeare").replace(SMALL | {"model.context": 24}),
    "digits": RunConfig.preset("digits").replace(SMALL),
}
HEAD = "decoder.blocks.0.cross.1"


@pytest.fixture(scope="module")
def runs(served) -> dict[str, Run]:
    return {name: recorded(catalogue.new_path(name), STEPS, config, every=2) for name, config in CONFIGS.items()}


def of(app: AppTest, kind: type) -> Any:
    return app.session_state[name_of(kind)][()]


def in_address(app: AppTest) -> dict[str, str]:
    """What the address has of what is put by hand."""
    there = {name: value[0] if isinstance(value, list) else value for name, value in app.query_params.items()}
    return {name: value for name, value in there.items() if name in held.NAMES}


def one_of(elements: Any, label: str) -> Any:
    (element,) = [one for one in elements if one.label == label]
    return element


def component(app: AppTest, name: str) -> list[dict[str, Any]]:
    """The headers of the components of a name."""
    messages = [c.proto.bytes for c in app.get("bidi_component") if c.proto.component_name == f"explorer_{name}"]
    return [json.loads(one[4 : 4 + int.from_bytes(one[:4], "little")]) for one in messages]


def test_a_word_a_beginning_and_a_row_put_by_hand_are_there_again_after_a_reload(runs):
    app = finished("translate", run=runs["dates"].id, answering="What if")
    assert in_address(app) == {}
    one_of(app.text_input, "Let it begin with").set_value("1")
    refined(app)
    one_of(app.selectbox, "At place").set_value(2)
    refined(app)
    one_of(app.selectbox, "put").select_index(3)
    one_of(app.selectbox, "Head (its alignment error)").set_value(HEAD)
    one_of(app.selectbox, "reads there only").set_value(4)
    refined(app)
    desk = of(app, Desk)
    assert (desk.beginning, desk.place, desk.head, desk.key) == ("1", 2, HEAD, 4)
    words = in_address(app)
    assert words == {
        "answer-begins": "1",
        "answer-place": "2",
        "answer-put": str(desk.token),
        "answer-head": HEAD,
        "answer-reads": "4",
    }
    before = component(app, "ribbons")
    again = finished("translate", run=runs["dates"].id, answering="What if", **words)
    assert component(again, "ribbons") == before
    assert in_address(again) == words
    assert one_of(again.text_input, "Let it begin with").value == "1"
    assert one_of(again.selectbox, "put").value == desk.token
    assert not refusals(again)


def test_another_place_has_none_of_what_was_put_at_the_first(runs):
    app = finished("translate", run=runs["dates"].id, answering="What if", **{"answer-put": "3", "answer-place": "1"})
    assert of(app, Desk).token == 3
    one_of(app.selectbox, "At place").set_value(0)
    refined(app)
    assert one_of(app.selectbox, "put").value == -1
    assert in_address(app) == {}


@pytest.mark.parametrize(
    ("name", "word", "why"),
    [
        ("answer-place", "999", "the answer has the places 0 to"),
        ("answer-place", "-1", "use a whole number from 0"),
        ("answer-put", "4000", "this model has the tokens 0 to"),
        ("answer-put", "é", "use a whole number from 0"),
        ("answer-reads", "4000", "the source has the places 0 to"),
        ("answer-head", "decoder.blocks.7.cross.0", "this model has no such head"),
    ],
)
def test_what_the_address_says_wrongly_of_an_answer_is_refused_in_words(runs, name, word, why):
    app = finished("translate", run=runs["dates"].id, answering="What if", **{name: word})
    (words,) = refusals(app)
    assert words.startswith(f"{name}={word} in the address is refused: ")
    assert why in words
    assert in_address(app) == {}, "and nothing of it stays there"
    assert len(component(app, "ribbons")) == 2


def test_tokens_forced_on_a_text_are_there_again_after_a_reload(runs):
    app = finished("generate", run=runs["reverse"].id)
    of(app, Sampler).forced = {1: 2, 0: 3}
    refined(app)
    assert in_address(app) == {"forced": "0:3 1:2"}
    before = component(app, "written")
    again = finished("generate", run=runs["reverse"].id, forced="0:3 1:2")
    assert component(again, "written") == before
    assert before[0]["forced"] == [0, 1]


@pytest.mark.parametrize("word", ["x", "1", "1:2:3", "1:-2", "1:900", "900:1", "999999999999:1"])
def test_forced_tokens_that_are_none_are_refused_in_words(runs, word):
    app = finished("generate", run=runs["reverse"].id, forced=word)
    assert [said.startswith(f"forced={word} in the address is refused: ") for said in refusals(app)] == [True]
    assert of(app, Sampler).forced == {}
    assert not app.warning, [read(one.value) for one in app.warning]


def test_a_forced_place_behind_the_answers_end_is_none_of_it(runs):
    app = finished("generate", run=runs["reverse"].id, forced="90:1")
    assert component(app, "written")[0]["forced"] == []


def test_hidden_places_are_there_again_after_a_reload(runs):
    app = finished("reading", run=runs["gaps"].id)
    assert in_address(app) == {}, "the one that is hidden at first is not said"
    of(app, Gaps).click(3)
    of(app, Gaps).click(1)
    refined(app)
    words = in_address(app)
    assert words["gaps"].startswith("3-")
    assert words["gaps"].endswith("-1")
    again = finished("reading", run=runs["gaps"].id, **words)
    assert (of(again, Gaps).places, of(again, Gaps).at) == (of(app, Gaps).places, 1)
    assert in_address(again) == words
    none = finished("reading", run=runs["gaps"].id, gaps="none")
    assert of(none, Gaps).places == set()
    assert in_address(none) == {"gaps": "none"}


@pytest.mark.parametrize("word", ["", "x", "3-", "-3", "900", "3,4"])
def test_hidden_places_that_are_none_are_refused_in_words(runs, word):
    app = finished("reading", run=runs["gaps"].id, gaps=word)
    assert len(refusals(app)) == 1
    assert "in the address is refused" in refusals(app)[0]
    assert len(of(app, Gaps).places) == 1


def test_the_head_that_reads_a_picture_is_there_again_after_a_reload(runs):
    app = finished("reading", run=runs["digits"].id, **{"digit-head": HEAD})
    assert of(app, Looking).head == HEAD
    assert in_address(app) == {"digit-head": HEAD}
    wrong = finished("reading", run=runs["digits"].id, **{"digit-head": "blocks.9.cross.1"})
    assert "this model has no such head" in refusals(wrong)[0]
    assert visit_of(wrong).run == runs["digits"].id
