"""The catalogue: what is collected of a source, what is odd of a translation, and that all is translated."""

from __future__ import annotations

import ast
import io
import re
import textwrap

import pytest
from babel.messages.catalog import Catalog

from explorer.i18n import checks, scripts, sources
from explorer.i18n.extraction import TEMPLATE, Reader


def collected(source: str) -> list[str]:
    return [words.text for words in Reader().read(ast.parse(textwrap.dedent(source)))]


def test_the_catalogue_is_complete() -> None:
    """After a change of words: `python -m explorer.i18n update`, translate, `python -m explorer.i18n check`."""
    lines = checks.faults(sources.kept(), sources.extracted())
    assert lines == [], "\n".join(lines)


def test_an_update_changes_nothing(tmp_path) -> None:
    sources.write(sources.updated(), tmp_path / "again.po")
    assert (tmp_path / "again.po").read_bytes() == sources.PO.read_bytes()


@pytest.mark.parametrize(
    ("source", "messages"),
    [
        ('say("The loss goes down.")', ["The loss goes down."]),
        ('say("The loss " "goes down.")', ["The loss goes down."]),
        ('say(f"{run.loss:.2f} nats at {step} of {len(steps)}")', ["{loss} nats at {step} of {steps}"]),
        ('say("See it on " + title(page) + " now")', ["See it on {page} now"]),
        ('say("{loss:.1f} nats now".format(loss=1))', ["{loss} nats now"]),
        ('st.button("Train")', ["Train"]),
        ('st.radio("Kind", key="kind of it")', ["Kind"]),
        ('say(f"It is {word}" if word else "It is not there")', ["It is {word}", "It is not there"]),
        ('WAYS = {"a": "by its mean value", "b": "summed"}', ["by its mean value", "summed"]),
        ('raise ValueError(f"there is no run {name}; choose another")', ["there is no run {name}; choose another"]),
        ('def f():\n    """Says what it does."""\n    return {"key": "value"}["key"]', []),
        ('if kind == "the mean of all": pass', []),
        ('database.execute("SELECT a FROM steps WHERE b")', []),
        ('style("p { color: red }"); path("explorer/ui/style.css"); name.split("a b")', []),
        ('x = f"{path}.pattern"', []),
        (
            'st.html(f"<p class=\\"a\\"><b>What it says:</b> {words} and no more</p>")',
            ["What it says:", "{words} and no more"],
        ),
    ],
)
def test_words_are_collected_and_names_are_not(source: str, messages: list[str]) -> None:
    assert collected(source) == messages


def test_a_placeholder_says_that_it_is_a_number_or_grammar() -> None:
    (words,) = Reader().read(ast.parse("""f"{loss:.2f} nats at {n:,} place{'s' if n > 1 else ''}" """))
    assert words.text == "{loss} nats at {n} place{s}"
    assert words.comments == (TEMPLATE, "numbers: loss, n", "may be left out: s")


def test_a_visitors_words_are_no_words_of_ours() -> None:
    source = """f"there is no {quoted(name)}; near: {', '.join(quoted(one) for one in near)}, {kind}" """
    (words,) = Reader().read(ast.parse(source))
    assert words.text == "there is no {name}; near: {one}, {kind}"
    assert words.comments == (TEMPLATE, "stay: name, one")


def test_a_scripts_phrases_are_collected() -> None:
    script = 'a(phrase("Save numbers (CSV)")); b = phrase`Draw ${n(`a${"}"}`)} of {n} in ${m}`; c = phrase`so`;'
    found = [text for _, _, text, _ in scripts.javascript(io.BytesIO(script.encode()), {}, (), {})]
    assert found == ["Save numbers (CSV)", "Draw {0} of {{n}} in {1}", "so"]
    assert scripts.phrases(script) == set(found)


def test_what_a_script_sets_as_words_is_a_phrase() -> None:
    bare = re.compile(r'(?:\b(?:ariaLabel|placeholder)[:=]|\.(?:title|textContent) =) *"[A-Za-z]{2}[^"]*"')
    scripts_of_ours = (sources.ROOT / "explorer/ui/components").rglob("*.js")
    found = {path.name: bare.findall(path.read_text("utf-8")) for path in scripts_of_ours}
    assert {name: words for name, words in found.items() if words} == {}


def oddities(message: str, translation: str, *comments: str) -> list[str]:
    catalog = Catalog("zh", fuzzy=False)
    catalog.add(message, translation, auto_comments=list(comments))
    return list(checks.oddities(catalog[message]))


def test_what_is_odd_of_a_translation_is_named() -> None:
    assert oddities("**{n}** tokens", "**{n}** 个词元", TEMPLATE) == []
    assert oddities("{n} token{s}", "{n} 个词元", TEMPLATE, "may be left out: s") == []
    assert "placeholders" in oddities("{n} tokens of {name}", "{n} 个词元", TEMPLATE)[0]
    assert "placeholders" in oddities("{n} tokens", "{n} 个 {m}", TEMPLATE)[0]
    for message, translation in (("**a** b", "甲乙"), ("see `a`", "看 a"), (":material/a: b", "乙"), ("$x$ b", "x 乙")):
        assert "markup" in oddities(message, translation)[0]


def test_what_is_missing_left_over_or_fuzzy_is_named() -> None:
    mine, theirs = Catalog("zh", fuzzy=False), Catalog("zh", fuzzy=False)
    for catalog, text in ((mine, "old words"), (mine, "no words"), (theirs, "no words"), (theirs, "new words")):
        catalog.add(text, locations=[("a.py", 0)])
    mine.add("odd words", "怪词", flags=["fuzzy"])
    theirs.add("odd words")
    lines = "\n".join(checks.faults(mine, theirs))
    for what in ("missing, run update: a.py: 'new words'", "no longer in the sources, run update: a.py: 'old words'"):
        assert what in lines
    assert "untranslated: a.py: 'no words'" in lines
    assert "fuzzy: ?: 'odd words'" in lines
