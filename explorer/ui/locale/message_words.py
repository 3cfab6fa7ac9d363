"""Message words: what is words in what our components get, and their scripts' own phrases.

A component's script comes with the translations of its phrases, so that another language is another script; the words
in its messages stand under known keys, beside tokens and names, which stay.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from streamlit.proto.BidiComponent_pb2 import BidiComponent

from explorer.i18n.scripts import phrases
from explorer.i18n.translation import run_name, translated, translator
from explorer.measure.glossary import TERMS, glossary
from explorer.ui.components.message import ALIGNMENT
from explorer.ui.components.source import heading

WORDS = {  # where in a message words stand; [] is any place of a list, * any key
    *("title", "label", "sentence", "nothing", "legend", "foot", "hint", "walk", "unit", "value", "subject", "trust"),
    *("about.*.title", "about.*.meaning", "fates.*", "gates[]", "lines[].name", "strips[].name", "strips[].note"),
    *("notes[]", "look.title", "look.text", "look.unit", "dashes[][]", "curves[].series", "curves[].name"),
    *("guides[].label", "events[].label", "nonfinite[].label", "nonfinite[].short", "branch.label", "numbers[][]"),
    *(
        "panels[]",
        "rows.name",
        "columns.name",
        "axes[]",
        "tracks[].name",
        "tracks[].ended",
        "tracks[].source",
        "progress.words",
    ),
    *(
        "rows[].name",
        "rows[].layer",
        "rows[].heads[].caption",
        "rows[].heads[].note",
        "modes[].title",
        "modes[].label",
        "quality[][]",
    ),
    *("quantities[].name", "quantities[].unit", "zones[].name", "zones[].leads", "zones[].words", "own.name"),
    *("words", "note", "scene.sentence", "shades[].name", "shades[].unit", "neighbours.metric", "neighbours.second"),
    *("alt", "marks[].label", "tracks[].stages[].name", "tracks[].stages[].formula", "mark[]"),
    *("parts[].title", "parts[].note", "parts[].foot[][]", "others[].name"),
}
KINDS = "shades[].categories[][]"  # of tokens, by which a map is coloured
MARKED_WORDS = "parts[].foot[]"  # what kind of words they are, which is no word, and the words


def component(part: BidiComponent, language: str) -> None:
    """Translates a component's script and what it gets, in place."""
    part.js_content = script(part.js_content, language)
    kind = part.WhichOneof("data")
    if kind == "bytes":
        part.bytes = packed(part.bytes, language)
    elif kind == "json":
        part.json = in_json(part.json, language)
    elif kind == "mixed":
        part.mixed.json = in_json(part.mixed.json, language)


@lru_cache(1 << 7)
def script(source: str, language: str) -> str:
    """A component's script that says its phrases in a language."""
    translations = translator(language).phrases
    mine = {message: translations[message] for message in sorted(phrases(source)) if message in translations}
    terms = {
        name: term.means[language]
        for term in glossary()
        for name in ((term.zh, *term.pictures) if term.pictures else ())
    }
    first, rest = source.split("\n", 1)
    return f"{heading(terms, mine, language)}\n{rest}" if first == heading(TERMS) else source


def in_json(text: str, language: str) -> str:
    """JSON whose words are translated; the player bar's has the name of a run."""
    message = translated_in(json.loads(text), "", language)
    if isinstance(message, dict) and {"name", "kept", "words"} <= message.keys():
        message["name"] = run_name(message["name"], language)
    return json.dumps(message, ensure_ascii=False)


@lru_cache(1 << 8)
def packed(message: bytes, language: str) -> bytes:
    """A message as message.py packs it, or plain JSON, whose words are translated; messages within it, too."""
    length = int.from_bytes(message[:4], "little")
    try:
        header = json.loads(message[4 : 4 + length])
    except ValueError:
        return in_json(message.decode(), language).encode() if message.startswith(b"{") else message
    if not isinstance(header, dict):
        return message
    rest = message[4 + length :]
    lengths = header.get("lengths")
    if isinstance(lengths, list | dict):
        names = list(lengths) if isinstance(lengths, dict) else range(len(lengths))
        parts, at = [], 0
        for size in lengths.values() if isinstance(lengths, dict) else lengths:
            part = rest[at : at + size]
            parts.append(packed(part, language) if part else part)
            at += size
        sizes = [len(part) for part in parts]
        header["lengths"] = dict(zip(names, sizes, strict=True)) if isinstance(lengths, dict) else sizes
        rest = b"".join([*parts, rest[at:]])
    text = json.dumps(translated_in(header, "", language), ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 4) % ALIGNMENT)
    return len(text).to_bytes(4, "little") + text + rest


def translated_in(part: Any, path: str, language: str) -> Any:
    """A description whose words, by their path in it, are translated."""
    if isinstance(part, dict):
        return {key: translated_in(value, below(path, key), language) for key, value in part.items()}
    if isinstance(part, list) and path == MARKED_WORDS:
        return [part[0], *(translated_in(words, f"{path}[]", language) for words in part[1:])]
    if isinstance(part, list):
        return [translated_in(value, f"{path}[]", language) for value in part]
    if isinstance(part, str) and path == KINDS:
        return translator(language).within.get("kind", {}).get(part) or translated(part, language)
    if not isinstance(part, str) or path not in WORDS:
        return part
    column, words = translator(language).within.get("column", {}).get(part), translated(part, language)
    return words if column is None or (path.endswith("[].name") and words != part) else column


def below(path: str, key: str) -> str:
    """The path of a key."""
    general = {"about": "about.*", "fates": "fates.*"}.get(path)
    return general or (f"{path}.{key}" if path else key)
