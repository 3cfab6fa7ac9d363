"""The border: words leave in the viewer's language, choices come back in English, and nothing is done for English."""

from __future__ import annotations

import json
from types import SimpleNamespace
from urllib.parse import parse_qsl

import pyarrow
import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

from explorer.i18n.messages import by_rarest_word
from explorer.i18n.template import Template
from explorer.i18n.translation import Translator
from explorer.ui import foreign
from explorer.ui.components import curves, message, stages
from explorer.ui.locale import border, chart_words, message_words, spoken

EXACT = {
    "Train": "训练",
    "Mean": "平均",
    "Largest": "最大",
    "the": "这",
    "Loss": "损失",
    "training": "训练集",
    "right": "对",
    "it falls": "它在下降",
    "Save numbers (CSV)": "保存数值（CSV）",
    "there is no run `x` here; choose another.": "这里没有运行 `x`；请另选一个。",
}
FILLED = [
    Template("head {n}", "头 {n}"),
    Template("{n} others", "其他 {n} 个", frozenset("n")),
    Template("step {n} of {m}", "第 {n} 步，共 {m} 步", frozenset("nm")),
]
CACHED = (spoken.text, spoken.html, chart_words.chart, spoken.english, spoken.backwards, message_words.script)


@pytest.fixture(autouse=True)
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small catalogue in place of the real one."""
    phrases = {"Save numbers (CSV)": "保存数值（CSV）", "Draw {0} tokens": "抽 {0} 个"}
    small = {"setting": {"layers": "层数"}, "column": {"list": "词组"}, "option": {"keys": "键"}}
    mine = Translator(EXACT, by_rarest_word(FILLED), phrases, small)
    say = lambda text, language: mine.translated(text) if language == "zh" else text  # noqa: E731
    for module in (spoken, message_words, chart_words):
        monkeypatch.setattr(module, "translated", say)
    for module in (spoken, message_words, chart_words):
        monkeypatch.setattr(module, "translator", lambda language: mine)
    for cached in (*CACHED, message_words.packed):
        cached.cache_clear()
    yield
    for cached in (*CACHED, message_words.packed):
        cached.cache_clear()


def state(**values: object) -> SimpleNamespace:
    """A script's context in which these widgets have these values as they were sent."""
    kept = {}
    for name, value in values.items():
        states = WidgetStates()
        widget = states.widgets.add(id=name)
        if isinstance(value, str):
            widget.string_value = value
        else:
            widget.string_array_value.data[:] = value
        kept[name] = widget
    serialized = SimpleNamespace(get_serialized=kept.get)
    return SimpleNamespace(session_state=SimpleNamespace(_state=SimpleNamespace(_new_widget_state=serialized)))


def element(kind: str, **fields: object) -> ForwardMsg:
    message = ForwardMsg()
    part = getattr(message.delta.new_element, kind)
    part.SetInParent()
    for name, value in fields.items():
        if isinstance(value, list):
            getattr(part, name).extend(value)
        else:
            setattr(part, name, value)
    return message


def left(crossing: border.Crossing, message: ForwardMsg, ctx: object = None) -> object:
    crossing.leaves(ctx or state(), message)
    new = message.delta.new_element
    return getattr(new, new.WhichOneof("type"))


def test_labels_and_texts_leave_translated() -> None:
    mine = border.Crossing("zh")
    button = left(mine, element("button", label="Train", help="step 3 of 9"))
    assert (button.label, button.help) == ("训练", "第 3 步，共 9 步")
    assert left(mine, element("markdown", body="**Loss**")).body == "**损失**"
    assert left(mine, element("code", code_text="Train")).code_text == "Train"
    setting = element("number_input", label="Layers", id="$$ID-1-restart:model.layers")
    assert left(mine, setting).label == "层数"
    columns = left(mine, element("dataframe", columns='{"layers": {}, "_index": {"hidden": true}}')).columns
    assert json.loads(columns) == {"layers": {"label": "层数"}, "_index": {"hidden": True}}


def test_a_refusal_whose_marks_are_encoded_is_so_again() -> None:
    body = foreign.sentence("there is no run `x` here; choose another.")
    assert "&#59;" in body
    assert spoken.text(body, "zh") == foreign.sentence("这里没有运行 `x`；请另选一个。")


def test_html_is_translated_between_its_tags_and_a_token_in_a_cell_is_not() -> None:
    body = '<p class="a"><i>3</i> it falls</p><table><tr><th>Loss</th><td>the</td><td class="t">Train</td></tr></table>'
    assert spoken.html(body, "zh") == body.replace(" it falls", "它在下降").replace("<th>Loss", "<th>损失")
    rows = '<table><tr><th translate="no">it falls<b>it falls</b></th><td>it falls</td></tr></table>'
    assert spoken.html(rows, "zh") == rows.replace("<td>it falls", "<td>它在下降")
    marked = '<p>it <abbr title="a &lt; b">falls</abbr></p>'
    assert spoken.html(marked, "zh") == "<p>它在下降</p>"


def test_a_block_and_the_navigation_are_translated() -> None:
    mine, message = border.Crossing("zh"), ForwardMsg()
    message.delta.add_block.expandable.label = "Train"
    mine.leaves(state(), message)
    assert message.delta.add_block.expandable.label == "训练"
    message = ForwardMsg()
    message.navigation.app_pages.add(page_name="Train", section_header="Loss")
    message.navigation.sections.append("Loss")
    mine.leaves(state(), message)
    assert message.navigation.app_pages[0].page_name == "训练"
    assert list(message.navigation.sections) == ["损失"]


def test_a_chosen_option_comes_back_in_english() -> None:
    mine = border.Crossing("zh")
    radio = left(mine, element("radio", id="r", options=["Mean", "Largest"], query_param_key="by"))
    assert list(radio.options) == ["平均", "最大"]
    states = WidgetStates()
    states.widgets.add(id="r").string_value = "最大"
    states.widgets.add(id="other").string_value = "最大"
    data = mine.enters(RerunData(widget_states=states, query_string="by=%E6%9C%80%E5%A4%A7&prompt=%E6%9C%80%E5%A4%A7"))
    assert [widget.string_value for widget in data.widget_states.widgets] == ["Largest", "最大"]
    assert parse_qsl(data.query_string) == [("by", "Largest"), ("prompt", "最大")]
    message = ForwardMsg()
    message.page_info_changed.query_string = "by=Largest"
    mine.leaves(state(), message)
    assert message.page_info_changed.query_string == "by=Largest"  # addresses are in English


def test_an_address_of_another_visit_is_understood_by_the_catalogue() -> None:
    assert border.english("never-drawn", "最大", {}) == "Largest"
    assert border.english("ask-text", "最大", {}) == "最大"


def test_of_two_options_that_would_read_alike_the_second_stays() -> None:
    group = element("button_group", id="g")
    for content in ("Mean", "平均"):
        group.delta.new_element.button_group.options.add(content=content)
    options = left(border.Crossing("zh"), group).options
    assert len({option.content for option in options}) == 2


@pytest.mark.parametrize(("value", "ordered"), [("Largest", "最大"), ("", "")])
def test_a_switch_of_language_orders_the_browser_to_keep_what_is_chosen(value: str, ordered: str) -> None:
    mine = border.Crossing("zh", before="en")
    radio = left(mine, element("radio", id="r", options=["Mean", "Largest"]), state(r=value))
    assert (radio.set_value, radio.raw_value) == (bool(value), ordered)
    mine.language, mine.before = "en", "zh"
    back = left(mine, element("radio", id="r", options=["Mean", "Largest"]), state(r=value))
    assert list(back.options) == ["Mean", "Largest"]
    assert (back.set_value, back.raw_value) == (bool(value), value)


@pytest.mark.parametrize("value", ["Largest", "RNN"])
def test_it_is_ordered_until_the_browser_has_said_that_it_has_it(value: str) -> None:
    """The drawing that orders it may never arrive: another begins before it was sent."""
    mine = border.Crossing("zh")

    def drawn() -> object:
        return left(mine, element("radio", id="r", options=["Mean", "Largest", "RNN"]), state(r=value))

    def says(word: str) -> None:
        states = WidgetStates()
        states.widgets.add(id="r").string_value = word
        mine.hears(states)

    assert not drawn().set_value
    mine.language, mine.before = "en", "zh"
    assert drawn().set_value
    says("最大")  # it has not heard yet
    assert drawn().raw_value == value
    says("Largest")
    assert not drawn().set_value
    says("RNN")  # which is the same in both
    assert not drawn().set_value
    mine.language, mine.before = "zh", "en"
    assert drawn().set_value
    says("最大")
    assert not drawn().set_value


def test_several_chosen_ones_are_kept_too() -> None:
    mine = border.Crossing("zh", before="en")
    chosen = left(mine, element("multiselect", id="m", options=["Mean", "Largest"]), state(m=["Largest", "Mean"]))
    assert list(chosen.raw_values) == ["最大", "平均"]


def test_a_visit_that_always_read_chinese_is_ordered_nothing() -> None:
    border.stand("zh", "one", "two")
    assert border.CROSSINGS["one"] is border.CROSSINGS["two"]
    radio = left(border.CROSSINGS["one"], element("radio", id="r", options=["Mean", "Largest"]), state(r="Largest"))
    assert not radio.set_value
    border.stand("en", "one", "two")
    radio = left(border.CROSSINGS["two"], element("radio", id="r", options=["Mean", "Largest"]), state(r="Largest"))
    assert radio.raw_value == "Largest"


def test_english_is_untouched() -> None:
    mine = border.Crossing()
    before = element("radio", id="r", label="Train", options=["Mean"])
    after = element("radio", id="r", label="Train", options=["Mean"])
    mine.leaves(state(), after)
    assert after == before
    assert border.words("nobody", b"bytes") == b"bytes"
    data = RerunData(query_string="by=Mean")
    assert mine.enters(data) is data


def test_a_chart_has_its_titles_and_the_names_in_its_data_translated() -> None:
    spec = {
        "title": "Loss",
        "encoding": {
            "x": {"field": "step", "type": "quantitative", "axis": {"title": "Loss"}},
            "color": {"field": "part", "type": "nominal", "legend": {"labelExpr": "slice(datum.label, 1)"}},
        },
    }
    made = json.loads(chart_words.chart(json.dumps(spec), (("part", "training", "训练集"),), "zh"))
    assert made["title"] == made["encoding"]["x"]["axis"]["title"] == "损失"
    assert made["encoding"]["x"]["field"] == "step"
    assert "axis" not in made["encoding"]["color"]  # Vega-Lite would take the legend's title from there
    label = made["encoding"]["color"]["legend"]["labelExpr"]
    assert label == '({"training": "训练集"})[slice(datum.label, 1)] || (slice(datum.label, 1))'


def test_a_chart_says_the_names_in_its_data_where_the_pointer_rests_and_tokens_stay() -> None:
    tooltip = [{"field": "part", "type": "nominal"}, {"field": "token", "type": "nominal"}]
    untitled = {"encoding": {"tooltip": [{"field": "list", "type": "nominal"}], "text": {"value": "Loss"}}}
    made = json.loads(chart_words.chart(json.dumps(untitled), (), "zh"))
    assert made["encoding"] == {
        "tooltip": [{"title": "词组", **untitled["encoding"]["tooltip"][0]}],
        "text": {"value": "损失"},
    }
    spec = {"encoding": {"tooltip": tooltip}, "mark": "bar"}
    made = json.loads(chart_words.chart(json.dumps(spec), (("part", "training", "训练集"),), "zh"))
    assert [tip["field"] for tip in made["encoding"]["tooltip"]] == ["part·words", "token"]
    assert made["transform"] == [
        {"calculate": "({\"training\": \"训练集\"})[datum['part']] || datum['part']", "as": "part·words"}
    ]
    table = pyarrow.table({"part": ["001training", None], "token": ["right", "3 others"]})
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    given = SimpleNamespace(data=SimpleNamespace(data=sink.getvalue().to_pybytes()), datasets=[])
    assert chart_words.names(given, "zh") == (("part", "training", "训练集"), ("token", "3 others", "其他 3 个"))


def test_a_components_messages_are_translated_by_place_and_their_numbers_stay() -> None:
    inner = message.pack({"title": "Loss", "symbols": ["Train", "the"], "labels": ["the"]}, [])
    whole = message.pack({"lengths": [len(inner), 0], "sentence": "it falls"}, []) + inner
    got = message_words.packed(whole, "zh")
    length = int.from_bytes(got[:4], "little")
    header = json.loads(got[4 : 4 + length])
    assert header["sentence"] == "它在下降"
    part = got[4 + length :]
    assert header["lengths"] == [len(part), 0]
    described = json.loads(part[4 : 4 + int.from_bytes(part[:4], "little")])
    assert described == {"title": "损失", "symbols": ["Train", "the"], "labels": ["the"]}
    assert (4 + length) % 8 == 0
    bar = json.dumps(
        {"words": "training", "name": "Loss", "kept": []}
    ).encode()  # the player bar's, which is no packed message
    got = message_words.packed(message.pack({"lengths": {"player": len(bar)}}, []) + bar, "zh")
    assert json.loads(got[4 + int.from_bytes(got[:4], "little") :]) == {"words": "训练集", "name": "损失", "kept": []}


def test_a_components_script_says_its_phrases() -> None:
    made = message_words.script(stages.SOURCE.script, "zh")
    first, rest = made.split("\n", 1)
    assert rest == stages.SOURCE.script.split("\n", 1)[1]
    assert '"Save numbers (CSV)": "保存数值（CSV）"' in first
    assert '"Draw {0} tokens": "抽 {0} 个"' in first
    assert 'LANGUAGE = "zh"' in first
    assert 'PHRASES = {}, LANGUAGE = "en"' in curves.SOURCE.script.split("\n", 1)[0]
