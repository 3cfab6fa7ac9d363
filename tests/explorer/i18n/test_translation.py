"""Translation: exact, filled in, nested, in parts; foreign text stays, and what could be read wrongly, too."""

from __future__ import annotations

import time

import pytest

from explorer.i18n.messages import by_rarest_word
from explorer.i18n.template import Template
from explorer.i18n.translation import FOREIGN, Translator, translated, translator

EXACT = {
    "the loss": "损失",
    "paused": "已暂停",
    "the": "这",
    "Train": "训练",
    "It goes down.": "它在下降。",
    "agrees with autograd": "与自动求导一致",
    "reads back": "倒着读",
    "a line\nof two": "两行的一句",
}
FILLED = [
    Template("step {step}: {kind}", "第 {step} 步：{kind}"),
    Template("{name} of {page}", "{page}的{name}"),
    Template("head {number}", "头 {number}"),
    Template("The loss is {loss} at step {step}.", "第 {step} 步的损失是 {loss}。", frozenset({"loss", "step"})),
    Template("{names} was deleted.", "{names} 已删除。"),
    Template("the token is “{token}”", "词元是“{token}”"),
    Template("recomputed for every entry, {how}", "逐个元素重新计算，{how}"),
    Template("the set {{{a}}} is small", "集合 {{{a}}} 很小"),
    Template("no preset {name}; near: {near}", "没有预设 {name}；最接近：{near}", foreign=frozenset({"name", "near"})),
]


@pytest.fixture(scope="module")
def chinese() -> Translator:
    return Translator(EXACT, by_rarest_word(FILLED))


@pytest.mark.parametrize(
    ("text", "translation"),
    [
        ("the loss", "损失"),
        ("**Train**", "**训练**"),
        (":material/play_arrow: Train", ":material/play_arrow: 训练"),
        (":gray[the loss]", ":gray[损失]"),
        ("- Train", "- 训练"),
        ("The loss is 1.2e-3 at step 1,200.", "第 1,200 步的损失是 1.2e-3。"),
        ("The loss is nan at step 3. It goes down.", "第 3 步的损失是 nan。它在下降。"),
        ("step 3: paused", "第 3 步：已暂停"),
        ("step 3: head 1.2", "第 3 步：头 1.2"),
        ("step 3: head 1.2: reads back", "第 3 步：头 1.2：倒着读"),
        ("recomputed for every entry, agrees with autograd", "逐个元素重新计算，与自动求导一致"),
        ("head 1.2 · paused · `the`", "头 1.2 · 已暂停 · `the`"),
        ("It goes down.\n\nTrain", "它在下降。\n\n训练"),
        ("a line\nof two", "两行的一句"),
        ("Paused.", "已暂停。"),
        ("the set {x} is small", "集合 {x} 很小"),
        (
            "no preset the loss; near: no-loss, the-loss, large-loss",
            "没有预设 the loss；最接近：no-loss, the-loss, large-loss",
        ),
    ],
)
def test_what_the_catalogue_has_is_translated(chinese: Translator, text: str, translation: str) -> None:
    assert chinese.translated(text) == translation


@pytest.mark.parametrize("text", ["nobody’s words", "", "3.14", "blocks.0.attention", "损失是 3，the loss"])
def test_what_it_does_not_have_stays(chinese: Translator, text: str) -> None:
    assert chinese.translated(text) == text


def test_foreign_text_stays(chinese: Translator) -> None:
    assert chinese.translated(f"{FOREIGN}Train") == f"{FOREIGN}Train"
    assert chinese.translated("the token is “the”") == "词元是“the”"
    assert chinese.translated("`the` was deleted.") == "`the` 已删除。"
    assert chinese.translated(f"{FOREIGN}the loss was deleted.").endswith("the loss was deleted.")


def test_a_template_of_few_words_does_not_take_a_sentence_for_its_values(chinese: Translator) -> None:
    assert chinese.translated("head 1.2 of the loss") == "损失的头 1.2"
    for text in ("From noise to words: the next letter of the plays.", "a share of all letters"):
        assert chinese.translated(text) == text


def test_english_is_left_alone() -> None:
    assert translated("Train", "en") == "Train"


def test_the_catalogue_is_read_and_a_page_is_translated_in_time() -> None:
    mine = translator("zh")
    assert mine.translated("Train") == "训练"
    messages = [one.message for listed in mine.templates.values() for one in listed][:300]  # a page has as many texts
    fresh = Translator(mine.exact, mine.templates)
    begun = time.process_time()
    for message in messages:
        fresh.translated(message.format_map(Numbers()))
    first = time.process_time() - begun
    begun = time.process_time()
    for message in messages:
        fresh.translated(message.format_map(Numbers()))
    assert time.process_time() - begun < 0.02
    assert first < 3


class Numbers(dict):
    def __missing__(self, name: str) -> str:
        return "3"
