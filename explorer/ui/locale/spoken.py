"""Spoken: which fields of Streamlit's elements are words, and how they are translated.

A text is Markdown or HTML. Of HTML each stretch between tags is translated by itself, `code` and the marks of the
glossary within it; what stands in a cell or in a mark is foreign if it is one word.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from html import escape, unescape
from typing import Any

from streamlit.proto.Block_pb2 import Block
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from explorer.i18n.sources import LANGUAGE
from explorer.i18n.translation import translated, translator
from explorer.measure.glossary import glossary
from explorer.ui import foreign
from explorer.ui.locale import chart_words

FIELDS = {  # of elements and blocks; a list is translated one by one
    "alert": ("body",),
    "button": ("label", "help"),
    "button_group": ("label", "help"),
    "chat_input": ("placeholder",),
    "checkbox": ("label", "help"),
    "download_button": ("label", "help"),
    "file_uploader": ("label", "help"),
    "heading": ("body", "help"),
    "imgs": ("alt",),
    "link_button": ("label", "help"),
    "markdown": ("body", "help"),
    "metric": ("label", "help"),
    "multiselect": ("label", "help", "placeholder"),
    "number_input": ("label", "help", "placeholder"),
    "page_link": ("label", "help"),
    "progress": ("text",),
    "radio": ("label", "help", "captions"),
    "selectbox": ("label", "help", "placeholder"),
    "slider": ("label", "help"),
    "spinner": ("text",),
    "text_area": ("label", "help", "placeholder"),
    "text_input": ("label", "help", "placeholder"),
    "toast": ("body",),
    "expandable": ("label",),
    "tab": ("label",),
    "popover": ("label", "help"),
    "dialog": ("title",),
}
OF_SETTING = re.compile(r"restart\S*:\w+\.(\w+)$")  # ends the id of a field in the form of a new run
TAGS = re.compile(r"(<(?:[^<>\"]|\"[^\"]*\")*>)")
MARKED = re.compile(r'<abbr title="[^"]*">(.*?)</abbr>')
CHINESE_MARK = re.compile('<abbr title="[^"]*[\u4e00-\u9fff]')
CODES = re.compile("`([^`]*)`")
CODE = re.compile(r"<code>(.*?)</code>")
ATTRIBUTE = re.compile(r'\b(title|aria-label|alt)="([^"]*)"')
NOT_READ = {"style", "script", "code", "pre", "bdi", "svg"}
FOREIGN_WORD = {
    "td",
    "td plain",
    "b",
    "b plain",
    "span",
    "mark",
    "i",
    "em",
    "strong",
}  # in these one word may be a token
STATES = {"training", "paused", "queued", "waiting", "finished", "diverged", "interrupted", "searching"}  # of a run
STATES |= {"nothing"}  # that an optimizer keeps of a weight
VOID = {"br", "hr", "img", "input", "wbr", "path", "rect", "line", "circle"}
ENCODED = re.compile(r"[^\[\]*\n]*&#\d+;[^\[\]*\n]*")


def element(element: Element, language: str) -> None:
    """Translates an element in place."""
    kind = element.WhichOneof("type")
    if kind is None:
        return
    part: Any = getattr(element, kind)
    if kind == "html":
        part.body = html(part.body, language)
    elif kind == "vega_lite_chart":
        part.spec = chart_words.chart(part.spec, chart_words.names(part, language), language)
        part.alt = text(part.alt, language)
    elif kind == "markdown" and part.allow_html and TAGS.search(part.body):
        part.body = html(part.body, language)
    elif kind == "dataframe":
        part.columns = columns(part.columns, language)
    elif kind == "metric":
        fields(kind, part, language)
        part.body = text(part.body, language)
    elif kind in FIELDS:
        name = OF_SETTING.search(getattr(part, "id", ""))
        title = name and translator(language).within.get("setting", {}).get(name[1])
        fields(kind, part, language)
        if title:
            part.label = title


def columns(described: str, language: str) -> str:
    """The columns of a table that is typed in, whose names its rows are read by: what they are called on the screen."""
    looks = json.loads(described or "{}")
    names = translator(language).within.get("setting", {})
    for name, look in looks.items():
        if isinstance(look, dict) and not name.startswith("_"):
            label = look.get("label") or name
            look["label"] = names.get(label) or text(label, language)
            if look.get("help"):
                look["help"] = text(look["help"], language)
    return json.dumps(looks, ensure_ascii=False)


def block(block: Block, language: str) -> None:
    """The same of a block: a fold, a tab, what opens on a press."""
    kind = block.WhichOneof("type")
    if kind is not None and kind in FIELDS:
        fields(kind, getattr(block, kind), language)


def fields(kind: str, part: Any, language: str) -> None:
    for name in FIELDS[kind]:
        value = getattr(part, name, None)
        if isinstance(value, str):
            if value:
                setattr(part, name, text(value, language))
        elif value is not None:
            value[:] = [text(one, language) for one in value]


def page(message: ForwardMsg, language: str) -> None:
    """Titles of pages: that of the window, those of the navigation."""
    kind = message.WhichOneof("type")
    if kind == "page_config_changed":
        message.page_config_changed.title = text(message.page_config_changed.title, language)
    elif kind == "navigation":
        navigation = message.navigation
        navigation.sections[:] = [text(section, language) for section in navigation.sections]
        for one in navigation.app_pages:
            one.page_name = text(one.page_name, language)
            one.section_header = text(one.section_header, language)


def options(widget: Any, language: str, tokens: bool = False) -> dict[str, str]:
    """Translates a widget's options in place; what its browser then shows, and the same in English.

    tokens: single words among them are a model's own, and stay. Of two that would read alike the second stays as it is.
    """
    shown: dict[str, str] = {}
    small = translator(language).within.get("option", {})
    for i, option in enumerate(widget.options):
        content = option if isinstance(option, str) else option.content
        words = content if tokens and " " not in content else small.get(content) or text(content, language)
        icon = "" if isinstance(option, str) or not option.content_icon else f"{option.content_icon} "
        if f"{icon}{words}".strip() in shown:
            words = content if content not in shown else f"{words}\u200b"
        shown[f"{icon}{words}".strip()] = f"{icon}{content}".strip()
        if isinstance(option, str):
            widget.options[i] = words
        else:
            option.content = words
    return shown


@lru_cache(1)
def meanings() -> dict[str, str]:
    """What the glossary's terms mean, by its English."""
    return {term.means["en"]: term.means[LANGUAGE] for term in glossary()}


@lru_cache(1 << 12)
def text(words: str, language: str) -> str:
    """Markdown in a language. A sentence of ours whose marks are encoded, see foreign.py, is so again."""
    if language == LANGUAGE and (meaning := meanings().get(words)):
        return meaning
    if "&#" in words and foreign.sentence(plain := unescape(words)) == words:  # all of it is: its own marks end clauses
        translation = translated(plain, language)
        return words if translation == plain else foreign.sentence(translation)
    shown = translated(words, language)
    if "&#" not in shown:
        return shown

    def again(match: re.Match[str]) -> str:
        plain = unescape(match[0])
        translation = translated(plain, language)
        return match[0] if translation == plain else foreign.sentence(translation)

    return ENCODED.sub(again, shown)


@lru_cache(1 << 10)
def html(body: str, language: str) -> str:
    """HTML in a language."""
    if CHINESE_MARK.search(body):  # the course's own text
        return body
    pieces = TAGS.split(CODE.sub(r"`\1`", MARKED.sub(r"\1", body)))
    tags: list[str] = []
    for i, piece in enumerate(pieces):
        if i % 2:
            follow(tags, piece)
            pieces[i] = ATTRIBUTE.sub(lambda m: f'{m[1]}="{escape(plain(m[2], language))}"', piece)
        elif piece.strip() and not any(
            tag.endswith(" foreign") or tag.removesuffix(" plain") in NOT_READ for tag in tags
        ):
            pieces[i] = CODES.sub(r"<code>\1</code>", stretch(piece, tags[-1] if tags else "", language))
    return "".join(pieces)


def follow(tags: list[str], tag: str) -> None:
    """Notes that a tag opens or closes."""
    name = re.sub(r"[^a-z0-9].*", "", tag.lstrip("</").lower(), flags=re.DOTALL)
    if tag.startswith("</"):
        while tags and tags.pop().partition(" ")[0] != name:
            pass
    elif name not in VOID and not tag.endswith("/>"):
        tags.append(f"{name} foreign" if 'translate="no"' in tag else name if " " in tag else f"{name} plain")


def stretch(piece: str, tag: str, language: str) -> str:
    """A stretch of text between two tags."""
    words = unescape(piece)
    if tag in FOREIGN_WORD and " " not in words.strip() and words.strip() not in STATES:  # a token, perhaps
        return piece
    translation = translated(words, language)
    return piece if translation == words else escape(translation, quote=False)


def plain(value: str, language: str) -> str:
    """The value of an attribute."""
    return translated(unescape(value), language)


@lru_cache(1 << 10)
def english(words: str) -> str:
    """The message whose translation this is; as it is where there is none."""
    return backwards().get(words, words)


@lru_cache(1)
def backwards() -> dict[str, str]:
    """The messages by their translations; of several the first."""
    mine = translator(LANGUAGE)
    pairs = [*mine.within.get("option", {}).items(), *mine.exact.items()]
    return {translation: message for message, translation in reversed(pairs)}
