"""Of several ways to read a sentence, the one that leaves least in English; numbers stay with what they count."""

from __future__ import annotations

import pytest

from explorer.config.presets import PRESETS
from explorer.i18n import translation
from explorer.i18n.messages import by_rarest_word, sentences
from explorer.i18n.template import Template
from explorer.i18n.translation import FOREIGN, Translator, run_name, translated

EXACT = {"words": "词", "the batch": "批次", "learning rate": "学习率"}
FILLED = [
    Template("the slope is {slope}. {rest}", "斜率为 {slope}。{rest}", frozenset({"slope"})),
    Template("{count} tokens of {name}", "{name}的 {count} 个词元", frozenset({"count"})),
    Template("never used: {listed}.", "从未用到：{listed}。"),
    Template("{share} of {name}", "{name}的{share}"),
    Template("{part} of {whole}, the {kind} of which is small", "{whole}的{part}，{kind}很小"),
    Template("{good} {value} best with {percent} right", "{good}最好，答对 {percent}", frozenset({"percent"})),
    Template("step {step}: {what}", "第 {step} 步：{what}", frozenset({"step"})),
    Template("{right} of {all} tokens", "{all} 个词元中的 {right} 个"),
    Template("; {listed} {value} one thing too", "；{listed}也各做一件事"),
    Template("{name} of the batch", "批次的{name}"),
]


@pytest.fixture(scope="module")
def translator() -> Translator:
    return Translator(EXACT, by_rarest_word(FILLED))


@pytest.mark.parametrize(
    ("text", "translation"),
    [
        ("the slope is −0.98. 12 tokens of words", "斜率为 −0.98。词的 12 个词元"),
        ("never used: 12 tokens of words and 3 tokens of `a`.", "从未用到：词的 12 个词元、`a`的 3 个词元。"),
        ("A and B are best with 3.5 % right", "A、B最好，答对 3.5 %"),
        ("A is best with 3 % right", "A最好，答对 3 %"),
        ("141 of 3,000", "141 / 3,000"),
        ("step 136: 47 of 48 tokens", "第 136 步：48 个词元中的 47 个"),
        ("learning rate of the batch; A and B do one thing too", "批次的学习率；A、B也各做一件事"),
        ("learning rate of the batch", "批次的学习率"),
        ("what is the batch · 4 of 9 tokens", "what is the batch · 9 个词元中的 4 个"),
    ],
)
def test_a_sentence_keeps_its_numbers_where_they_belong(translator: Translator, text: str, translation: str) -> None:
    assert translator.translated(text) == translation


def test_a_sentence_of_which_most_would_stay_english_stays_so(translator: Translator) -> None:
    text = "a long part of something quite unknown, the small of which is small"
    assert translator.translated(text) == text


def test_a_sentence_of_a_message_is_found_apart_unless_it_points_at_what_was_said_before() -> None:
    message, translation = (
        "{head} leads. Green stands out. Without it all is {loss}.",
        "{head} 领先。绿色突出。没有它时是 {loss}。",
    )
    assert list(sentences(message, translation)) == [("Green stands out.", "绿色突出。")]
    assert list(sentences("; {names} cost as much", "；{names} 一样大")) == [("{names} cost as much", "{names} 一样大")]
    assert not list(sentences("Two sentences. Or more.", "一个句子。"))


def test_a_run_is_called_by_its_preset_its_settings_in_chinese_and_their_values(monkeypatch) -> None:
    monkeypatch.setattr(translation, "TITLES", {})  # as before a server has filled it
    mine = Translator(
        {"training": "训练"},
        by_rarest_word([Template("branch at {n}", "第 {n} 步的分支", frozenset({"n"}))]),
        within={"setting": {"lr": "学习率", "norm": "归一化", "text": "文本"}},
    )
    assert (
        mine.translated("reverse · branch at 30 · lr 0.3 · norm none")
        == "reverse · 第 30 步的分支 · 学习率 0.3 · 归一化 none"
    )
    assert mine.translated("shakespeare · text To be or not …") == "shakespeare · 文本 To be or not …"
    assert mine.translated("training · norm of the gradient") == "训练 · norm of the gradient"


def test_a_preset_in_a_runs_name_is_called_as_its_card_is(monkeypatch) -> None:
    titles = {name: preset.title for name, preset in PRESETS.items()}
    monkeypatch.setattr(translation, "TITLES", titles)
    for name, title in titles.items():
        card = translated(title, "zh")
        assert run_name(name, "zh") == card
        mine = Translator(translation.translator("zh").exact, within=translation.translator("zh").within)
        assert mine.translated(f"{name} · lr 0.3") == f"{card} · 学习率 0.3"
        assert mine.translated(f"{name} race · adamw").startswith(card)
        assert run_name(name, "en") == name
        assert run_name(f"{FOREIGN}{name}", "zh") == f"{FOREIGN}{name}", "somebody called a run so"
    assert mine.translated("sort") == "sort", "elsewhere it is a word of a text"
