"""Pages in Chinese: drawn by Streamlit's runner of tests, which knows options by the words of their widget's page.

So options stay in English here; tests/explorer/ui/locale and the journey follow a choice to the browser and back.
"""

from __future__ import annotations

import re

import pytest
from visits import player, refusals, settled, sound, stored, visit, visit_of

from explorer.ui.locale import border

LATIN = re.compile(r"[A-Za-z]{3,}(?: [A-Za-z]{2,}){3,}")  # four words of English in a row


@pytest.fixture(autouse=True)
def options_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(border, "CHOICES", frozenset())


def english(texts: list[str]) -> list[str]:
    return [text for text in texts if LATIN.search(re.sub(r"`[^`]*`|“[^”]*”|\$[^$]*\$|\([^)]*\d{4}[^)]*\)", "", text))]


def test_the_start_page_is_in_chinese(served) -> None:
    app = sound(visit(lang="zh"))
    texts = [one.value for kind in ("title", "markdown", "caption") for one in app.get(kind)]
    assert app.title[0].value == "看一个 Transformer 学习。"
    assert english(texts) == []
    assert english([button.label for button in app.button]) == []
    assert app.query_params["lang"] == "zh"


def test_training_is_in_chinese_and_one_switch_makes_it_english(served) -> None:
    name = stored("in-chinese", 30, "finished", "")
    app = settled(visit("train", run=name, lang="zh"))
    assert app.title[0].value == "训练"
    assert player(app)["words"] == "已完成"
    (curves,) = [c.proto for c in app.get("bidi_component") if c.proto.component_name == "explorer_figures"][:1]
    assert "损失" in curves.bytes.decode("utf-8", "ignore")
    app = sound(app.segmented_control(key="language-switch").set_value("en").run())
    assert app.title[0].value == "Train"
    assert player(app)["words"] == "finished"
    assert visit_of(app).run == name
    assert "lang" not in app.query_params


def test_the_address_asks_for_a_language_and_a_wrong_one_is_named(served) -> None:
    assert sound(visit()).title[0].value == "Watch a Transformer learn."
    app = visit(lang="xx")
    assert "lang" not in app.query_params
    assert refusals(app) == ["lang=xx is no language of this dashboard; use en or zh"]
