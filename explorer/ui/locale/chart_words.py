"""Chart words: what is words in a chart, and how it says them in a language: titles, axes, legends and tooltips."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

import pyarrow

from explorer.i18n.translation import translated, translator

TOKENS = {
    "token",
    "word",
    "key",
    "target",
    "text",
    "column",
}  # columns of a chart's data that are a model's own words
REST = re.compile(r"[\d,]+ others|.* ◂ right")  # what stands among tokens and is none, or behind one
GUIDES = dict.fromkeys(("x", "y"), "axis") | dict.fromkeys(
    ("color", "fill", "stroke", "strokeDash", "strokeWidth", "shape", "opacity", "size"), "legend"
)
NUMBERED = re.compile(r"^\d{3}")
Tables = dict[str, dict[str, str]]  # of each column the words of its that are shown otherwise
MOST_ROWS = 20000  # of a chart’s data whose names are looked up
CHART_WORDS = {"title", "text", "description"}  # keys of a chart's spec whose strings are words


def names(part: Any, language: str) -> tuple[tuple[str, str, str], ...]:
    """The words in a chart's data that it may show: their column, and the same in a language."""
    pairs: dict[tuple[str, str], str] = {}
    for data in (part.data.data, *(dataset.data.data for dataset in part.datasets)):
        table = pyarrow.ipc.open_stream(data).read_all() if data else pyarrow.table({})
        for name, column in zip(table.column_names, table.columns, strict=True):
            text = pyarrow.types.is_string(column.type) or pyarrow.types.is_large_string(column.type)
            if text and len(column) <= MOST_ROWS:
                for word in column.unique().to_pylist():
                    if name in TOKENS and not REST.fullmatch(word or ""):
                        continue
                    bare = NUMBERED.sub("", word or "")  # what sorts by a number before it shows what stands behind it
                    if (translation := spoken_name(bare, language)) != bare:
                        pairs[name, bare] = translation
    return tuple((name, word, translation) for (name, word), translation in pairs.items())


def spoken_name(name: str, language: str) -> str:
    """A name of a series in a language."""
    return translator(language).within.get("option", {}).get(name) or translated(name, language)


@lru_cache(1 << 8)
def chart(spec: str, words: tuple[tuple[str, str, str], ...], language: str) -> str:
    """A chart's spec whose titles are translated, and that translates the names in its data where it shows them."""
    tables: Tables = {}
    for column, word, translation in words:
        tables.setdefault(column, {})[word] = translation
    if not spec:
        return spec
    made = in_chart(json.loads(spec), tables, language)
    config = made.get("config", {})  # of a chart's parts the browser would speak English
    made["config"] = config | {"aria": False, "title": config.get("title", {}) | {"aria": False}}
    return json.dumps(made, ensure_ascii=False)


def in_chart(part: Any, words: Tables, language: str) -> Any:
    if isinstance(part, list):
        return [in_chart(one, words, language) for one in part]
    if not isinstance(part, dict):
        return part
    made: dict[str, Any] = {}
    for key, value in part.items():
        if key in CHART_WORDS and isinstance(value, str):  # a title; of `text` what is written
            made[key] = translated(value, language)
        elif key in CHART_WORDS and isinstance(value, list) and all(isinstance(one, str) for one in value):
            made[key] = [translated(one, language) for one in value]
        elif key == "text" and isinstance(value, dict) and isinstance(value.get("value"), str):  # what is written
            made[key] = value | {"value": translated(value["value"], language)}
        elif key not in ("datasets", "usermeta"):
            made[key] = in_chart(value, words, language)
        else:
            made[key] = value
    if isinstance(channels := made.get("encoding"), dict):
        made["encoding"] = {
            name: labelled(one, GUIDES[name], words, language) if name in GUIDES and isinstance(one, dict) else one
            for name, one in channels.items()
        }
    return spelt(titled(made, language), words)


def titled(made: dict[str, Any], language: str) -> dict[str, Any]:
    """A chart whose tooltips call what they show in a language where they call it by its column."""
    tips = made.get("tooltip")
    if not isinstance(tips, list):
        return made
    columns = translator(language).within.get("column", {})
    return made | {"tooltip": [{"title": columns[t["field"]]} | t if t.get("field") in columns else t for t in tips]}


def spelt(made: dict[str, Any], words: Tables) -> dict[str, Any]:
    """A chart whose tooltips and texts say the names in its data in a language, from columns that it adds."""
    encoding = made.get("encoding")
    if not isinstance(encoding, dict):
        return made
    tips, text = encoding.get("tooltip"), encoding.get("text")
    channels = [*(tips if isinstance(tips, list) else ()), *([text] if isinstance(text, dict) else ())]
    named = {one["field"] for one in channels if one.get("type") == "nominal" and one.get("field") in words}

    def turned(channel: dict[str, Any]) -> dict[str, Any]:
        if channel.get("field") not in named:
            return channel
        return channel | {"field": f"{channel['field']}·words", "title": channel.get("title", channel["field"])}

    columns = [
        {
            "calculate": f"({json.dumps(words[name], ensure_ascii=False)})[datum['{name}']] || datum['{name}']",
            "as": f"{name}·words",
        }
        for name in sorted(named)
    ]
    if isinstance(tips, list):
        encoding = encoding | {"tooltip": [turned(tip) for tip in tips]}
    if isinstance(text, dict):
        encoding = encoding | {"text": turned(text)}
    return made | {"encoding": encoding, "transform": [*made.get("transform", []), *columns]} if named else made


def labelled(channel: dict[str, Any], guide: str, words: Tables, language: str) -> dict[str, Any]:
    """A channel of names whose legend or axis says them in a language; its data keep their English.

    guide: which of the two it has; with the other one Vega-Lite would take its title from there.
    """
    given = channel.get(guide, {})
    if channel.get("type") not in ("nominal", "ordinal") or given is None or channel.get("field") in TOKENS:
        return channel
    domain = (channel.get("scale") or {}).get("domain") or ()
    label = given.get("labelExpr", "datum.label")
    listed = [one for one in domain if isinstance(one, str)]  # a legend has them all, also those of no row
    listed += re.findall("'([^']+)'", label)
    pairs = {one: spoken_name(one, language) for one in listed} | words.get(channel.get("field", ""), {})
    if not (pairs := {one: words for one, words in pairs.items() if one != words}):
        return channel
    table = json.dumps(pairs, ensure_ascii=False)
    title = {"title": None} if guide == "legend" and not given else {}  # beside one that has none either
    return channel | {guide: given | title | {"labelExpr": f"({table})[{label}] || ({label})"}}
